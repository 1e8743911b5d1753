//! What batch norm of images does with a max pooling behind it, some rows of an image at a time: what lies
//! between the two stays in the nearest cache, and is never a batch in memory.

use ndarray::{Array1, ArrayView1, ArrayView4, Ix4};

use super::axes::RowsOrImages;
use super::backward::{InputGradient, input_gradient, means, of_sums, rounded};
use super::batch_statistics::{BatchStatistics, values_per_channel};
use super::checks::{self, expect_channels, expect_training};
use super::config::BatchNormConfig;
use super::forward::scales_and_shifts;
use super::running_statistics::RunningStatistics;
use crate::engine::channels::{NumbersOfPixels, in_lanes, sums_by_image};
use crate::engine::lanes::Lanes;
use crate::engine::layout::{elements, to_channels_last};
use crate::engine::parallel::{Images, try_divide};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::{KernelError, expect_shape};
use crate::ops::max_pool2d::strips::Strips;
use crate::ops::max_pool2d::{MaxPool2dConfig, OPERATION, Pooled};
use crate::ops::normalization::{ParameterGradients, ScaleAndShift};

/// The guesses of the mean, and the sums of [`Deviation`](crate::ops::normalization::Deviation) around them.
pub(in crate::ops) type SumsOfBatch = (Vec<[f64; 1]>, Vec<[f64; 2]>);

/// [`batch_norm::forward_train`](super::forward_train) of images whose sums are known, then
/// [`max_pool2d::forward`](crate::max_pool2d::forward) of its result.
///
/// # Errors
///
/// Those of the two functions; `running` is then unchanged, and what `pooled` held is lost.
pub(in crate::ops) fn forward_train_into<F: Real>(
    (x, (guesses, moments)): (ArrayView4<'_, F>, SumsOfBatch),
    (gamma, beta): (ArrayView1<'_, F>, ArrayView1<'_, F>),
    running: &mut RunningStatistics<F>,
    config: &BatchNormConfig,
    pool: &MaxPool2dConfig,
    pooled: Pooled<'_, F>,
) -> Result<BatchStatistics, KernelError> {
    expect_training(&x, gamma, beta, running)?;
    let strips = Strips::of(x.dim().into(), pool)?;
    let x = to_channels_last(x);
    let x = x.view();
    let count = values_per_channel(x);
    let statistics = BatchStatistics::around(&guesses, moments, count, config.eps());
    normalize_and_pool(x, &scales_and_shifts(&statistics, gamma, beta), &strips, pooled)?;
    running.update(&statistics, count, config);
    Ok(statistics)
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
) -> Result<NumbersOfPixels<3>, KernelError> {
    for (argument, got) in [
        ("gamma", gamma.len()),
        ("beta", beta.len()),
        ("running_mean", running.mean.len()),
        ("running_var", running.var.len()),
    ] {
        let because = "one value per channel of x";
        expect_shape(Ix4::OPERATION, argument, &[got], &[channels], because)?;
    }
    let channels = scales_and_shifts(&running.as_batch(config.eps()), gamma, beta);
    Ok(NumbersOfPixels::new(&channels))
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
    let (n, numbers) = (x.dim().0, NumbersOfPixels::new(channels));
    strips.write(OPERATION, n, pooled, |out, argmax| {
        let images = (Images::new(elements(&x), strips.image), out, argmax);
        try_divide(n, x.len() / 5, images, &|(x, out, argmax)| {
            let mut normalized = Scratch::any(OPERATION, &[strips.image])?;
            // The last images first: summing has left those in the caches.
            let images = x.iter().zip(out.iter_mut()).zip(argmax.iter_mut());
            for ((x, out), argmax) in images.rev() {
                for strip in strips.iter() {
                    let values = strip.values.clone();
                    let (of_strip, x) = (&mut normalized[values.clone()], &x[values]);
                    numbers.replace_by_terms::<ScaleAndShift, F>(of_strip, x);
                    strips.pool(strip, &normalized, out, argmax);
                }
            }
            Ok(())
        })
    })
}

/// The gradients of pooled images, and their indices.
pub(in crate::ops) type Gradients<'a, F> = (&'a [F], &'a [u32]);

/// dγ and dβ of each channel, which hold only if every index lies in its window, or is no pixel's: that is what
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
            // The last images first, so that the first are in the caches when their dx is made.
            for ((pooled, x), sums) in pooled.zip(x.iter()).zip(sums.iter_mut()).rev() {
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

    /// Writes dx of one image. Whether each index lies in its window, or is no pixel's; if not, `dx` holds nothing
    /// of use.
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
