//! The backward passes: dx, dγ and dβ where the statistics depend on the batch, and where they do
//! not.

use ndarray::{Array, Array1, ArrayView, ArrayView1, ArrayView4, ArrayViewMut, Dimension};

use super::axes::RowsOrImages;
use super::batch_statistics::{BatchStatistics, values_per_channel};
use super::checks::{expect_backward, expect_channels, expect_running};
use super::config::BatchNormConfig;
use super::running_statistics::RunningStatistics;
use crate::engine::channels::{sums, update};
use crate::engine::lanes::{Number, Term};
use crate::engine::real::Real;
use crate::error::KernelError;
use crate::ops::normalization::{Moments, ParameterGradients};

/// Gradients of the loss with respect to the three inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNormGradients<F, D: Dimension> {
    /// With respect to `x`; shape of `dout`, and its memory layout where that is contiguous.
    pub dx: Array<F, D>,
    /// With respect to `gamma`, shape `(C,)`.
    pub dgamma: Array1<F>,
    /// With respect to `beta`, shape `(C,)`.
    pub dbeta: Array1<F>,
}

/// The gradients of [`forward_train`](super::forward_train), whose statistics depend on every value
/// of a channel:
///
/// ```text
/// dβ = Σ dy        dγ = Σ dy·x̂        dx = γ/√(σ² + ε) · (dy − dβ/n − x̂·dγ/n)
/// ```
///
/// with the sums over the n values of a channel. In plain loops:
/// [`reference::batch_norm`](crate::reference::batch_norm).
///
/// # Shapes
///
/// `dout` and `x` `(N, D)` or `(N, C, H, W)`, `gamma` `(D,)` or `(C,)`, `statistics` as returned by
/// the forward pass on `x`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward_train<F: Real, D: RowsOrImages>(
    dout: ArrayView<'_, F, D>,
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
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
    statistics: &BatchStatistics,
) -> Result<(Array1<F>, Array1<F>), KernelError> {
    train_gradients(dout.view_mut(), x, gamma, statistics).map(|sums| rounded(&sums))
}

/// [`backward_train_in_place`]; returns dγ and dβ of each channel before they are rounded.
pub(in crate::ops) fn train_gradients<F: Real, D: RowsOrImages>(
    mut dout: ArrayViewMut<'_, F, D>,
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
) -> Result<Vec<[f64; 2]>, KernelError> {
    expect_backward(dout.shape(), &x, gamma)?;
    expect_channels(&x, "statistics", statistics.channels.len())?;
    let x = D::pixels(x);
    // Both passes read one copy where the memory is not channels-last.
    let x = x.as_standard_layout();
    let x = x.view();
    let count = values_per_channel(x);
    let sums = parameter_gradients(D::pixels(dout.view()), x, statistics);
    let channels = input_gradient(statistics, gamma, &sums, count);
    update::<InputGradient, _, 4>(D::pixels(dout.view_mut()), x, &channels);
    Ok(sums)
}

/// The gradients of [`forward_eval`](super::forward_eval), whose statistics are constants:
///
/// ```text
/// dβ = Σ dy        dγ = Σ dy·x̂        dx = γ/√(σ² + ε) · dy
/// ```
///
/// # Shapes
///
/// As for [`backward_train`]; both running statistics are of the shape of `gamma`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward_eval<F: Real, D: RowsOrImages>(
    dout: ArrayView<'_, F, D>,
    x: ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<BatchNormGradients<F, D>, KernelError> {
    expect_backward(dout.shape(), &x, gamma)?;
    expect_running(&x, running)?;
    let mut dx = dout.to_owned();
    let (x, statistics) = (D::pixels(x), running.as_batch(config.eps()));
    let sums = parameter_gradients(D::pixels(dx.view()), x, &statistics);
    let slope = |(statistics, gamma): (&Moments, &F)| [gamma.to_f64() * statistics.inv_std];
    let slopes: Vec<_> = statistics.channels.iter().zip(gamma).map(slope).collect();
    update::<Slope, _, 1>(D::pixels(dx.view_mut()), x, &slopes);
    let (dgamma, dbeta) = rounded(&sums);
    Ok(BatchNormGradients { dx, dgamma, dbeta })
}

/// dγ and dβ of each channel, which both modes share.
fn parameter_gradients<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    statistics: &BatchStatistics,
) -> Vec<[f64; 2]> {
    let sums = sums::<ParameterGradients, _, 1, 2>(dout, x, &means(statistics));
    of_sums(sums, statistics)
}

/// The numbers of [`ParameterGradients`].
pub(super) fn means(statistics: &BatchStatistics) -> Vec<[f64; 1]> {
    statistics.channels.iter().map(|channel| [channel.mean]).collect()
}

/// dγ and dβ of each channel, from the sums of [`ParameterGradients`].
pub(super) fn of_sums(mut sums: Vec<[f64; 2]>, statistics: &BatchStatistics) -> Vec<[f64; 2]> {
    for (sums, moments) in sums.iter_mut().zip(&statistics.channels) {
        *sums = moments.parameter_gradients(*sums);
    }
    sums
}

/// The numbers of [`InputGradient`], from dγ and dβ of each channel, which has `count` values.
pub(super) fn input_gradient<F: Real>(
    statistics: &BatchStatistics,
    gamma: ArrayView1<'_, F>,
    sums: &[[f64; 2]],
    count: f64,
) -> Vec<[f64; 4]> {
    statistics
        .channels
        .iter()
        .zip(gamma)
        .zip(sums)
        .map(|((statistics, gamma), [dgamma, dbeta])| {
            let &Moments { mean, mean_rest, inv_std, .. } = statistics;
            let slope = gamma.to_f64() * inv_std;
            // x̂·dγ/n = steepness·((x − mean) − rest)
            let steepness = inv_std * dgamma / count;
            [mean, slope, dbeta / count - steepness * mean_rest, slope * steepness]
        })
        .collect()
}

/// dγ and dβ as arrays.
pub(in crate::ops) fn rounded<F: Real>(sums: &[[f64; 2]]) -> (Array1<F>, Array1<F>) {
    let dgamma = sums.iter().map(|&[dgamma, _]| F::from_f64(dgamma)).collect();
    let dbeta = sums.iter().map(|&[_, dbeta]| F::from_f64(dbeta)).collect();
    (dgamma, dbeta)
}

/// slope·(dy − shift) − tilt·(x − mean), which is slope·(dy − dβ/n − x̂·dγ/n), dx of training.
pub(super) struct InputGradient;

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
