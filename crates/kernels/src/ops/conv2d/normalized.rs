//! A convolution, the batch norm of images behind it and the max pooling behind that: what lies between them
//! is a batch in memory only where the statistics of the batch need it.
//!
//! Every bit is as the functions of [`conv2d`](crate::conv2d), [`batch_norm`](crate::batch_norm) and
//! [`max_pool2d`] compute it one after the other.

use std::ops::Range;

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, s};

use super::config::{Conv2dConfig, OPERATION};
use super::dout::{DoutImages, Stored};
use super::forward_pass::ForwardPass;
use super::geometry::Geometry;
use super::gradients::{Wanted, gradients};
use super::max_pooled::convolve_and_pool;
use crate::engine::channels::sums_by_image;
use crate::engine::lanes::Lanes;
use crate::engine::layout::{elements, elements_mut, from_channels_last, reused, to_channels_last};
use crate::engine::parallel::Images;
use crate::engine::real::Real;
use crate::error::KernelError;
use crate::ops::batch_norm::max_pooled::{
    self, InputGradients, SumsOfBatch, numbers_in_evaluation,
};
use crate::ops::batch_norm::{
    BatchNormConfig, BatchStatistics, RunningStatistics, backward_train_in_place, guesses,
    images_of_a_guess,
};
use crate::ops::max_pool2d::{self, MaxPool2dConfig, Pooled};
use crate::ops::normalization::Deviation;

/// The parameters and settings of the three operations.
#[derive(Debug, Clone)]
pub struct Block<'a, F> {
    /// Of the convolution, shape `(F, C, KH, KW)`.
    pub weight: ArrayView4<'a, F>,
    /// Of the convolution, shape `(F,)`.
    pub bias: ArrayView1<'a, F>,
    /// Of batch norm, shape `(F,)`.
    pub gamma: ArrayView1<'a, F>,
    /// Of batch norm, shape `(F,)`.
    pub beta: ArrayView1<'a, F>,
    /// Stride and padding of the convolution.
    pub convolution: &'a Conv2dConfig,
    /// ε, momentum and convention of batch norm.
    pub norm: &'a BatchNormConfig,
    /// The windows of the pooling, and whether a ReLU follows.
    pub pool: &'a MaxPool2dConfig,
}

/// [`conv2d::forward`](super::forward()), [`batch_norm::forward_train`](crate::batch_norm::forward_train) and
/// [`max_pool2d::forward`], one after the other. Writes the result of the first
/// into `convolved`, whose memory is used again where it has room.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`.
///
/// # Errors
///
/// Those of the three functions; `running` is then unchanged, and what the results held is lost.
pub fn forward_train_into<F: Real>(
    x: ArrayView4<'_, F>,
    block: &Block<'_, F>,
    running: &mut RunningStatistics<F>,
    convolved: &mut Array4<F>,
    pooled: Pooled<'_, F>,
) -> Result<BatchStatistics, KernelError> {
    let &Block { weight, bias, gamma, beta, convolution, norm, pool } = block;
    let geometry = Geometry::new(x.shape(), weight.shape(), convolution)?;
    let pass = ForwardPass::new(&geometry, weight, bias)?;
    let sums = convolve_and_sum(x, &pass, convolved)?;
    let convolved = (convolved.view(), sums);
    max_pooled::forward_train_into(convolved, (gamma, beta), running, norm, pool, pooled)
}

/// Convolves a batch into `convolved`, and sums each image for the statistics while it is in the cache.
fn convolve_and_sum<F: Real>(
    x: ArrayView4<'_, F>,
    pass: &ForwardPass<'_, F>,
    convolved: &mut Array4<F>,
) -> Result<SumsOfBatch, KernelError> {
    let geometry = pass.geometry;
    let &Geometry { n, c, h, w, f, oh, ow, .. } = geometry;
    let mut pixels = reused(OPERATION, [n, oh, ow, f], convolved)?;
    let x = to_channels_last(x);
    let windows = geometry.windows(0..oh);
    // The first images first: their mean is the guess that the sums are around.
    let (first, image) = (images_of_a_guess([n, oh, ow]), oh * ow * f);
    let mut frame = pass.frame()?;
    let images =
        elements(&x).chunks_exact(h * w * c).zip(elements_mut(&mut pixels).chunks_exact_mut(image));
    for (x, out) in images.take(first) {
        pass.windows(pass.spread(x, &mut frame), &windows, out);
    }
    let guesses = guesses(pixels.slice(s![..first, .., .., ..]));
    let parts =
        (0..n, Images::new(elements(&x), h * w * c), Images::new(elements_mut(&mut pixels), image));
    let nanoseconds = geometry.products() / 64;
    let add =
        |(which, x, out): Part<'_, F>, guesses: &[Lanes<1>], sums: Images<&mut [Lanes<2>]>| {
            let mut frame = pass.frame()?;
            let images = which.zip(x.iter()).zip(out.iter_mut());
            for (((which, x), out), sums) in images.zip(sums.iter_mut()) {
                if which >= first {
                    pass.windows(pass.spread(x, &mut frame), &windows, out);
                }
                F::add_terms::<Deviation, 1, 2>([out, out], f, guesses, sums);
            }
            Ok(())
        };
    let moments = sums_by_image(n, nanoseconds, parts, &guesses, &add)?;
    *convolved = from_channels_last(pixels);
    Ok((guesses, moments))
}

/// Images by their number, with what they are convolved from and to.
type Part<'a, F> = (Range<usize>, Images<&'a [F]>, Images<&'a mut [F]>);

/// [`conv2d::forward`](super::forward()), [`batch_norm::forward_eval`](crate::batch_norm::forward_eval) and
/// [`max_pool2d::forward`], one after the other, some rows of an image at a time.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`.
///
/// # Errors
///
/// Those of the three functions; what `pooled` held is then lost.
pub fn forward_eval_into<F: Real>(
    x: ArrayView4<'_, F>,
    block: &Block<'_, F>,
    running: &RunningStatistics<F>,
    pooled: Pooled<'_, F>,
) -> Result<(), KernelError> {
    let &Block { weight, bias, gamma, beta, convolution, norm, pool } = block;
    let geometry = Geometry::new(x.shape(), weight.shape(), convolution)?;
    let channels = numbers_in_evaluation(geometry.f, gamma, beta, running, norm)?;
    let pass = ForwardPass::new(&geometry, weight, bias)?;
    convolve_and_pool(x, &pass, Some(&channels), pool, pooled)
}

/// The gradients of [`forward_train_into`] that are wanted. Returns dγ and dβ.
///
/// # Shapes
///
/// `dout` and `argmax` as [`forward_train_into`] returned them, with `statistics` and `convolved`, for `x` and
/// `block`.
///
/// # Errors
///
/// Those of the three functions; what the results held is then lost.
pub fn backward_train_into<F: Real>(
    (dout, argmax): (ArrayView4<'_, F>, ArrayView4<'_, u32>),
    x: ArrayView4<'_, F>,
    convolved: ArrayView4<'_, F>,
    statistics: &BatchStatistics,
    block: &Block<'_, F>,
    mut wanted: Wanted<'_, F>,
) -> Result<(Array1<F>, Array1<F>), KernelError> {
    let &Block { weight, gamma, convolution, pool, .. } = block;
    let geometry = Geometry::new(x.shape(), weight.shape(), convolution)?;
    geometry.expect_result("convolved", convolved.shape())?;
    let strips = max_pooled::expect_backward(convolved, gamma, statistics, pool)?;
    strips.expect_pooled("dout", dout.shape(), geometry.n)?;
    strips.expect_pooled("argmax", argmax.shape(), geometry.n)?;
    let of_pool = (to_channels_last(dout), to_channels_last(argmax));
    let pooled = (elements(&of_pool.0), elements(&of_pool.1));
    let pixels = to_channels_last(convolved);
    let (strips, pixels) = (&strips, elements(&pixels));
    if let Some(images) = InputGradients::new(pooled, pixels, (strips, pool), gamma, statistics) {
        let dout = Denormalized { images, image: strips.image };
        let (input, parameters) = wanted.of(x, weight);
        if gradients(&geometry, &dout, input, parameters)? {
            return Ok(dout.images.parameters);
        }
    }
    // Windows overlap, an index lies outside its window, or the type is one without vector code.
    let mut whole = max_pool2d::backward(dout, argmax, [geometry.oh, geometry.ow], pool)?;
    let of_norm = backward_train_in_place(&mut whole, convolved, gamma, statistics)?;
    let whole = to_channels_last(whole.view());
    let dout = Stored { values: elements(&whole), image: strips.image };
    let (input, parameters) = wanted.of(x, weight);
    gradients(&geometry, &dout, input, parameters)?;
    Ok(of_norm)
}

/// The gradients with respect to a convolution's result, made image by image from those behind batch norm and
/// pooling.
struct Denormalized<'a, F> {
    images: InputGradients<'a, F>,
    /// Values of an image.
    image: usize,
}

impl<F: Real> DoutImages<F> for Denormalized<'_, F> {
    fn memory(&self) -> usize {
        self.image
    }

    fn image<'a>(&'a self, image: usize, memory: &'a mut [F]) -> Option<&'a [F]> {
        self.images.write(image, memory).then_some(memory)
    }
}
