//! Batch norm of images and the max pooling behind it, some rows of an image at a time: what lies
//! between the two stays in the nearest cache, and is never a batch in memory.
//!
//! Every bit is as the functions of [`batch_norm`](crate::batch_norm) and
//! [`max_pool2d`] compute it one after the other.

use std::ops::Range;

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, Ix4};

use super::axes::RowsOrImages;
use super::backward::{
    InputGradient, backward_train_in_place, input_gradient, means, of_sums, rounded,
};
use super::batch_statistics::{BatchStatistics, values_per_channel};
use super::checks::{self, expect_channels, expect_forward, expect_training};
use super::config::BatchNormConfig;
use super::forward::scales_and_shifts;
use super::running_statistics::RunningStatistics;
use crate::engine::channels::{in_lanes, sums_by_image};
use crate::engine::lanes::Lanes;
use crate::engine::layout::{elements, elements_mut, from_channels_last, reused, to_channels_last};
use crate::engine::parallel::{Images, try_divide};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::{KernelError, expect_shape};
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
    train((x, None), (gamma, beta), running, config, pool, pooled)
}

/// The guesses of the mean, and the sums of [`Deviation`](crate::ops::normalization::Deviation) around them.
pub(in crate::ops) type SumsOfBatch = (Vec<[f64; 1]>, Vec<[f64; 2]>);

/// [`forward_train_into`] of a batch whose sums may be known.
pub(in crate::ops) fn train<F: Real>(
    (x, sums): (ArrayView4<'_, F>, Option<SumsOfBatch>),
    (gamma, beta): (ArrayView1<'_, F>, ArrayView1<'_, F>),
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
    let (count, eps) = (values_per_channel(x), config.eps());
    let statistics = match sums {
        Some((guesses, moments)) => BatchStatistics::around(&guesses, moments, count, eps),
        None => BatchStatistics::of(x, eps),
    };
    normalize_and_pool(x, &scales_and_shifts(&statistics, gamma, beta), &strips, pooled)?;
    running.update(&statistics, count, config);
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
    let strips = expect_backward(x, gamma, statistics, pool)?;
    let (n, _, h, w) = x.dim();
    strips.expect_pooled("dout", dout.shape(), n)?;
    strips.expect_pooled("argmax", argmax.shape(), n)?;
    let x = to_channels_last(x);
    let x = x.view();
    let of_pool = (to_channels_last(dout), to_channels_last(argmax));
    let pooled = (elements(&of_pool.0), elements(&of_pool.1));
    if let Some(images) =
        InputGradients::new(pooled, elements(&x), (&strips, pool), gamma, statistics)
    {
        let mut pixels = reused(OPERATION, x.raw_dim(), dx)?;
        let parts = (0..n, Images::new(elements_mut(&mut pixels), strips.image));
        let write = |(which, dx): (Range<usize>, Images<&mut [F]>)| {
            let is_done = which.zip(dx.iter_mut()).all(|(image, dx)| images.write(image, dx));
            is_done.then_some(()).ok_or(())
        };
        let is_done = try_divide(n, x.len() / 12, parts, &write).is_ok();
        *dx = from_channels_last(pixels);
        if is_done {
            return Ok(images.parameters);
        }
    }
    // Windows overlap, an index lies outside its window, or the type is one without vector code.
    max_pool2d::backward_into(dout, argmax, [h, w], pool, dx)?;
    backward_train_in_place(dx, from_channels_last(x), gamma, statistics)
}

/// The numbers of [`ScaleAndShift`] in evaluation, for images of so many channels.
///
/// # Errors
///
/// [`KernelError`] for parameters or running statistics of another length.
pub(in crate::ops) fn numbers_in_evaluation<F: Real>(
    channels: usize,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
    config: &BatchNormConfig,
) -> Result<Vec<Lanes<3>>, KernelError> {
    for (argument, got) in [
        ("gamma", gamma.len()),
        ("beta", beta.len()),
        ("running_mean", running.mean.len()),
        ("running_var", running.var.len()),
    ] {
        let because = "one value per channel of x";
        expect_shape(Ix4::OPERATION, argument, &[got], &[channels], because)?;
    }
    Ok(in_lanes(&scales_and_shifts(&running.as_batch(config.eps()), gamma, beta)))
}

/// Checks what the backward pass is given but the pooled gradients; the strips of its images.
pub(in crate::ops) fn expect_backward<F: Real>(
    x: ArrayView4<'_, F>,
    gamma: ArrayView1<'_, F>,
    statistics: &BatchStatistics,
    pool: &MaxPool2dConfig,
) -> Result<Strips, KernelError> {
    checks::expect_backward(x.shape(), &x, gamma)?;
    expect_channels(&x, "statistics", statistics.channels())?;
    Strips::of(x.dim().into(), pool)
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
pub(in crate::ops) type Gradients<'a, F> = (&'a [F], &'a [u32]);

/// dγ and dβ of each channel, which hold only if every index lies in its window: that is what
/// [`InputGradients::write`] finds out. None for a type without vector code.
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

/// dx of one image after the other.
pub(in crate::ops) struct InputGradients<'a, F> {
    pooled: Gradients<'a, F>,
    x: &'a [F],
    strips: &'a Strips,
    channels: Vec<Lanes<4>>,
    /// dγ and dβ, once [`Self::write`] has been true of every image.
    pub(in crate::ops) parameters: (Array1<F>, Array1<F>),
}

impl<'a, F: Real> InputGradients<'a, F> {
    /// From pooled gradients and the `x` that was normalised, both in channels-last memory. None where windows
    /// overlap, and for a type without vector code.
    pub(in crate::ops) fn new(
        pooled: Gradients<'a, F>,
        x: &'a [F],
        (strips, pool): (&'a Strips, &MaxPool2dConfig),
        gamma: ArrayView1<'_, F>,
        statistics: &BatchStatistics,
    ) -> Option<Self> {
        if pool.overlaps() {
            return None;
        }
        let sums = parameter_gradients(pooled, x, strips, statistics)?;
        let count = (x.len() / strips.channels) as f64;
        let channels = in_lanes(&input_gradient(statistics, gamma, &sums, count));
        Some(Self { pooled, x, strips, channels, parameters: rounded(&sums) })
    }

    /// Writes dx of one image. Whether each index lies in its window; if not, `dx` holds nothing of use.
    pub(in crate::ops) fn write(&self, image: usize, dx: &mut [F]) -> bool {
        let Self { pooled: (dout, argmax), x, strips, channels, .. } = self;
        let each = strips.out[0] * strips.out[1] * strips.channels;
        let of_image = image * each..(image + 1) * each;
        let pooled = (&dout[of_image.clone()], &argmax[of_image]);
        let x = &x[image * strips.image..][..strips.image];
        for strip in strips.iter() {
            if strips.needs_zeros {
                let (dx, x) = (&mut dx[strip.values.clone()], &x[strip.values.clone()]);
                dx.fill(F::zero());
                F::replace_by_terms::<InputGradient, 4>(dx, x, strips.channels, channels);
            }
            let unpooled = strips.unpooled(strip, pooled, x);
            if !F::write_unpooled_terms::<InputGradient, 4>(unpooled, channels, dx) {
                return false;
            }
        }
        true
    }
}
