//! The moments of what batch norms normalise, over many images.

use kernels::Real;
use ndarray::ArrayViewMutD;
use serde::{Deserialize, Serialize};

use super::pooled::Pooled;
use super::{expect_batch_size, unused_stream};
use crate::TrainError;
use crate::dataset::{ImageBatch, LabelledImages};
use crate::network::{Network, Tape};

/// Mean and variance of a norm's input, one value per feature or channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormMoments {
    /// The norm, by its name in PyTorch, such as `model.1`.
    pub layer: String,
    /// The means.
    pub mean: Vec<f64>,
    /// The variances, divided by the number of values (ddof 0).
    pub var: Vec<f64>,
}

impl NormMoments {
    /// Puts the moments in the place of the norm's running statistics.
    ///
    /// # Errors
    ///
    /// [`TrainError::OtherNetwork`] for a network without such a norm.
    pub fn give_to<F: Real>(&self, network: &mut Network<F>) -> Result<(), TrainError> {
        let Self { layer, mean, var } = self;
        let mut buffers = network.buffers_mut();
        for (name, values) in [("running_mean", mean), ("running_var", var)] {
            let name = format!("{layer}.{name}");
            let has_it = |(known, array): &&mut (String, ArrayViewMutD<'_, F>)| {
                *known == name && array.len() == values.len()
            };
            let (_, array) = buffers.iter_mut().find(has_it).ok_or_else(|| {
                let (operation, got) = ("population statistics", "none".to_owned());
                let expected = format!("{name} of {} values", values.len());
                TrainError::OtherNetwork { operation, expected, got }
            })?;
            array.iter_mut().zip(values).for_each(|(to, &value)| *to = F::from_f64(value));
        }
        Ok(())
    }
}

/// The population statistics of each batch norm and ghost batch norm: "precise batch norm" of Wu and
/// Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3.
///
/// The network normalises every batch of the images at these positions, in their order, with the
/// batch's own mean μᵦ and variance σᵦ² (ddof 0), as in training; running statistics play no part. What
/// a norm gets therefore went through norms that used statistics of the batch, not of the population.
/// The moments of the batches, weighted by their numbers of images nᵦ, make those of the population:
///
/// μ = Σ nᵦ μᵦ / Σ nᵦ, σ² = Σ nᵦ (μᵦ² + σᵦ²) / Σ nᵦ − μ².
///
/// The variance is summed as Σ nᵦ (σᵦ² + (μᵦ − μ)²) / Σ nᵦ, which is the same number and cancels
/// nothing (Chan, Golub and LeVeque, 1979). Of a ghost batch norm each ghost batch is a batch. Dropout
/// and noise are off, as in the evaluation that the statistics are for.
///
/// # Errors
///
/// [`TrainError`] for a batch size of 0, a position that the images do not have, images of another
/// network, and a batch of a single value per channel.
pub fn population_moments<F: Real>(
    network: &Network<F>,
    images: &LabelledImages,
    positions: &[usize],
    batch_size: usize,
) -> Result<Vec<NormMoments>, TrainError> {
    expect_batch_size(batch_size)?;
    let mut network = network.without_randomness();
    let (mut batch, mut tape) = (ImageBatch::default(), Tape::default());
    tape.keep_activations(false);
    let mut random = unused_stream();
    let mut pooled: Vec<(String, Pooled)> = Vec::new();
    for positions in positions.chunks(batch_size) {
        images.batch_into(positions, &mut batch)?;
        network.forward_train_into(batch.images.view(), &mut random, &mut tape)?;
        for (index, (layer, parts)) in network.normalized(&tape).enumerate() {
            if index == pooled.len() {
                pooled.push((layer.to_owned(), Pooled::default()));
            }
            for (images, part) in parts {
                pooled[index].1.add(images, part.mean().into_iter().zip(part.var()));
            }
        }
    }
    let moments = |(layer, pooled): (String, Pooled)| {
        let (mean, var) = pooled.moments().unzip();
        NormMoments { layer, mean, var }
    };
    Ok(pooled.into_iter().map(moments).collect())
}
