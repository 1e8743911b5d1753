//! The arithmetic that plain and spatial batch norm share, on batches in the axis order
//! `(N, H, W, C)`; rows are images of a single pixel. Formulas and sources:
//! [`crate::ops::batch_norm`].

use ndarray::{Array1, ArrayView1, ArrayView4, ArrayViewMut4, s};

use crate::engine::channels::{Term, sums, update};
use crate::engine::simd::Number;
use crate::error::{expect_not_empty, expect_shape};
use crate::{BatchNormConfig, Convention, KernelError, Real, RunningStatistics};

/// The mean of the first images with so many values a channel is the guess that variances are summed
/// around. With the mean of m of N images the guess errs by δ with δ²/σ² ≤ (N − m)/m, whatever the
/// values, and that is the factor by which subtracting δ² from the mean square magnifies rounding.
const VALUES_OF_A_GUESS: usize = 64;

/// The statistics of one batch that the backward pass needs again, a value a channel (or feature).
#[derive(Debug, Clone, PartialEq)]
pub struct BatchStatistics {
    channels: Vec<ChannelStatistics>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct ChannelStatistics {
    mean: f64,
    /// What `mean`, as the nearest `f64`, lacks of the mean.
    mean_rest: f64,
    var: f64,
    inv_std: f64,
}

impl ChannelStatistics {
    fn new(mean: f64, mean_rest: f64, var: f64, eps: f64) -> Self {
        Self { mean, mean_rest, var, inv_std: 1.0 / (var + eps).sqrt() }
    }
}

/// x.
struct Value;

impl Term<0, 1> for Value {
    #[inline(always)]
    fn of<V: Number>([]: [V; 0], x: V, _: V) -> [V; 1] {
        [x]
    }
}

/// d = x − guess, and d².
struct Deviation;

impl Term<1, 2> for Deviation {
    #[inline(always)]
    fn of<V: Number>([guess]: [V; 1], x: V, _: V) -> [V; 2] {
        let d = x - guess;
        [d, d * d]
    }
}

/// scale·(x − mean) + shift, which is γ·x̂ + β.
struct ScaleAndShift;

impl Term<3, 1> for ScaleAndShift {
    #[inline(always)]
    fn of<V: Number>([mean, scale, shift]: [V; 3], _: V, x: V) -> [V; 1] {
        [scale * (x - mean) + shift]
    }
}

/// dy·(x − mean) and dy, from whose sums dγ and dβ follow.
struct ParameterGradients;

impl Term<1, 2> for ParameterGradients {
    #[inline(always)]
    fn of<V: Number>([mean]: [V; 1], dy: V, x: V) -> [V; 2] {
        [dy * (x - mean), dy]
    }
}

/// slope·(dy − shift) − tilt·(x − mean), which is slope·(dy − dβ/n − x̂·dγ/n), dx of training.
struct InputGradient;

impl Term<4, 1> for InputGradient {
    #[inline(always)]
    fn of<V: Number>([mean, slope, shift, tilt]: [V; 4], dy: V, x: V) -> [V; 1] {
        [slope * (dy - shift) - tilt * (x - mean)]
    }
}

/// slope·dy, dx of evaluation.
struct Slope;

impl Term<1, 1> for Slope {
    #[inline(always)]
    fn of<V: Number>([slope]: [V; 1], dy: V, _: V) -> [V; 1] {
        [slope * dy]
    }
}

impl BatchStatistics {
    /// Mean of each channel, shape `(C,)`.
    pub fn mean(&self) -> Array1<f64> {
        self.channels.iter().map(|channel| channel.mean).collect()
    }

    /// Biased variance (ddof 0) of each channel, shape `(C,)`.
    pub fn var(&self) -> Array1<f64> {
        self.channels.iter().map(|channel| channel.var).collect()
    }

    /// The number of channels, C.
    pub(crate) fn channels(&self) -> usize {
        self.channels.len()
    }

    /// The statistics of a batch in the axis order `(N, H, W, C)`.
    fn of<F: Real>(batch: ArrayView4<'_, F>, eps: f64) -> Self {
        let count = values_per_channel(batch.shape());
        let (images, h, w, channels) = batch.dim();
        let some = images.min(VALUES_OF_A_GUESS.div_ceil(h * w));
        let some = batch.slice(s![..some, .., .., ..]);
        let count_of_some = values_per_channel(some.shape());
        let guesses: Vec<[f64; 1]> = sums::<Value, _, 0, 1>(some, some, &vec![[]; channels])
            .into_iter()
            .map(|[sum]| [sum / count_of_some])
            .collect();
        let moments = sums::<Deviation, _, 1, 2>(batch, batch, &guesses);
        let channels = guesses.iter().zip(moments).map(|(&[guess], [d, d2])| {
            let correction = d / count;
            let mean = guess + correction;
            let mean_rest = correction - (mean - guess);
            let squares = d2 - d * correction;
            // Rounding can take the variance of a constant channel just below zero; NaN stays.
            let var = if squares < 0.0 { 0.0 } else { squares / count };
            ChannelStatistics::new(mean, mean_rest, var, eps)
        });
        Self { channels: channels.collect() }
    }

    /// Running statistics in the role of a batch's.
    fn from_running<F: Real>(running: &RunningStatistics<F>, eps: f64) -> Self {
        let channels = running
            .mean
            .iter()
            .zip(&running.var)
            .map(|(mean, var)| ChannelStatistics::new(mean.to_f64(), 0.0, var.to_f64(), eps));
        Self { channels: channels.collect() }
    }
}

/// N·H·W of a batch in the axis order `(N, H, W, C)`.
fn values_per_channel(shape: &[usize]) -> f64 {
    (shape[0] * shape[1] * shape[2]) as f64
}

pub(crate) fn expect_channels(
    operation: &'static str,
    argument: &'static str,
    got: usize,
    channels: usize,
) -> Result<(), KernelError> {
    expect_shape(operation, argument, &[got], &[channels], "one value a channel of x")
}

pub(crate) fn expect_running<F: Real>(
    operation: &'static str,
    running: &RunningStatistics<F>,
    channels: usize,
) -> Result<(), KernelError> {
    expect_channels(operation, "running_mean", running.mean.len(), channels)?;
    expect_channels(operation, "running_var", running.var.len(), channels)
}

/// Checks what the backward passes of both modes are given.
pub(crate) fn expect_backward_shapes<F: Real>(
    operation: &'static str,
    dout: &[usize],
    x: &[usize],
    gamma: ArrayView1<'_, F>,
) -> Result<(), KernelError> {
    expect_not_empty(operation, "x", x)?;
    expect_shape(operation, "dout", dout, x, "that of x")?;
    expect_channels(operation, "gamma", gamma.len(), x[1])
}

/// What a forward pass normalises: `x` in the axis order `(N, H, W, C)`, and for messages the
/// operation that was called and the shape that `x` had there, `(N, C, …)`.
pub(crate) struct Batch<'a, F> {
    pub operation: &'static str,
    pub shape: &'a [usize],
    pub x: ArrayView4<'a, F>,
}

impl<F: Real> Batch<'_, F> {
    /// The forward pass of training into `out`, which has the shape of `self.x`.
    pub(crate) fn train(
        &self,
        out: ArrayViewMut4<'_, F>,
        gamma: ArrayView1<'_, F>,
        beta: ArrayView1<'_, F>,
        running: &mut RunningStatistics<F>,
        config: &BatchNormConfig,
    ) -> Result<BatchStatistics, KernelError> {
        self.expect_shapes(gamma, beta, running)?;
        let count = values_per_channel(self.x.shape());
        if count < 2.0 {
            let (operation, shape) = (self.operation, self.shape.to_vec());
            return Err(KernelError::OneValuePerChannel { operation, shape });
        }
        let statistics = BatchStatistics::of(self.x, config.eps());
        update_running(running, &statistics, count, config);
        self.scale_and_shift(out, gamma, beta, &statistics);
        Ok(statistics)
    }

    /// The forward pass of evaluation into `out`, which has the shape of `self.x`.
    pub(crate) fn evaluate(
        &self,
        out: ArrayViewMut4<'_, F>,
        gamma: ArrayView1<'_, F>,
        beta: ArrayView1<'_, F>,
        running: &RunningStatistics<F>,
        config: &BatchNormConfig,
    ) -> Result<(), KernelError> {
        self.expect_shapes(gamma, beta, running)?;
        let statistics = BatchStatistics::from_running(running, config.eps());
        self.scale_and_shift(out, gamma, beta, &statistics);
        Ok(())
    }

    fn expect_shapes(
        &self,
        gamma: ArrayView1<'_, F>,
        beta: ArrayView1<'_, F>,
        running: &RunningStatistics<F>,
    ) -> Result<(), KernelError> {
        expect_not_empty(self.operation, "x", self.shape)?;
        let channels = self.shape[1];
        expect_channels(self.operation, "gamma", gamma.len(), channels)?;
        expect_channels(self.operation, "beta", beta.len(), channels)?;
        expect_running(self.operation, running, channels)
    }

    /// out ← γ·x̂ + β.
    fn scale_and_shift(
        &self,
        out: ArrayViewMut4<'_, F>,
        gamma: ArrayView1<'_, F>,
        beta: ArrayView1<'_, F>,
        statistics: &BatchStatistics,
    ) {
        let channels: Vec<_> = statistics
            .channels
            .iter()
            .zip(gamma.iter().zip(beta))
            .map(|(statistics, (gamma, beta))| {
                let scale = gamma.to_f64() * statistics.inv_std;
                [statistics.mean, scale, beta.to_f64() - scale * statistics.mean_rest]
            })
            .collect();
        update::<ScaleAndShift, _, 3>(out, self.x, &channels);
    }
}

/// Moves running statistics towards those of a batch of `count` values a channel.
fn update_running<F: Real>(
    running: &mut RunningStatistics<F>,
    statistics: &BatchStatistics,
    count: f64,
    config: &BatchNormConfig,
) {
    let (keep, take, unbias) = match config.convention() {
        Convention::Notebook => (config.momentum(), 1.0 - config.momentum(), 1.0),
        Convention::PyTorch => (1.0 - config.momentum(), config.momentum(), count / (count - 1.0)),
    };
    let step = |running: &mut F, batch: f64| {
        *running = F::from_f64(keep * running.to_f64() + take * batch);
    };
    for ((mean, var), batch) in
        running.mean.iter_mut().zip(&mut running.var).zip(&statistics.channels)
    {
        step(mean, batch.mean);
        step(var, batch.var * unbias);
    }
}

/// Turns `dx`, which holds dy, into the gradient of a forward pass in training; returns dγ and dβ.
pub(crate) fn backward_train_in_place<F: Real>(
    dx: ArrayViewMut4<'_, F>,
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
) -> (Array1<F>, Array1<F>) {
    let count = values_per_channel(x.shape());
    let sums = parameter_gradients(dx.view(), x, statistics);
    let channels: Vec<_> = statistics
        .channels
        .iter()
        .zip(gamma)
        .zip(&sums)
        .map(|((statistics, gamma), [dgamma, dbeta])| {
            let &ChannelStatistics { mean, mean_rest, inv_std, .. } = statistics;
            let slope = gamma.to_f64() * inv_std;
            // x̂·dγ/n = steepness·((x − mean) − rest)
            let steepness = inv_std * dgamma / count;
            [mean, slope, dbeta / count - steepness * mean_rest, slope * steepness]
        })
        .collect();
    update::<InputGradient, _, 4>(dx, x, &channels);
    rounded(&sums)
}

/// Turns `dx`, which holds dy, into the gradient of one in evaluation; returns dγ and dβ.
pub(crate) fn backward_eval_in_place<F: Real>(
    dx: ArrayViewMut4<'_, F>,
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> (Array1<F>, Array1<F>) {
    let statistics = BatchStatistics::from_running(running, config.eps());
    let sums = parameter_gradients(dx.view(), x, &statistics);
    let slopes: Vec<_> = statistics
        .channels
        .iter()
        .zip(gamma)
        .map(|(statistics, gamma)| [gamma.to_f64() * statistics.inv_std])
        .collect();
    update::<Slope, _, 1>(dx, x, &slopes);
    rounded(&sums)
}

/// dγ and dβ of each channel, which both modes share.
fn parameter_gradients<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    statistics: &BatchStatistics,
) -> Vec<[f64; 2]> {
    let means: Vec<_> = statistics.channels.iter().map(|channel| [channel.mean]).collect();
    let mut sums = sums::<ParameterGradients, _, 1, 2>(dout, x, &means);
    for ([dgamma, dbeta], statistics) in sums.iter_mut().zip(&statistics.channels) {
        *dgamma = statistics.inv_std * (*dgamma - statistics.mean_rest * *dbeta);
    }
    sums
}

fn rounded<F: Real>(sums: &[[f64; 2]]) -> (Array1<F>, Array1<F>) {
    let dgamma = sums.iter().map(|&[dgamma, _]| F::from_f64(dgamma)).collect();
    let dbeta = sums.iter().map(|&[_, dbeta]| F::from_f64(dbeta)).collect();
    (dgamma, dbeta)
}
