//! Softmax and the mean cross-entropy in plain loops. The fast kernel:
//! [`crate::softmax_cross_entropy`]. Source: PyTorch's `cross_entropy` with `reduction="mean"`.

use ndarray::{Array2, ArrayView2};

use crate::engine::real::Real;

/// The mean loss and the probabilities: per row,
///
/// ```text
/// p = exp(z − max z) / Σ exp(z − max z)        loss = ln Σ exp(z − max z) − (z[label] − max z)
/// ```
///
/// `logits` and the probabilities `(N, K)`, `labels` one per row.
pub fn forward<F: Real>(logits: ArrayView2<'_, F>, labels: &[usize]) -> (F, Array2<F>) {
    let mut probabilities = logits.to_owned();
    let mut total = F::zero();
    for (mut row, &label) in probabilities.rows_mut().into_iter().zip(labels) {
        let largest = row.iter().fold(row[0], |a, &b| if b > a { b } else { a });
        row.mapv_inplace(|z| z - largest);
        let label_logit = row[label];
        row.mapv_inplace(F::exp);
        let sum = row.iter().fold(F::zero(), |sum, &exp| sum + exp);
        row.mapv_inplace(|exp| exp / sum);
        total += sum.ln() - label_logit;
    }
    (total / F::from_f64(labels.len() as f64), probabilities)
}

/// The gradient of the mean loss: dz = (p − \[class = label\])/N.
pub fn backward<F: Real>(probabilities: ArrayView2<'_, F>, labels: &[usize]) -> Array2<F> {
    let n = F::from_f64(labels.len() as f64);
    Array2::from_shape_fn(probabilities.raw_dim(), |(row, class)| {
        let target = if class == labels[row] { F::one() } else { F::zero() };
        (probabilities[[row, class]] - target) / n
    })
}
