//! Ghost batch normalisation of `(N, D)` rows and `(N, C, H, W)` images: in training each part of the
//! batch, a ghost batch of b images, is normalised by its own statistics, as if it were a batch.
//!
//! So a large batch is normalised with the noise of a small one. A ghost batch is computed as
//! [`mod@crate::batch_norm`] computes a batch, to the bit; where b is N or more, this is batch norm.
//! Evaluation is batch norm's: [`batch_norm::forward_eval`](crate::batch_norm::forward_eval).
//! In plain loops: [`reference::ghost_batch_norm`](crate::reference::ghost_batch_norm).
//!
//! Source: Hoffer, Hubara and Soudry, "Train longer, generalize better: closing the generalization gap
//! in large batch training of neural networks", 2017, algorithm 1 (<https://arxiv.org/abs/1705.08741>).
//!
//! # Two choices
//!
//! - Where b does not divide N, the last ghost batch has the N mod b images that are left. If that is a
//!   single value per channel, which has no variance, it joins the ghost batch before it.
//! - Running statistics move once per ghost batch, in order, as `config` says for a batch. So does
//!   PyTorch's `BatchNorm2d` that is called with one ghost batch after the other; the paper weighs ghost
//!   batches by powers of one minus the momentum, too. With the same momentum they thus follow the
//!   batches faster than batch norm's.

use std::ops::Range;

use ndarray::{Array, Array1, ArrayView, ArrayView1, ArrayViewMut, Axis, Slice};

use super::batch_norm::{
    BatchNormConfig, BatchNormGradients, BatchStatistics, RowsOrImages, RunningStatistics,
    expect_backward, expect_channels, expect_forward, rounded, train, train_gradients,
};
use crate::engine::real::Real;
use crate::error::{KernelError, expect_shape};

const OPERATION: &str = "ghost_batch_norm";

/// The statistics of each ghost batch, which the backward pass needs again.
#[derive(Debug, Clone, PartialEq)]
pub struct GhostStatistics {
    ghosts: Vec<(Range<usize>, BatchStatistics)>,
}

impl GhostStatistics {
    /// Which images each ghost batch has, and their statistics.
    pub fn ghost_batches(&self) -> &[(Range<usize>, BatchStatistics)] {
        &self.ghosts
    }
}

/// Normalises each ghost batch of so many images by its own statistics, and moves `running` towards
/// those of one after the other.
///
/// The result has the memory layout of `x` where that is contiguous; the statistics are for
/// [`backward_train`].
///
/// # Shapes
///
/// As for [`batch_norm::forward_train`](crate::batch_norm::forward_train()).
///
/// # Errors
///
/// [`KernelError`] as of batch norm, for ghost batches of no image, and for ghost batches of a single
/// value per channel. `running` is then unchanged.
///
/// # Example
///
/// ```
/// use kernels::{BatchNormConfig, Convention, RunningStatistics, ghost_batch_norm};
/// use ndarray::array;
///
/// // Ghost batches of two rows: {1, 3} and {100, 300}.
/// let x = array![[1.0_f64], [3.0], [100.0], [300.0]];
/// let (gamma, beta) = (array![1.0], array![0.0]);
/// let mut running = RunningStatistics::new(1, Convention::Notebook);
/// let config = BatchNormConfig::notebook();
/// let (out, _) = ghost_batch_norm::forward_train(
///     x.view(), 2, gamma.view(), beta.view(), &mut running, &config,
/// )?;
/// for (y, expected) in out.iter().zip([-1.0, 1.0, -1.0, 1.0]) {
///     assert!((y - expected).abs() < 1e-5);
/// }
/// // 0.9·(0.9·0 + 0.1·2) + 0.1·200
/// assert!((running.mean[0] - 20.18).abs() < 1e-12);
/// # Ok::<(), kernels::KernelError>(())
/// ```
pub fn forward_train<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    images: usize,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<(Array<F, D>, GhostStatistics), KernelError> {
    // The output starts as a copy of x, and so with x's memory layout.
    let mut out = x.to_owned();
    let statistics = normalize(x, images, out.view_mut(), gamma, beta, running, config)?;
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
    images: usize,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
    out: &mut Array<F, D>,
) -> Result<GhostStatistics, KernelError> {
    *out = D::reused(OPERATION, &x, out)?;
    normalize(x, images, out.view_mut(), gamma, beta, running, config)
}

/// The gradients of [`forward_train`]: dx of each ghost batch as of a batch, and dγ and dβ summed over
/// the ghost batches in order.
///
/// # Shapes
///
/// As for [`batch_norm::backward_train`](crate::batch_norm::backward_train()), with `statistics` as
/// returned by the forward pass on `x`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward_train<F: Real, D: RowsOrImages>(
    dout: ArrayView<'_, F, D>,
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    statistics: &GhostStatistics,
) -> Result<BatchNormGradients<F, D>, KernelError> {
    let mut dx = dout.to_owned();
    let (dgamma, dbeta) = backward_train_in_place(&mut dx, x, gamma, statistics)?;
    Ok(BatchNormGradients { dx, dgamma, dbeta })
}

/// As [`backward_train`], in place: `dout` becomes dx. Returns dγ and dβ.
///
/// # Errors
///
/// As for [`backward_train`]; `dout` is then unchanged.
pub fn backward_train_in_place<F: Real, D: RowsOrImages>(
    dout: &mut Array<F, D>,
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    statistics: &GhostStatistics,
) -> Result<(Array1<F>, Array1<F>), KernelError> {
    expect_backward(dout.shape(), &x, gamma)?;
    let ghosts = &statistics.ghosts;
    let images = ghosts.last().map_or(0, |(last, _)| last.end);
    expect_shape(OPERATION, "statistics", &[images], &x.shape()[..1], "one per image of x")?;
    for (_, statistics) in ghosts {
        expect_channels(&x, "statistics", statistics.channels())?;
    }
    let mut totals: Vec<[f64; 2]> = Vec::new();
    for (ghost, statistics) in ghosts {
        let dout = dout.slice_axis_mut(Axis(0), Slice::from(ghost.clone()));
        let x = x.slice_axis(Axis(0), Slice::from(ghost.clone()));
        let sums = train_gradients(dout, x, gamma, statistics)?;
        if totals.is_empty() {
            totals = sums;
        } else {
            for (total, sum) in totals.iter_mut().flatten().zip(sums.iter().flatten()) {
                *total += sum;
            }
        }
    }
    Ok(rounded(&totals))
}

fn normalize<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    images: usize,
    mut out: ArrayViewMut<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<GhostStatistics, KernelError> {
    expect_forward(&x, gamma, beta, running)?;
    let ghosts = ghosts(x.shape(), images)?.into_iter().map(|ghost| {
        let x = x.slice_axis(Axis(0), Slice::from(ghost.clone()));
        let out = out.slice_axis_mut(Axis(0), Slice::from(ghost.clone()));
        Ok((ghost, train(x, out, gamma, beta, running, config)?))
    });
    Ok(GhostStatistics { ghosts: ghosts.collect::<Result<_, KernelError>>()? })
}

/// The images of each ghost batch of an x of this shape.
fn ghosts(x: &[usize], images: usize) -> Result<Vec<Range<usize>>, KernelError> {
    let (count, values) = (x[0], x[2..].iter().product::<usize>());
    let one_batch = images >= count;
    if images == 0 || (images == 1 && values == 1 && !one_batch) {
        return Err(KernelError::Config {
            operation: OPERATION,
            parameter: "the images of a ghost batch",
            expected: "at least 1, and at least 2 where each has one value per channel",
            got: images.to_string(),
        });
    }
    let mut ghosts: Vec<_> = (0..count)
        .step_by(images)
        .map(|first| first..count.min(first.saturating_add(images)))
        .collect();
    if let [.., before, last] = ghosts.as_mut_slice()
        && last.len() * values == 1
    {
        before.end = last.end;
        ghosts.pop();
    }
    Ok(ghosts)
}
