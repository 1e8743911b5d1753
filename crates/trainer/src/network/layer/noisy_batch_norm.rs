//! Batch norm with noise behind it: a control that has batch norm's normalisation, and whose output has a
//! distribution that moves from step to step.
//!
//! In training each channel j of each image i of its output y becomes s·y + m, with numbers drawn anew in each
//! step:
//!
//! ```text
//! μ_j ~ U(−0.5, 0.5)      m_ij ~ U(μ_j − 0.1, μ_j + 0.1)
//! σ_j ~ U(1, 1.25)        s_ij ~ N(σ_j, 0.1²)
//! ```
//!
//! After the "noisy" batch norm of S. Santurkar, D. Tsipras, A. Ilyas and A. Mądry, "How Does Batch
//! Normalization Help Optimization?", 2018, <https://arxiv.org/abs/1805.11604>, section 2.1 and appendix A. A
//! unit is here a channel: all positions of it in an image have the same m and s.

use kernels::batch_norm::BatchStatistics;
use kernels::{KernelError, Real};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis};

use super::batch_norm::BatchNorm;
use super::kind::{Backward, LayerArrays, LayerKind, NormFacts, Result};
use crate::network::memory::{Held, reshape};
use crate::numerics::Numerics;
use crate::random_stream::Stream;

/// The largest mean of a channel's noise, and the smallest with another sign.
const LARGEST_MEAN: f64 = 0.5;

/// The largest mean of a channel's factors; the smallest is 1.
const LARGEST_SCALE: f64 = 1.25;

/// How far the noise of an image is from its channel's, at most, and the standard deviation of its factor.
const WITHIN_CHANNEL: f64 = 0.1;

/// A batch norm whose output is scaled and shifted at random in training. In evaluation it is the batch norm.
///
/// It draws from its stream μ and σ of each channel, in order, and then m and s of each channel of each image.
#[derive(Debug, Clone, PartialEq)]
pub struct NoisyBatchNorm<F> {
    /// Its parameters and running statistics.
    pub norm: BatchNorm<F>,
}

/// What the backward pass needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct NoisyStatistics<F> {
    of_batch: Option<BatchStatistics>,
    /// s of each channel of each image, `(N, C)`.
    scales: ArrayD<F>,
}

impl<F> Held for NoisyStatistics<F> {
    fn bytes(&self) -> usize {
        self.scales.bytes()
    }
}

impl<F: Real> NoisyBatchNorm<F> {
    /// Draws the noise of a step: s to `scales`, and `out` becomes s·out + m.
    fn add_noise(out: &mut ArrayD<F>, random: &mut Stream, scales: &mut ArrayD<F>) {
        let channels = out.shape()[CHANNELS.index()];
        let between =
            |random: &mut Stream, low: f64, high: f64| low + (high - low) * random.uniform();
        let of_channels: Vec<(f64, f64)> = (0..channels)
            .map(|_| {
                let mean = between(random, -LARGEST_MEAN, LARGEST_MEAN);
                (mean, between(random, 1.0, LARGEST_SCALE))
            })
            .collect();
        reshape(scales, &out.shape()[..2]);
        for (mut image, mut scales) in out.axis_iter_mut(IMAGES).zip(scales.axis_iter_mut(IMAGES)) {
            // The axis of channels is the first of an image.
            for ((mut values, scale), (mean, mean_scale)) in
                image.axis_iter_mut(IMAGES).zip(&mut scales).zip(&of_channels)
            {
                let shift = between(random, mean - WITHIN_CHANNEL, mean + WITHIN_CHANNEL);
                let shift = F::from_f64(shift);
                *scale = F::from_f64(mean_scale + WITHIN_CHANNEL * random.normal());
                values.mapv_inplace(|value| *scale * value + shift);
            }
        }
    }
}

/// The axis of images, or rows.
const IMAGES: Axis = Axis(0);

/// The axis of channels, or features.
const CHANNELS: Axis = Axis(1);

impl<F: Real> LayerKind<F> for NoisyBatchNorm<F> {
    const NUMERICS: Numerics = Numerics::unseen("noisy-batch-norm-1");
    const IS_BACKWARD_IN_PLACE: bool = true;

    /// The statistics of the batch, and the factors.
    type Saved = NoisyStatistics<F>;

    fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        random: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut Self::Saved,
    ) -> Result<()> {
        self.norm.forward_train(x, random, out, &mut saved.of_batch)?;
        Self::add_noise(out, random, &mut saved.scales);
        Ok(())
    }

    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        _: &mut Self::Saved,
    ) -> Result<()> {
        self.norm.forward_eval(x, out, &mut None)
    }

    fn backward(&self, saved: &Self::Saved, pass: Backward<'_, F>) -> Result<()> {
        let found = pass.dout.shape().get(..2).unwrap_or_default();
        if found != saved.scales.shape() {
            return Err(KernelError::Shape {
                operation: "noisy_batch_norm",
                argument: "dout",
                expected: saved.scales.shape().to_vec(),
                got: found.to_vec(),
                because: "as many images and channels as in the forward pass",
            });
        }
        for (mut image, scales) in
            pass.dout.axis_iter_mut(IMAGES).zip(saved.scales.axis_iter(IMAGES))
        {
            for (mut values, &scale) in image.axis_iter_mut(IMAGES).zip(&scales) {
                values.mapv_inplace(|value| scale * value);
            }
        }
        self.norm.backward(&saved.of_batch, pass)
    }

    fn arrays(&self) -> LayerArrays<ArrayViewD<'_, F>> {
        self.norm.arrays()
    }

    fn arrays_mut(&mut self) -> LayerArrays<ArrayViewMutD<'_, F>> {
        self.norm.arrays_mut()
    }

    fn norm(&self) -> Option<NormFacts<'_, F>> {
        LayerKind::<F>::norm(&self.norm)
    }

    fn pytorch(&self) -> String {
        format!("Noisy{}({})", self.norm.pytorch_name(), self.norm.pytorch_arguments())
    }

    const PYTORCH_CLASS: Option<&'static str> = Some(include_str!("noisy_batch_norm.py"));
}
