//! How far the variance that a batch norm meets in evaluation is from the one that it learnt in training.

use kernels::Real;
use ndarray::{ArrayViewD, Axis};
use serde::{Deserialize, Serialize};

use super::expect_batch_size;
use super::pooled::Pooled;
use crate::TrainError;
use crate::dataset::{ImageBatch, LabelledImages};
use crate::network::{BatchNorm, Network, Tape};

/// The shift of variance of one norm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VarianceShift {
    /// The norm, by its name in PyTorch, such as `model.1`.
    pub layer: String,
    /// The mean over its channels of max(a/b, b/a); 1 if nothing shifts.
    pub ratio: f64,
}

/// The shift of variance of each batch norm and ghost batch norm, max(a/b, b/a), as in figure 1 of Li, Chen,
/// Hu and Yang, "Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift", 2018.
///
/// The network evaluates the images at these positions: dropout is off, and norms use their running
/// statistics. Of each channel, a = σ² + ε with the variance σ² (ddof 0) of all values that the norm then
/// gets, and b = r + ε with its running variance r. The shift of a norm is the mean over its channels. ε is
/// ours: with it a channel whose variance is next to nothing counts as it does for the norm, which divides by
/// the root of b.
///
/// # Errors
///
/// [`TrainError`] for a batch size of 0, a position that the images do not have, and images of another
/// network.
pub fn variance_shift<F: Real>(
    network: &Network<F>,
    images: &LabelledImages,
    positions: &[usize],
    batch_size: usize,
) -> Result<Vec<VarianceShift>, TrainError> {
    expect_batch_size(batch_size)?;
    // The tape keeps what norms read as long as it keeps activations.
    let (mut batch, mut tape) = (ImageBatch::default(), Tape::default());
    let mut pooled: Vec<Pooled> = network.batch_norms().map(|_| Pooled::default()).collect();
    for positions in positions.chunks(batch_size) {
        images.batch_into(positions, &mut batch)?;
        network.forward_eval_into(batch.images.view(), &mut tape)?;
        for (pooled, (index, name, _)) in pooled.iter_mut().zip(network.batch_norms()) {
            let input = tape.input_of(index).ok_or_else(|| TrainError::OtherNetwork {
                operation: "variance shift",
                expected: format!("the input of {name}"),
                got: "none".to_owned(),
            })?;
            pooled.add(positions.len(), moments(input));
        }
    }
    let shift = |(pooled, (_, name, norm)): (&Pooled, (usize, &str, &BatchNorm<F>))| {
        let eps = norm.config.eps();
        let ratios = pooled.moments().zip(&norm.running.var).map(|((_, var), running)| {
            let (a, b) = (var + eps, running.to_f64() + eps);
            (a / b).max(b / a)
        });
        let channels = norm.running.var.len() as f64;
        VarianceShift { layer: name.to_owned(), ratio: ratios.sum::<f64>() / channels }
    };
    Ok(pooled.iter().zip(network.batch_norms()).map(shift).collect())
}

/// Mean and variance (ddof 0) of each channel of images or rows, which are along the second axis.
fn moments<F: Real>(values: ArrayViewD<'_, F>) -> impl Iterator<Item = (f64, f64)> {
    let channels = values.shape().get(1).copied().unwrap_or_default();
    (0..channels).map(move |channel| {
        let values = values.index_axis(Axis(1), channel);
        let count = values.len() as f64;
        let mean = values.iter().map(|value| value.to_f64()).sum::<f64>() / count;
        let deviations = values.iter().map(|value| value.to_f64() - mean);
        (mean, deviations.map(|off| off * off).sum::<f64>() / count)
    })
}
