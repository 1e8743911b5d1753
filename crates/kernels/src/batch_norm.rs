//! Batch normalisation of `(N, D)` rows, each feature over the batch.
//!
//! ```text
//! μ = (1/n) Σ x        σ² = (1/n) Σ (x − μ)²        x̂ = (x − μ) / √(σ² + ε)        y = γ·x̂ + β
//! ```
//!
//! The variance that normalises is biased (ddof 0). In evaluation, running statistics stand in for
//! μ and σ², and ε stays inside the root.
//!
//! Source: Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
//! Internal Covariate Shift", 2015, algorithm 1 and section 3.1 (<https://arxiv.org/abs/1502.03167>).
//!
//! # Accuracy
//!
//! Statistics are never taken as E\[x²\] − E\[x\]², which loses every digit once |μ| is some
//! thousand σ in `f32`. A first pass finds the mean; a second sums d = x − mean and d², and both
//! statistics are corrected by Σd (Chan, Golub and LeVeque, "Algorithms for Computing the Sample
//! Variance", 1983, equation 1.7). The mean is kept in two parts, so that x − μ loses nothing
//! either. Sums and the arithmetic of each element are in `f64` for `f32` input too, and each
//! result is rounded once.
//!
//! Largest absolute error on `f32` input of shape (8, 4, 16, 16) and standard deviation 1, against
//! an extended-precision evaluation of the same input; ours / PyTorch 2.15 on CPU (AVX2, one
//! thread). The inputs and both answers are the fixtures `spatial_batch_norm/accuracy_ratio_*`, and a
//! test holds every figure of ours at or below PyTorch's, parameters' gradients and running
//! statistics included.
//!
//! | \|mean\|/std | memory | `out` | `dx` | `dgamma` |
//! |---|---|---|---|---|
//! | 1 | contiguous | 2.4e-7 / 4.3e-7 | 2.1e-7 / 4.4e-7 | 7.6e-7 / 4.3e-6 |
//! | 1 | channels-last | 2.4e-7 / 2.2e-6 | 2.1e-7 / 1.4e-6 | 7.6e-7 / 7.9e-5 |
//! | 1e2 | contiguous | 2.3e-7 / 4.7e-6 | 2.4e-7 / 7.4e-7 | 4.5e-7 / 2.7e-4 |
//! | 1e2 | channels-last | 2.3e-7 / 1.0e-4 | 2.4e-7 / 1.5e-5 | 4.5e-7 / 5.5e-3 |
//! | 1e4 | contiguous | 2.4e-7 / 3.9e-4 | 1.9e-7 / 3.3e-5 | 1.7e-6 / 1.3e-2 |
//! | 1e4 | channels-last | 2.4e-7 / 8.8e-3 | 1.9e-7 / 1.2e-3 | 1.7e-6 / 6.2e-1 |
//! | 1e6 | contiguous | 1.2e-7 / 4.0e-2 | 2.1e-7 / 1.8e-3 | 1.6e-6 / 1.3 |
//! | 1e6 | channels-last | 1.2e-7 / 3.2 | 2.1e-7 / 2.7 | 1.6e-6 / 2.0e2 |

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayView4, ArrayViewMut4, Axis, Dimension};

use crate::channels::{sums, update};
use crate::error::{expect_not_empty, expect_shape};
use crate::{BatchNormConfig, Convention, KernelError, Real, RunningStatistics};

const OPERATION: &str = "batch_norm";

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

    /// x̂ of x.
    fn normalize(&self, x: f64) -> f64 {
        ((x - self.mean) - self.mean_rest) * self.inv_std
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
        let count = values_a_channel(batch.shape());
        let guesses: Vec<f64> = sums(batch, batch, &vec![(); batch.dim().3], |_, x, _| [x])
            .iter()
            .map(|[sum]| sum / count)
            .collect();
        let moments = sums(batch, batch, &guesses, |guess, x, _| {
            let d = x - guess;
            [d, d * d]
        });
        let channels = guesses.iter().zip(moments).map(|(&guess, [d, d2])| {
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

/// Gradients of the loss with respect to the three inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNormGradients<F, D: Dimension> {
    /// With respect to `x`; shape of `dout`, and its memory layout where that is contiguous.
    pub dx: ndarray::Array<F, D>,
    /// With respect to `gamma`, shape `(C,)`.
    pub dgamma: Array1<F>,
    /// With respect to `beta`, shape `(C,)`.
    pub dbeta: Array1<F>,
}

/// Normalises a batch by its own statistics and moves `running` towards them.
///
/// The result has the memory layout of `x` where that is contiguous; the statistics are for [`backward_train`].
///
/// # Shapes
///
/// `x` and the result `(N, D)`; `gamma`, `beta` and both running statistics `(D,)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, for a batch of one row, and for `gamma`, `beta` or `running`
/// of another length than `D`. `running` is then unchanged.
///
/// # Example
///
/// ```
/// use kernels::{BatchNormConfig, Convention, RunningStatistics, batch_norm};
/// use ndarray::array;
///
/// let x = array![[1.0_f64, 10.0], [3.0, 30.0]];
/// let (gamma, beta) = (array![1.0, 1.0], array![0.0, 5.0]);
/// let mut running = RunningStatistics::new(2, Convention::Notebook);
/// let (out, _) = batch_norm::forward_train(
///     x.view(), gamma.view(), beta.view(), &mut running, &BatchNormConfig::notebook(),
/// )?;
/// assert!((out[[0, 0]] + 1.0).abs() < 1e-5 && (out[[1, 1]] - 6.0).abs() < 1e-5);
/// assert!((running.mean[1] - 2.0).abs() < 1e-12); // 0.9·0 + 0.1·20
/// # Ok::<(), kernels::KernelError>(())
/// ```
pub fn forward_train<F: Real>(
    x: ArrayView2<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<(Array2<F>, BatchStatistics), KernelError> {
    // The output starts as a copy of x, and so with x's memory layout.
    let mut out = x.to_owned();
    let batch = Batch { operation: OPERATION, shape: x.shape(), x: as_pixels(x) };
    let statistics = batch.train(as_pixels_mut(&mut out), gamma, beta, running, config)?;
    Ok((out, statistics))
}

/// Normalises a batch by running statistics, which stay as they are.
///
/// # Shapes
///
/// As for [`forward_train`]; a single row is fine here.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, and for `gamma`, `beta` or `running` of another length than
/// `D`.
pub fn forward_eval<F: Real>(
    x: ArrayView2<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<Array2<F>, KernelError> {
    let mut out = x.to_owned();
    let batch = Batch { operation: OPERATION, shape: x.shape(), x: as_pixels(x) };
    batch.evaluate(as_pixels_mut(&mut out), gamma, beta, running, config)?;
    Ok(out)
}

/// The gradients of [`forward_train`], whose statistics depend on every row:
///
/// ```text
/// dβ = Σ dy        dγ = Σ dy·x̂        dx = γ/√(σ² + ε) · (dy − dβ/n − x̂·dγ/n)
/// ```
///
/// # Shapes
///
/// `dout` and `x` `(N, D)`, `gamma` `(D,)`, `statistics` as returned by the forward pass on `x`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward_train<F: Real>(
    dout: ArrayView2<'_, F>,
    x: ArrayView2<'_, F>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
) -> Result<BatchNormGradients<F, ndarray::Ix2>, KernelError> {
    expect_backward_shapes(OPERATION, dout.shape(), x.shape(), gamma)?;
    expect_channels(OPERATION, "statistics", statistics.channels(), x.ncols())?;
    let mut dx = dout.to_owned();
    let (dgamma, dbeta) =
        backward_train_in_place(as_pixels_mut(&mut dx), as_pixels(x), gamma, statistics);
    Ok(BatchNormGradients { dx, dgamma, dbeta })
}

/// The gradients of [`forward_eval`], whose statistics are constants:
///
/// ```text
/// dβ = Σ dy        dγ = Σ dy·x̂        dx = γ/√(σ² + ε) · dy
/// ```
///
/// # Shapes
///
/// `dout` and `x` `(N, D)`; `gamma` and both running statistics `(D,)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward_eval<F: Real>(
    dout: ArrayView2<'_, F>,
    x: ArrayView2<'_, F>,
    gamma: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<BatchNormGradients<F, ndarray::Ix2>, KernelError> {
    expect_backward_shapes(OPERATION, dout.shape(), x.shape(), gamma)?;
    expect_running(OPERATION, running, x.ncols())?;
    let mut dx = dout.to_owned();
    let (dgamma, dbeta) =
        backward_eval_in_place(as_pixels_mut(&mut dx), as_pixels(x), gamma, running, config);
    Ok(BatchNormGradients { dx, dgamma, dbeta })
}

/// `(N, D)` as `(N, 1, 1, D)`: rows are images of a single pixel.
fn as_pixels<F>(x: ArrayView2<'_, F>) -> ArrayView4<'_, F> {
    x.insert_axis(Axis(1)).insert_axis(Axis(1))
}

fn as_pixels_mut<F>(x: &mut Array2<F>) -> ArrayViewMut4<'_, F> {
    x.view_mut().insert_axis(Axis(1)).insert_axis(Axis(1))
}

/// N·H·W of a batch in the axis order `(N, H, W, C)`.
fn values_a_channel(shape: &[usize]) -> f64 {
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
    /// [`forward_train`] into `out`, which has the shape of `self.x`.
    pub(crate) fn train(
        &self,
        out: ArrayViewMut4<'_, F>,
        gamma: ArrayView1<'_, F>,
        beta: ArrayView1<'_, F>,
        running: &mut RunningStatistics<F>,
        config: &BatchNormConfig,
    ) -> Result<BatchStatistics, KernelError> {
        self.expect_shapes(gamma, beta, running)?;
        let count = values_a_channel(self.x.shape());
        if count < 2.0 {
            let (operation, shape) = (self.operation, self.shape.to_vec());
            return Err(KernelError::OneValueAChannel { operation, shape });
        }
        let statistics = BatchStatistics::of(self.x, config.eps());
        update_running(running, &statistics, count, config);
        self.scale_and_shift(out, gamma, beta, &statistics);
        Ok(statistics)
    }

    /// [`forward_eval`] into `out`, which has the shape of `self.x`.
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
            .map(|(statistics, (gamma, beta))| (*statistics, gamma.to_f64(), beta.to_f64()))
            .collect();
        update(out, self.x, &channels, |(statistics, gamma, beta), _, x| {
            gamma * statistics.normalize(x) + beta
        });
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

/// Turns `dx`, which holds dy, into the gradient of [`forward_train`]; returns dγ and dβ.
pub(crate) fn backward_train_in_place<F: Real>(
    dx: ArrayViewMut4<'_, F>,
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
) -> (Array1<F>, Array1<F>) {
    let count = values_a_channel(x.shape());
    let sums = parameter_gradients(dx.view(), x, statistics);
    let channels: Vec<_> = statistics
        .channels
        .iter()
        .zip(gamma)
        .zip(&sums)
        .map(|((statistics, gamma), [dgamma, dbeta])| {
            (*statistics, gamma.to_f64() * statistics.inv_std, dgamma / count, dbeta / count)
        })
        .collect();
    update(dx, x, &channels, |(statistics, slope, dgamma, dbeta), dy, x| {
        slope * (dy - dbeta - statistics.normalize(x) * dgamma)
    });
    rounded(&sums)
}

/// Turns `dx`, which holds dy, into the gradient of [`forward_eval`]; returns dγ and dβ.
pub(crate) fn backward_eval_in_place<F: Real>(
    dx: ArrayViewMut4<'_, F>,
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> (Array1<F>, Array1<F>) {
    let statistics = BatchStatistics::from_running(running, config.eps());
    let sums = parameter_gradients(dx.view(), x, &statistics);
    let slopes: Vec<f64> = statistics
        .channels
        .iter()
        .zip(gamma)
        .map(|(statistics, gamma)| gamma.to_f64() * statistics.inv_std)
        .collect();
    update(dx, x, &slopes, |slope, dy, _| slope * dy);
    rounded(&sums)
}

/// dγ and dβ of each channel, which both modes share.
fn parameter_gradients<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    statistics: &BatchStatistics,
) -> Vec<[f64; 2]> {
    sums(dout, x, &statistics.channels, |statistics, dy, x| [dy * statistics.normalize(x), dy])
}

fn rounded<F: Real>(sums: &[[f64; 2]]) -> (Array1<F>, Array1<F>) {
    let dgamma = sums.iter().map(|&[dgamma, _]| F::from_f64(dgamma)).collect();
    let dbeta = sums.iter().map(|&[_, dbeta]| F::from_f64(dbeta)).collect();
    (dgamma, dbeta)
}
