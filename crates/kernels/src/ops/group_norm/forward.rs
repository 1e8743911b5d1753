//! The forward pass: y = γ·x̂ + β with the statistics of each image's groups.

use ndarray::{Array, ArrayView, ArrayView1};

use super::checks::{OPERATION, expect_channels, expect_groups};
use super::config::GroupNormConfig;
use super::statistics::{GroupStatistics, Sums};
use crate::engine::channel_numbers::{ChannelNumbers, set_channel};
use crate::engine::parallel::{Images, try_divide};
use crate::engine::pixels::{Pixels, change_in_order};
use crate::engine::real::Real;
use crate::error::KernelError;
use crate::ops::batch_norm::RowsOrImages;
use crate::ops::normalization::{Moments, ScaleAndShift};

/// Normalises each image of a batch, group by group.
///
/// The result has the memory layout of `x` where that is contiguous; the statistics are for
/// [`backward`](super::backward()). In plain loops:
/// [`reference::group_norm`](crate::reference::group_norm).
///
/// # Shapes
///
/// `x` and the result `(N, C)` or `(N, C, H, W)`; `gamma` and `beta` `(C,)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, for a number of groups that does not divide the channels, for
/// groups of a single value, and for `gamma` or `beta` of another length than the channels.
///
/// # Example
///
/// ```
/// use kernels::group_norm::{self, GroupNormConfig};
/// use ndarray::array;
///
/// // Two groups of two channels, in one row.
/// let x = array![[1.0_f64, 3.0, 10.0, 30.0]];
/// let (gamma, beta) = (array![1.0, 1.0, 1.0, 2.0], array![0.0, 0.0, 5.0, 0.0]);
/// let config = GroupNormConfig::new(2, GroupNormConfig::USUAL_EPS)?;
/// let (out, _) = group_norm::forward(x.view(), gamma.view(), beta.view(), &config)?;
/// for (y, expected) in out.iter().zip([-1.0, 1.0, 4.0, 2.0]) {
///     assert!((y - expected).abs() < 1e-4);
/// }
/// # Ok::<(), kernels::KernelError>(())
/// ```
pub fn forward<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    config: &GroupNormConfig,
) -> Result<(Array<F, D>, GroupStatistics), KernelError> {
    let mut statistics = GroupStatistics::default();
    // The output starts as a copy of x, and so with x's memory layout.
    let mut out = x.to_owned();
    normalize(x, &mut out, gamma, beta, config, &mut statistics)?;
    Ok((out, statistics))
}

/// As [`forward`], into `out` and `statistics`, whose memory is used again where it has room; images are
/// channels-last.
///
/// # Errors
///
/// As for [`forward`]; what `out` and `statistics` held is then lost.
pub fn forward_into<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    config: &GroupNormConfig,
    out: &mut Array<F, D>,
    statistics: &mut GroupStatistics,
) -> Result<(), KernelError> {
    *out = D::reused(OPERATION, &x, out)?;
    normalize(x, out, gamma, beta, config, statistics)
}

fn normalize<F: Real, D: RowsOrImages>(
    x: ArrayView<'_, F, D>,
    out: &mut Array<F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    config: &GroupNormConfig,
    statistics: &mut GroupStatistics,
) -> Result<(), KernelError> {
    expect_groups(x.shape(), config.groups())?;
    expect_channels(x.shape(), "gamma", gamma.len())?;
    expect_channels(x.shape(), "beta", beta.len())?;
    let (images, groups) = (x.shape()[0], config.groups());
    statistics.resize(images, groups, gamma.len());
    let (x, each) = (D::pixels(x), gamma.len() * (out.len() / out.shape()[0] / gamma.len()));
    let x = Pixels::of(OPERATION, &x)?;
    change_in_order(OPERATION, D::pixels(out.view_mut()), |out| {
        let parts = (
            Images::new(&*x, each),
            Images::new(out, each),
            Images::new(statistics.moments.as_mut_slice(), groups),
        );
        try_divide(images, images * each / 5, parts, &|(x, out, moments)| {
            let mut sums = Sums::new(gamma.len())?;
            let mut numbers = ChannelNumbers::zeros(OPERATION, 1, gamma.len())?;
            for ((x, out), moments) in x.iter().zip(out.iter_mut()).zip(moments.iter_mut()) {
                sums.moments(x, gamma.len(), config.eps(), moments);
                scale_and_shift(x, out, gamma, beta, moments, &mut numbers);
            }
            Ok(())
        })
    })
}

/// out ← γ·x̂ + β of one image.
fn scale_and_shift<F: Real>(
    x: &[F],
    out: &mut [F],
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    groups: &[Moments],
    numbers: &mut ChannelNumbers<3>,
) {
    let width = gamma.len() / groups.len();
    let lanes = numbers.lanes_mut();
    for (group, moments) in groups.iter().enumerate() {
        for channel in group * width..(group + 1) * width {
            let (gamma, beta) = (gamma[channel].to_f64(), beta[channel].to_f64());
            set_channel(lanes, channel, moments.scale_and_shift(gamma, beta));
        }
    }
    F::replace_by_terms::<ScaleAndShift, 3>(out, x, gamma.len(), numbers.lanes());
}
