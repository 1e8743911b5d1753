//! Batch normalisation of `(N, C, H, W)` images, each channel over the batch, height and width.
//!
//! A convolution treats every position of a channel alike, so the channel, not the single position,
//! is what normalisation must keep comparable: this is [`crate::ops::batch_norm`] of the `(N·H·W, C)` matrix
//! whose rows are pixels. In channels-last memory that matrix is a view; in any other memory the
//! same passes walk the image as it lies. Neither way transposes data.
//!
//! Source: Ioffe and Szegedy 2015, section 3.2; the notebook's `spatial_batchnorm_forward` and
//! `spatial_batchnorm_backward`. Formulas and accuracy: [`crate::ops::batch_norm`].

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, ArrayViewMut4, Ix4};

use crate::engine::layout::{from_channels_last, reused};
use crate::ops::batch_norm::batch_statistics::{
    self, Batch, backward_eval_in_place, expect_backward_shapes, expect_channels, expect_running,
};
use crate::ops::batch_norm::{BatchNormGradients, BatchStatistics};
use crate::{BatchNormConfig, KernelError, Real, RunningStatistics};

const OPERATION: &str = "spatial_batch_norm";

/// Normalises a batch by its own statistics and moves `running` towards them.
///
/// The result has the memory layout of `x` where that is contiguous; the statistics are for [`backward_train`].
///
/// # Shapes
///
/// `x` and the result `(N, C, H, W)`; `gamma`, `beta` and both running statistics `(C,)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, for N·H·W = 1, and for `gamma`, `beta` or `running` of
/// another length than `C`. `running` is then unchanged.
///
/// # Example
///
/// ```
/// use kernels::{BatchNormConfig, Convention, RunningStatistics, spatial_batch_norm};
/// use ndarray::{Array, Axis, array};
///
/// let x = Array::linspace(-3.0_f64, 9.0, 24).into_shape_with_order((2, 3, 2, 2))?;
/// let (gamma, beta) = (array![1.0, 2.0, 3.0], array![0.0, 0.5, 1.0]);
/// let mut running = RunningStatistics::new(3, Convention::PyTorch);
/// let (out, _) = spatial_batch_norm::forward_train(
///     x.view(), gamma.view(), beta.view(), &mut running, &BatchNormConfig::pytorch(),
/// )?;
/// for channel in 0..3 {
///     let values = out.index_axis(Axis(1), channel);
///     assert!((values.mean().unwrap() - beta[channel]).abs() < 1e-12);
///     assert!((values.std(0.0) - gamma[channel]).abs() < 1e-5); // ε makes it a little smaller
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn forward_train<F: Real>(
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<(Array4<F>, BatchStatistics), KernelError> {
    // The output starts as a copy of x, and so with x's memory layout.
    let mut out = x.to_owned();
    let batch = Batch { operation: OPERATION, shape: x.shape(), x: as_pixels(x) };
    let statistics = batch.train(as_pixels_mut(&mut out), gamma, beta, running, config)?;
    Ok((out, statistics))
}

/// As [`forward_train`], in channels-last memory into `out`, whose memory is used again where it has
/// room.
///
/// # Errors
///
/// As for [`forward_train`]; `running` is then unchanged, and what `out` held is lost.
pub fn forward_train_into<F: Real>(
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
    out: &mut Array4<F>,
) -> Result<BatchStatistics, KernelError> {
    let (n, c, h, w) = x.dim();
    let mut pixels = reused(OPERATION, [n, h, w, c], out)?;
    let batch = Batch { operation: OPERATION, shape: x.shape(), x: as_pixels(x) };
    let statistics = batch.train(pixels.view_mut(), gamma, beta, running, config)?;
    *out = from_channels_last(pixels);
    Ok(statistics)
}

/// Normalises a batch by running statistics, which stay as they are.
///
/// # Shapes
///
/// As for [`forward_train`]; N·H·W = 1 is fine here.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, and for `gamma`, `beta` or `running` of another length than
/// `C`.
pub fn forward_eval<F: Real>(
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<Array4<F>, KernelError> {
    let mut out = x.to_owned();
    let batch = Batch { operation: OPERATION, shape: x.shape(), x: as_pixels(x) };
    batch.evaluate(as_pixels_mut(&mut out), gamma, beta, running, config)?;
    Ok(out)
}

/// As [`forward_eval`], in channels-last memory into `out`, whose memory is used again where it has
/// room.
///
/// # Errors
///
/// As for [`forward_eval`]; what `out` held is then lost.
pub fn forward_eval_into<F: Real>(
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
    out: &mut Array4<F>,
) -> Result<(), KernelError> {
    let (n, c, h, w) = x.dim();
    let mut pixels = reused(OPERATION, [n, h, w, c], out)?;
    let batch = Batch { operation: OPERATION, shape: x.shape(), x: as_pixels(x) };
    batch.evaluate(pixels.view_mut(), gamma, beta, running, config)?;
    *out = from_channels_last(pixels);
    Ok(())
}

/// The gradients of [`forward_train`], by the formulas of [`crate::ops::batch_norm::backward_train`] with the
/// sums over N, H and W.
///
/// # Shapes
///
/// `dout` and `x` `(N, C, H, W)`, `gamma` `(C,)`, `statistics` as returned by the forward pass on
/// `x`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward_train<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
) -> Result<BatchNormGradients<F, Ix4>, KernelError> {
    let mut dx = dout.to_owned();
    let (dgamma, dbeta) = backward_train_in_place(&mut dx, x, gamma, statistics)?;
    Ok(BatchNormGradients { dx, dgamma, dbeta })
}

/// As [`backward_train`], in place: `dout` becomes dx. Returns dγ and dβ.
///
/// # Errors
///
/// As for [`backward_train`]; `dout` is then unchanged.
pub fn backward_train_in_place<F: Real>(
    dout: &mut Array4<F>,
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
) -> Result<(Array1<F>, Array1<F>), KernelError> {
    expect_backward_shapes(OPERATION, dout.shape(), x.shape(), gamma)?;
    expect_channels(OPERATION, "statistics", statistics.channels(), x.dim().1)?;
    Ok(batch_statistics::backward_train_in_place(
        as_pixels_mut(dout),
        as_pixels(x),
        gamma,
        statistics,
    ))
}

/// The gradients of [`forward_eval`], by the formulas of [`crate::ops::batch_norm::backward_eval`] with the
/// sums over N, H and W.
///
/// # Shapes
///
/// `dout` and `x` `(N, C, H, W)`; `gamma` and both running statistics `(C,)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward_eval<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<BatchNormGradients<F, Ix4>, KernelError> {
    expect_backward_shapes(OPERATION, dout.shape(), x.shape(), gamma)?;
    expect_running(OPERATION, running, x.dim().1)?;
    let mut dx = dout.to_owned();
    let (dgamma, dbeta) =
        backward_eval_in_place(as_pixels_mut(&mut dx), as_pixels(x), gamma, running, config);
    Ok(BatchNormGradients { dx, dgamma, dbeta })
}

/// `(N, C, H, W)` in the axis order `(N, H, W, C)`; moves no data.
fn as_pixels<F>(images: ArrayView4<'_, F>) -> ArrayView4<'_, F> {
    images.permuted_axes([0, 2, 3, 1])
}

fn as_pixels_mut<F>(images: &mut Array4<F>) -> ArrayViewMut4<'_, F> {
    images.view_mut().permuted_axes([0, 2, 3, 1])
}
