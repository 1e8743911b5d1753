//! The running mean and variance: how they start and how a batch moves them.

use ndarray::Array1;

use super::batch_statistics::BatchStatistics;
use super::config::{BatchNormConfig, Convention};
use crate::engine::real::Real;

/// The running mean and variance of each channel (or feature), which evaluation normalises with.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningStatistics<F> {
    /// Running mean, shape `(C,)`.
    pub mean: Array1<F>,
    /// Running variance, shape `(C,)`; biased or not by the [`Convention`].
    pub var: Array1<F>,
}

impl<F: Real> RunningStatistics<F> {
    /// The statistics of `channels` channels before the first batch, as `convention` starts them.
    pub fn new(channels: usize, convention: Convention) -> Self {
        let var = match convention {
            Convention::Notebook => F::zero(),
            Convention::PyTorch => F::one(),
        };
        Self { mean: Array1::from_elem(channels, F::zero()), var: Array1::from_elem(channels, var) }
    }

    /// Moves both towards those of a batch of `count` values per channel: r ← keep·r + take·batch.
    pub(super) fn update(&mut self, batch: &BatchStatistics, count: f64, config: &BatchNormConfig) {
        let momentum = config.momentum();
        let (keep, take, unbias) = match config.convention() {
            Convention::Notebook => (momentum, 1.0 - momentum, 1.0),
            Convention::PyTorch => (1.0 - momentum, momentum, count / (count - 1.0)),
        };
        let step = |running: &mut F, batch: f64| {
            *running = F::from_f64(keep * running.to_f64() + take * batch);
        };
        let running = self.mean.iter_mut().zip(&mut self.var);
        for ((mean, var), batch) in running.zip(&batch.channels) {
            step(mean, batch.mean);
            step(var, batch.var * unbias);
        }
    }

    /// The running statistics in the role of a batch's, as evaluation needs them.
    pub(super) fn as_batch(&self, eps: f64) -> BatchStatistics {
        BatchStatistics::known(self.mean.iter().zip(&self.var), eps)
    }
}
