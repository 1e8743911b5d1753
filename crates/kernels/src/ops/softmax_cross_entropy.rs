//! Softmax and the mean cross-entropy of its probabilities, in one operation.
//!
//! ```text
//! p = exp(z − max z) / Σ exp(z − max z)        loss = −(1/N) Σ ln p[label]
//! ```
//!
//! The largest logit is subtracted first, and the logarithm is taken of the sum, so no logit
//! overflows. In plain loops:
//! [`reference::softmax_cross_entropy`](crate::reference::softmax_cross_entropy).
//!
//! Source: PyTorch's `cross_entropy` with `reduction="mean"`; the notebook's
//! `softmax_loss`.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use crate::engine::layout::reused;
use crate::engine::real::Real;
use crate::error::{KernelError, expect_not_empty, expect_shape};

const OPERATION: &str = "softmax_cross_entropy";

/// The mean loss of a batch, and the probabilities that [`backward`] needs.
///
/// # Shapes
///
/// `logits` and the probabilities `(N, K)`, `labels` `(N,)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, another number of labels than rows, or a label ≥ K.
pub fn forward<F: Real>(
    logits: ArrayView2<'_, F>,
    labels: ArrayView1<'_, usize>,
) -> Result<(F, Array2<F>), KernelError> {
    let mut probabilities = Array2::zeros([0, 0]);
    let loss = forward_into(logits, labels, &mut probabilities)?;
    Ok((loss, probabilities))
}

/// As [`forward`], with the probabilities in the memory of `probabilities`, which is used again where
/// it has room. Returns the mean loss.
///
/// # Errors
///
/// As for [`forward`]; what `probabilities` held is then lost.
pub fn forward_into<F: Real>(
    logits: ArrayView2<'_, F>,
    labels: ArrayView1<'_, usize>,
    probabilities: &mut Array2<F>,
) -> Result<F, KernelError> {
    expect_not_empty(OPERATION, "logits", logits.shape())?;
    expect_labels(logits.shape(), labels)?;
    *probabilities = reused(OPERATION, logits.raw_dim(), probabilities)?;
    probabilities.assign(&logits);
    let mut total = F::zero();
    for (mut row, &label) in probabilities.rows_mut().into_iter().zip(labels) {
        let largest = row.iter().fold(row[0], |largest, &logit| {
            if logit > largest || logit.is_nan() { logit } else { largest }
        });
        let mut sum = F::zero();
        let mut label_logit = F::zero();
        for (class, logit) in row.iter_mut().enumerate() {
            let shifted = *logit - largest;
            if class == label {
                label_logit = shifted;
            }
            *logit = shifted.exp();
            sum += *logit;
        }
        row.mapv_inplace(|exp| exp / sum);
        total += sum.ln() - label_logit;
    }
    Ok(total / F::from_f64(labels.len() as f64))
}

/// The gradient of the mean loss: dz = (p − \[class = label\])/N.
///
/// # Shapes
///
/// `probabilities` as returned by [`forward`] and the result `(N, K)`, `labels` `(N,)`.
///
/// # Errors
///
/// As for [`forward`].
pub fn backward<F: Real>(
    probabilities: ArrayView2<'_, F>,
    labels: ArrayView1<'_, usize>,
) -> Result<Array2<F>, KernelError> {
    let mut dlogits = probabilities.to_owned();
    backward_in_place(dlogits.view_mut(), labels)?;
    Ok(dlogits)
}

/// As [`backward`], in place: `probabilities` become the gradient.
///
/// # Errors
///
/// As for [`forward`]; `probabilities` are then unchanged.
pub fn backward_in_place<F: Real>(
    mut probabilities: ArrayViewMut2<'_, F>,
    labels: ArrayView1<'_, usize>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "probabilities", probabilities.shape())?;
    expect_labels(probabilities.shape(), labels)?;
    let rows = F::from_f64(labels.len() as f64);
    for (mut row, &label) in probabilities.rows_mut().into_iter().zip(labels) {
        row[label] -= F::one();
        row.mapv_inplace(|value| value / rows);
    }
    Ok(())
}

fn expect_labels(shape: &[usize], labels: ArrayView1<'_, usize>) -> Result<(), KernelError> {
    expect_shape(OPERATION, "labels", labels.shape(), &shape[..1], "one label per row")?;
    let bound = shape[1];
    match labels.iter().position(|&label| label >= bound) {
        Some(position) => Err(KernelError::Index {
            operation: OPERATION,
            argument: "labels",
            position,
            bound,
            got: labels[position],
        }),
        None => Ok(()),
    }
}
