//! The forward passes: y = γ·x̂ + β with the statistics of the batch, or with running ones.

use ndarray::{Array, ArrayView, ArrayView1, ArrayViewMut};

use super::axes::RowsOrImages;
use super::batch_statistics::{BatchStatistics, values_per_channel};
use super::checks::{expect_forward, expect_training};
use super::config::BatchNormConfig;
use super::running_statistics::RunningStatistics;
use crate::engine::channels::update;
use crate::engine::real::Real;
use crate::error::KernelError;
use crate::ops::normalization::ScaleAndShift;

/// Normalises a batch by its own statistics and moves `running` towards them.
///
/// The result has the memory layout of `x` where that is contiguous; the statistics are for
/// [`backward_train`](super::backward_train). In plain loops:
/// [`reference::batch_norm`](crate::reference::batch_norm).
///
/// # Shapes
///
/// `x` and the result `(N, D)` or `(N, C, H, W)`; `gamma`, `beta` and both running statistics
/// `(D,)` or `(C,)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, for a single value per channel, and for `gamma`, `beta` or
/// `running` of another length than the channels. `running` is then unchanged.
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
pub fn forward_train<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<(Array<F, D>, BatchStatistics), KernelError> {
    // The output starts as a copy of x, and so with x's memory layout.
    let mut out = x.to_owned();
    let statistics = train(x, out.view_mut(), gamma, beta, running, config)?;
    Ok((out, statistics))
}

/// As [`forward_train`], into `out`, whose memory is used again where it has room; images are
/// channels-last.
///
/// # Errors
///
/// As for [`forward_train`]; `running` is then unchanged, and what `out` held is lost.
pub fn forward_train_into<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
    out: &mut Array<F, D>,
) -> Result<BatchStatistics, KernelError> {
    *out = D::reused(D::OPERATION, &x, out)?;
    train(x, out.view_mut(), gamma, beta, running, config)
}

/// Normalises a batch by running statistics, which stay as they are.
///
/// # Shapes
///
/// As for [`forward_train`]; a single value per channel is fine here.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, and for `gamma`, `beta` or `running` of another length than
/// the channels.
pub fn forward_eval<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<Array<F, D>, KernelError> {
    let mut out = x.to_owned();
    evaluate(x, out.view_mut(), gamma, beta, running, config)?;
    Ok(out)
}

/// As [`forward_eval`], into `out`, whose memory is used again where it has room; images are
/// channels-last.
///
/// # Errors
///
/// As for [`forward_eval`]; what `out` held is then lost.
pub fn forward_eval_into<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
    out: &mut Array<F, D>,
) -> Result<(), KernelError> {
    *out = D::reused(D::OPERATION, &x, out)?;
    evaluate(x, out.view_mut(), gamma, beta, running, config)
}

/// [`forward_train`] into given memory.
pub(in crate::ops) fn train<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    out: ArrayViewMut<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<BatchStatistics, KernelError> {
    expect_training(&x, gamma, beta, running)?;
    let pixels = D::pixels(x);
    // All passes read one copy where the memory is not channels-last.
    let pixels = pixels.as_standard_layout();
    let pixels = pixels.view();
    let statistics = BatchStatistics::of(pixels, config.eps());
    running.update(&statistics, values_per_channel(pixels), config);
    let channels = scales_and_shifts(&statistics, gamma, beta);
    update::<ScaleAndShift, _, 3>(D::pixels(out), pixels, &channels);
    Ok(statistics)
}

fn evaluate<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    out: ArrayViewMut<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<(), KernelError> {
    expect_forward(&x, gamma, beta, running)?;
    let channels = scales_and_shifts(&running.as_batch(config.eps()), gamma, beta);
    update::<ScaleAndShift, _, 3>(D::pixels(out), D::pixels(x), &channels);
    Ok(())
}

/// The numbers of [`ScaleAndShift`], which is γ·x̂ + β.
pub(super) fn scales_and_shifts<F: Real>(
    statistics: &BatchStatistics,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
) -> Vec<[f64; 3]> {
    let parameters = gamma.iter().zip(beta);
    statistics
        .channels
        .iter()
        .zip(parameters)
        .map(|(moments, (gamma, beta))| moments.scale_and_shift(gamma.to_f64(), beta.to_f64()))
        .collect()
}
