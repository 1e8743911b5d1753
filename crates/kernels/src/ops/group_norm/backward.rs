//! The backward pass: dx, dγ and dβ.

use ndarray::{Array, Array1, ArrayView, ArrayView1, ArrayViewMut1, Dimension};

use super::checks::{OPERATION, expect_channels, expect_groups};
use super::statistics::GroupStatistics;
use crate::engine::channel_numbers::{ChannelNumbers, of_channel, set_channel};
use crate::engine::lanes::{LANES, Lanes, Number, Term};
use crate::engine::parallel::{Images, try_divide};
use crate::engine::pixels::{Pixels, change_in_order};
use crate::engine::real::Real;
use crate::error::{KernelError, expect_shape};
use crate::ops::batch_norm::RowsOrImages;
use crate::ops::normalization::{Moments, ParameterGradients};

/// Gradients of the loss with respect to the three inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupNormGradients<F, D: Dimension> {
    /// With respect to `x`; shape of `dout`, and its memory layout where that is contiguous.
    pub dx: Array<F, D>,
    /// With respect to `gamma`, shape `(C,)`.
    pub dgamma: Array1<F>,
    /// With respect to `beta`, shape `(C,)`.
    pub dbeta: Array1<F>,
}

/// The gradients of [`forward`](super::forward()): with the sums of dβ and dγ over a channel of all images,
/// and those of dx over the n values of one image in one group,
///
/// ```text
/// dβ = Σ dy        dγ = Σ dy·x̂        dx = 1/√(σ² + ε) · (γ·dy − (1/n) Σ γ·dy − x̂·(1/n) Σ γ·dy·x̂)
/// ```
///
/// In plain loops: [`reference::group_norm`](crate::reference::group_norm).
///
/// # Shapes
///
/// `dout` and `x` `(N, C)` or `(N, C, H, W)`, `gamma` `(C,)`, `statistics` as returned by the forward
/// pass on `x`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward<F: Real, D: RowsOrImages>(
    dout: ArrayView<'_, F, D>,
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    statistics: &GroupStatistics,
) -> Result<GroupNormGradients<F, D>, KernelError> {
    let mut dx = dout.to_owned();
    let (mut dgamma, mut dbeta) = (Array1::zeros(gamma.len()), Array1::zeros(gamma.len()));
    let parameters = [dgamma.view_mut(), dbeta.view_mut()];
    backward_in_place(&mut dx, x, gamma, statistics, parameters)?;
    Ok(GroupNormGradients { dx, dgamma, dbeta })
}

/// As [`backward`](backward()), in place: `dout` becomes dx, and dγ and dβ are written to `parameters`, which are of
/// shape `(C,)`.
///
/// # Errors
///
/// As for [`backward`](backward()); `dout` and `parameters` are then unchanged.
pub fn backward_in_place<F: Real, D: RowsOrImages>(
    dout: &mut Array<F, D>,
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    statistics: &GroupStatistics,
    parameters: [ArrayViewMut1<'_, F>; 2],
) -> Result<(), KernelError> {
    let groups = statistics.groups;
    expect_groups(x.shape(), groups.max(1))?;
    expect_shape(OPERATION, "dout", dout.shape(), x.shape(), "that of x")?;
    expect_channels(x.shape(), "gamma", gamma.len())?;
    let [dgamma, dbeta] = parameters;
    expect_channels(x.shape(), "dgamma", dgamma.len())?;
    expect_channels(x.shape(), "dbeta", dbeta.len())?;
    let (images, channels, each) = (x.shape()[0], gamma.len(), x.len() / x.shape()[0]);
    let got = [statistics.moments.len() / groups.max(1), groups];
    expect_shape(OPERATION, "statistics", &got, &[images, groups.max(1)], "those of x")?;
    let x = D::pixels(x);
    let x = Pixels::of(OPERATION, &x)?;
    let mut sums = ChannelNumbers::zeros(OPERATION, images, channels)?;
    change_in_order(OPERATION, D::pixels(dout.view_mut()), |dout| {
        let of_images = (
            Images::new(statistics.moments.as_slice(), groups),
            Images::new(sums.lanes_mut(), channels.div_ceil(LANES)),
        );
        let parts = (Images::new(dout, each), Images::new(&*x, each), of_images);
        try_divide(images, images * each / 5, parts, &|(dout, x, (moments, sums))| {
            let mut means = ChannelNumbers::zeros(OPERATION, 1, channels)?;
            let mut numbers = ChannelNumbers::zeros(OPERATION, 1, channels)?;
            let of_images = moments.iter().zip(sums.iter_mut());
            for ((dout, x), (groups, sums)) in dout.iter_mut().zip(x.iter()).zip(of_images) {
                parameter_gradients([dout, x], groups, &mut means, channels, sums);
                input_gradient(dout, x, gamma, groups, sums, &mut numbers);
            }
            Ok(())
        })
    })?;
    let of_images = sums.lanes().chunks_exact(channels.div_ceil(LANES));
    for (channel, (dgamma, dbeta)) in dgamma.into_iter().zip(dbeta).enumerate() {
        let mut total = [0.0; 2];
        for sums in of_images.clone() {
            let of_image = of_channel(sums, channel);
            total.iter_mut().zip(of_image).for_each(|(total, sum)| *total += sum);
        }
        [*dgamma, *dbeta] = total.map(F::from_f64);
    }
    Ok(())
}

/// What one image adds to dγ and dβ, per channel.
fn parameter_gradients<F: Real>(
    [dout, x]: [&[F]; 2],
    groups: &[Moments],
    means: &mut ChannelNumbers<1>,
    channels: usize,
    sums: &mut [Lanes<2>],
) {
    let width = channels / groups.len();
    let of_group = |group| group * width..(group + 1) * width;
    for (group, moments) in groups.iter().enumerate() {
        of_group(group).for_each(|channel| set_channel(means.lanes_mut(), channel, [moments.mean]));
    }
    F::add_terms::<ParameterGradients, 1, 2>([dout, x], channels, means.lanes(), sums);
    for (group, moments) in groups.iter().enumerate() {
        for channel in of_group(group) {
            let gradients = moments.parameter_gradients(of_channel(sums, channel));
            set_channel(sums, channel, gradients);
        }
    }
}

/// dx of one image, in place of its dy.
fn input_gradient<F: Real>(
    dout: &mut [F],
    x: &[F],
    gamma: ArrayView1<'_, F>,
    groups: &[Moments],
    sums: &[Lanes<2>],
    numbers: &mut ChannelNumbers<4>,
) {
    let (channels, width) = (gamma.len(), gamma.len() / groups.len());
    let count = (x.len() / groups.len()) as f64;
    for (group, moments) in groups.iter().enumerate() {
        let &Moments { mean, mean_rest, inv_std, .. } = moments;
        let [mut of_x_hat, mut of_one] = [0.0; 2];
        for channel in group * width..(group + 1) * width {
            let ([dgamma, dbeta], gamma) = (of_channel(sums, channel), gamma[channel].to_f64());
            of_x_hat += gamma * dgamma;
            of_one += gamma * dbeta;
        }
        // x̂·(1/n) Σ γ·dy·x̂ / √(σ² + ε) = tilt·((x − mean) − rest)
        let tilt = inv_std * inv_std * of_x_hat / count;
        let shift = inv_std * of_one / count - tilt * mean_rest;
        for channel in group * width..(group + 1) * width {
            let slope = gamma[channel].to_f64() * inv_std;
            set_channel(numbers.lanes_mut(), channel, [mean, slope, shift, tilt]);
        }
    }
    F::replace_by_terms::<InputGradient, 4>(dout, x, channels, numbers.lanes());
}

/// slope·dy − shift − tilt·(x − mean), which is dx.
struct InputGradient;

impl Term<4, 1> for InputGradient {
    #[inline(always)]
    fn of<V: Number>([mean, slope, shift, tilt]: [V; 4], dy: V, x: V) -> [V; 1] {
        [slope * dy - shift - tilt * (x - mean)]
    }
}
