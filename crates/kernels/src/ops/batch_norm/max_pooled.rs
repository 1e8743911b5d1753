//! Batch norm of images and the max pooling behind it, some rows of an image at a time: what lies
//! between the two stays in the nearest cache, and is never a batch in memory.
//!
//! Every bit is as the functions of [`batch_norm`](crate::batch_norm) and
//! [`max_pool2d`] compute it one after the other.

use ndarray::{Array1, Array4, ArrayView1, ArrayView4};

use super::backward::{
    InputGradient, backward_train_in_place, input_gradient, means, of_sums, rounded,
};
use super::batch_statistics::{BatchStatistics, values_per_channel};
use super::checks::{expect_backward, expect_channels, expect_forward, expect_training};
use super::config::BatchNormConfig;
use super::forward::scales_and_shifts;
use super::running_statistics::RunningStatistics;
use crate::engine::channels::{in_lanes, sums_by_image};
use crate::engine::layout::{elements, elements_mut, from_channels_last, reused, to_channels_last};
use crate::engine::parallel::{Images, try_divide};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::KernelError;
use crate::ops::max_pool2d::strips::{Strip, Strips};
use crate::ops::max_pool2d::{self, MaxPool2dConfig, OPERATION, Pooled};
use crate::ops::normalization::{ParameterGradients, ScaleAndShift};

/// [`batch_norm::forward_train`](super::forward_train), then
/// [`max_pool2d::forward`] of its result.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`; `gamma`, `beta` and both running statistics `(C,)`.
///
/// # Errors
///
/// Those of the two functions; `running` is then unchanged, and what `pooled` held is lost.
pub fn forward_train_into<F: Real>(
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
    pool: &MaxPool2dConfig,
    pooled: Pooled<'_, F>,
) -> Result<BatchStatistics, KernelError> {
    expect_training(&x, gamma, beta, running)?;
    let strips = Strips::of(x.dim().into(), pool)?;
    // Both passes read one copy where the memory is not channels-last.
    let x = to_channels_last(x);
    let x = x.view();
    let statistics = BatchStatistics::of(x, config.eps());
    normalize_and_pool(x, &scales_and_shifts(&statistics, gamma, beta), &strips, pooled)?;
    running.update(&statistics, values_per_channel(x), config);
    Ok(statistics)
}

/// [`batch_norm::forward_eval`](super::forward_eval), then
/// [`max_pool2d::forward`] of its result.
///
/// # Shapes
///
/// As for [`forward_train_into`].
///
/// # Errors
///
/// Those of the two functions; what `pooled` held is then lost.
pub fn forward_eval_into<F: Real>(
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
    pool: &MaxPool2dConfig,
    pooled: Pooled<'_, F>,
) -> Result<(), KernelError> {
    expect_forward(&x, gamma, beta, running)?;
    let strips = Strips::of(x.dim().into(), pool)?;
    let channels = scales_and_shifts(&running.as_batch(config.eps()), gamma, beta);
    normalize_and_pool(to_channels_last(x).view(), &channels, &strips, pooled)
}

/// The gradients of [`forward_train_into`]: [`max_pool2d::backward`], then
/// [`batch_norm::backward_train`](super::backward_train) of its result. Returns dγ and dβ, and writes dx
/// into `dx`, whose memory is used again where it has room.
///
/// # Shapes
///
/// `dout` and `argmax` `(N, C, OH, OW)` and `statistics`, as [`forward_train_into`] returned them for `x`
/// `(N, C, H, W)`; `gamma`, dγ and dβ `(C,)`; dx `(N, C, H, W)`.
///
/// # Errors
///
/// Those of the two functions; what `dx` held is then lost.
pub fn backward_train_into<F: Real>(
    dout: ArrayView4<'_, F>,
    argmax: ArrayView4<'_, u32>,
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
    pool: &MaxPool2dConfig,
    dx: &mut Array4<F>,
) -> Result<(Array1<F>, Array1<F>), KernelError> {
    expect_backward(x.shape(), &x, gamma)?;
    expect_channels(&x, "statistics", statistics.channels())?;
    let strips = Strips::of(x.dim().into(), pool)?;
    let (n, _, h, w) = x.dim();
    strips.expect_pooled("dout", dout.shape(), n)?;
    strips.expect_pooled("argmax", argmax.shape(), n)?;
    let x = to_channels_last(x);
    let x = x.view();
    if !pool.overlaps() {
        let (dout, argmax) = (to_channels_last(dout), to_channels_last(argmax));
        let pooled = (elements(&dout), elements(&argmax));
        if let Some(sums) = parameter_gradients(pooled, elements(&x), &strips, statistics) {
            let mut pixels = reused(OPERATION, x.raw_dim(), dx)?;
            let channels = input_gradient(statistics, gamma, &sums, values_per_channel(x));
            let to = elements_mut(&mut pixels);
            let is_done = input_gradients(pooled, elements(&x), &strips, &channels, to);
            *dx = from_channels_last(pixels);
            if is_done {
                return Ok(rounded(&sums));
            }
        }
    }
    // Windows overlap, an index lies outside its window, or the type is one without vector code.
    max_pool2d::backward_into(dout, argmax, [h, w], pool, dx)?;
    backward_train_in_place(dx, from_channels_last(x), gamma, statistics)
}

/// Normalises and pools a batch in the axis order `(N, H, W, C)`, strip by strip.
fn normalize_and_pool<F: Real>(
    x: ArrayView4<'_, F>,
    channels: &[[f64; 3]],
    strips: &Strips,
    pooled: Pooled<'_, F>,
) -> Result<(), KernelError> {
    let (n, [oh, ow], c) = (x.dim().0, strips.out, strips.channels);
    let mut largest = reused(OPERATION, [n, oh, ow, c], pooled.out)?;
    let mut places = reused(OPERATION, [n, oh, ow, c], pooled.argmax)?;
    let channels = in_lanes(channels);
    let images = (
        Images::new(elements(&x), strips.image),
        Images::new(elements_mut(&mut largest), oh * ow * c),
        Images::new(elements_mut(&mut places), oh * ow * c),
    );
    try_divide(n, x.len() / 5, images, &|(x, out, argmax)| {
        let mut normalized = Scratch::any(OPERATION, &[strips.image])?;
        for ((x, out), argmax) in x.iter().zip(out.iter_mut()).zip(argmax.iter_mut()) {
            for strip in strips.iter() {
                let Strip { values, pooled, .. } = strip;
                let (of_strip, x) = (&mut normalized[values.clone()], &x[values.clone()]);
                F::replace_by_terms::<ScaleAndShift, 3>(of_strip, x, c, &channels);
                let (out, argmax) = (&mut out[pooled.clone()], &mut argmax[pooled.clone()]);
                F::pool(strips.windows(strip), &normalized, out, argmax);
            }
        }
        Ok(())
    })?;
    *pooled.out = from_channels_last(largest);
    *pooled.argmax = from_channels_last(places);
    Ok(())
}

/// The gradients of pooled images, and their indices.
type Gradients<'a, F> = (&'a [F], &'a [u32]);

/// The same, image by image.
type Pooling<'a, F> = (Images<&'a [F]>, Images<&'a [u32]>);

/// The images of x and dx.
type Pixels<'a, F> = (Images<&'a [F]>, Images<&'a mut [F]>);

/// dγ and dβ of each channel, unless an index lies outside its window; none for a type without vector
/// code.
fn parameter_gradients<F: Real>(
    (dout, argmax): Gradients<'_, F>,
    x: &[F],
    strips: &Strips,
    statistics: &BatchStatistics,
) -> Option<Vec<[f64; 2]>> {
    let images = x.len() / strips.image;
    let batch = (
        Images::new(dout, dout.len() / images),
        Images::new(argmax, argmax.len() / images),
        Images::new(x, strips.image),
    );
    let sums =
        sums_by_image(images, x.len() / 12, batch, &means(statistics), &|batch, means, sums| {
            let (dout, argmax, x) = batch;
            let pooled = dout.iter().zip(argmax.iter());
            for ((pooled, x), sums) in pooled.zip(x.iter()).zip(sums.iter_mut()) {
                for strip in strips.iter() {
                    let unpooled = strips.unpooled(strip, pooled, x);
                    if !F::add_unpooled_terms::<ParameterGradients, 1, 2>(unpooled, means, sums) {
                        return Err(());
                    }
                }
            }
            Ok(())
        });
    sums.ok().map(|sums| of_sums(sums, statistics))
}

/// dx, from the numbers of all channels. Returns whether each index lies in its window; if not, `dx`
/// holds nothing of use.
fn input_gradients<F: Real>(
    (dout, argmax): Gradients<'_, F>,
    x: &[F],
    strips: &Strips,
    channels: &[[f64; 4]],
    dx: &mut [F],
) -> bool {
    let (images, channels) = (x.len() / strips.image, in_lanes(channels));
    let batch = (
        (Images::new(dout, dout.len() / images), Images::new(argmax, argmax.len() / images)),
        (Images::new(x, strips.image), Images::new(dx, strips.image)),
    );
    let work = |((dout, argmax), (x, dx)): (Pooling<'_, F>, Pixels<'_, F>)| {
        let pooled = dout.iter().zip(argmax.iter());
        for (pooled, (x, dx)) in pooled.zip(x.iter().zip(dx.iter_mut())) {
            for strip in strips.iter() {
                if strips.needs_zeros {
                    let (dx, x) = (&mut dx[strip.values.clone()], &x[strip.values.clone()]);
                    dx.fill(F::zero());
                    F::replace_by_terms::<InputGradient, 4>(dx, x, strips.channels, &channels);
                }
                let unpooled = strips.unpooled(strip, pooled, x);
                if !F::write_unpooled_terms::<InputGradient, 4>(unpooled, &channels, dx) {
                    return Err(());
                }
            }
        }
        Ok(())
    };
    try_divide(images, x.len() / 12, batch, &work).is_ok()
}
