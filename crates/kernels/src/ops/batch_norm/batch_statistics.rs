//! The mean and variance of a batch, per channel, in two passes that lose no digits.

use ndarray::{Array1, ArrayView4, s};

use crate::engine::channels::sums;
use crate::engine::real::Real;
use crate::ops::normalization::{Deviation, Moments, Value};

/// Variances are summed around a guess: the mean of the first images that have at least this many
/// values per channel. The mean of m of N images errs by δ with δ²/σ² ≤ (N − m)/m, whatever the
/// values, and that is the factor by which subtracting δ² from the mean square magnifies rounding.
const VALUES_OF_A_GUESS: usize = 64;

/// The statistics of one batch that the backward pass needs again, one value per channel (or
/// feature).
#[derive(Debug, Clone, PartialEq)]
pub struct BatchStatistics {
    pub(super) channels: Vec<Moments>,
}

impl BatchStatistics {
    /// The number of channels.
    pub(in crate::ops) fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Mean of each channel, shape `(C,)`.
    pub fn mean(&self) -> Array1<f64> {
        self.channels.iter().map(|channel| channel.mean).collect()
    }

    /// Biased variance (ddof 0) of each channel, shape `(C,)`.
    pub fn var(&self) -> Array1<f64> {
        self.channels.iter().map(|channel| channel.var).collect()
    }

    /// The statistics of a batch in the axis order `(N, H, W, C)`.
    pub(super) fn of<F: Real>(batch: ArrayView4<'_, F>, eps: f64) -> Self {
        let (images, h, w, _) = batch.dim();
        let guesses = guesses(batch.slice(s![..images_of_a_guess([images, h, w]), .., .., ..]));
        let moments = sums::<Deviation, _, 1, 2>(batch, batch, &guesses);
        Self::around(&guesses, moments, values_per_channel(batch), eps)
    }

    /// The statistics of `count` values per channel, from the sums of [`Deviation`] around these guesses.
    pub(super) fn around(
        guesses: &[[f64; 1]],
        moments: Vec<[f64; 2]>,
        count: f64,
        eps: f64,
    ) -> Self {
        let channels = guesses
            .iter()
            .zip(moments)
            .map(|(&[guess], sums)| Moments::around(guess, sums, count, eps));
        Self { channels: channels.collect() }
    }

    /// Statistics whose mean and variance are given.
    pub(super) fn known<'a, F: Real>(
        channels: impl Iterator<Item = (&'a F, &'a F)>,
        eps: f64,
    ) -> Self {
        let channel = |(mean, var): (&F, &F)| Moments::known(mean.to_f64(), var.to_f64(), eps);
        Self { channels: channels.map(channel).collect() }
    }
}

/// How many images, of `[N, H, W]`, make the guess of the mean.
pub(in crate::ops) fn images_of_a_guess([n, h, w]: [usize; 3]) -> usize {
    n.min(VALUES_OF_A_GUESS.div_ceil(h * w))
}

/// The guess of the mean of each channel: that of these images, in the axis order `(N, H, W, C)`.
pub(in crate::ops) fn guesses<F: Real>(first: ArrayView4<'_, F>) -> Vec<[f64; 1]> {
    sums::<Value, _, 0, 1>(first, first, &vec![[]; first.dim().3])
        .into_iter()
        .map(|[sum]| [sum / values_per_channel(first)])
        .collect()
}

/// N·H·W of a batch in the axis order `(N, H, W, C)`.
pub(super) fn values_per_channel<F>(batch: ArrayView4<'_, F>) -> f64 {
    let (n, h, w, _) = batch.dim();
    (n * h * w) as f64
}
