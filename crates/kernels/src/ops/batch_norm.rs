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
//! thousand σ in `f32`. The mean of the first images is a guess; a pass over all sums d = x − guess
//! and d², and both statistics are corrected by Σd (Chan, Golub and LeVeque, "Algorithms for Computing
//! the Sample Variance", 1983, equation 1.7). With m of N images for the guess, σ² is at least
//! m/(N − m) times the square of what the guess is off by, whatever the values. So the correction
//! magnifies rounding (N − m)/m times at the most, which takes first images unlike all others: two of
//! `f64`'s sixteen digits for 50 images. The mean is kept in two parts, so that x − μ loses nothing
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

use crate::engine::layout::reused;
use crate::{KernelError, Real};

pub(crate) mod batch_statistics;
mod config;

pub use batch_statistics::BatchStatistics;
use batch_statistics::{
    Batch, backward_eval_in_place, expect_backward_shapes, expect_channels, expect_running,
};
pub use config::{BatchNormConfig, Convention, RunningStatistics};

const OPERATION: &str = "batch_norm";

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

/// As [`forward_train`], into `out`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`forward_train`]; `running` is then unchanged, and what `out` held is lost.
pub fn forward_train_into<F: Real>(
    x: ArrayView2<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
    out: &mut Array2<F>,
) -> Result<BatchStatistics, KernelError> {
    let mut rows = reused(OPERATION, x.raw_dim(), out)?;
    let batch = Batch { operation: OPERATION, shape: x.shape(), x: as_pixels(x) };
    let statistics = batch.train(as_pixels_mut(&mut rows), gamma, beta, running, config)?;
    *out = rows;
    Ok(statistics)
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

/// As [`forward_eval`], into `out`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`forward_eval`]; what `out` held is then lost.
pub fn forward_eval_into<F: Real>(
    x: ArrayView2<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
    out: &mut Array2<F>,
) -> Result<(), KernelError> {
    let mut rows = reused(OPERATION, x.raw_dim(), out)?;
    let batch = Batch { operation: OPERATION, shape: x.shape(), x: as_pixels(x) };
    batch.evaluate(as_pixels_mut(&mut rows), gamma, beta, running, config)?;
    *out = rows;
    Ok(())
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
    dout: &mut Array2<F>,
    x: ArrayView2<'_, F>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
) -> Result<(Array1<F>, Array1<F>), KernelError> {
    expect_backward_shapes(OPERATION, dout.shape(), x.shape(), gamma)?;
    expect_channels(OPERATION, "statistics", statistics.channels(), x.ncols())?;
    let (dx, x) = (as_pixels_mut(dout), as_pixels(x));
    Ok(batch_statistics::backward_train_in_place(dx, x, gamma, statistics))
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
