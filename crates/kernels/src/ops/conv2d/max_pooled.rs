//! Convolution and the max pooling behind it, some rows of an image at a time: what lies between the two
//! stays in the nearest caches, and is never a batch in memory.
//!
//! Every bit is as the functions of [`conv2d`](crate::conv2d) and [`max_pool2d`] compute it
//! one after the other.

use ndarray::{ArrayView1, ArrayView4};

use super::config::{Conv2dConfig, OPERATION};
use super::dout::DoutImages;
use super::forward_pass::ForwardPass;
use super::geometry::Geometry;
use super::gradients::{Wanted, gradients};
use crate::engine::channels::NumbersOfPixels;
use crate::engine::layout::{elements, to_channels_last};
use crate::engine::parallel::{Images, try_divide};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::KernelError;
use crate::ops::max_pool2d::strips::Strips;
use crate::ops::max_pool2d::{self, MaxPool2dConfig, Pooled};
use crate::ops::normalization::ScaleAndShift;

/// [`conv2d::forward`](super::forward()), then [`max_pool2d::forward`] of its result.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`, `weight` `(F, C, KH, KW)`, `bias` `(F,)`.
///
/// # Errors
///
/// Those of the two functions; what `pooled` held is then lost.
pub fn forward_into<F: Real>(
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    bias: ArrayView1<'_, F>,
    config: &Conv2dConfig,
    pool: &MaxPool2dConfig,
    pooled: Pooled<'_, F>,
) -> Result<(), KernelError> {
    let geometry = Geometry::new(x.shape(), weight.shape(), config)?;
    convolve_and_pool(x, &ForwardPass::new(&geometry, weight, bias)?, None, pool, pooled)
}

/// Convolves a batch, normalises it by the numbers of [`ScaleAndShift`] for each channel if there are any,
/// and pools it, strip by strip.
pub(super) fn convolve_and_pool<F: Real>(
    x: ArrayView4<'_, F>,
    pass: &ForwardPass<'_, F>,
    normalization: Option<&NumbersOfPixels<3>>,
    pool: &MaxPool2dConfig,
    pooled: Pooled<'_, F>,
) -> Result<(), KernelError> {
    let geometry = pass.geometry;
    let &Geometry { n, c, h, w, f, oh, ow, .. } = geometry;
    let strips = Strips::of([n, f, oh, ow], pool)?;
    let x = to_channels_last(x);
    let windows: Vec<_> = strips.iter().map(|strip| geometry.windows(strip.rows.clone())).collect();
    strips.write(OPERATION, n, pooled, |out, argmax| {
        let images = (Images::new(elements(&x), h * w * c), out, argmax);
        try_divide(n, geometry.products() / 64, images, &|(x, out, argmax)| {
            let mut frame = pass.frame()?;
            let mut convolved = Scratch::any(OPERATION, &[strips.image])?;
            let normalized = normalization.map(|_| Scratch::any(OPERATION, &[strips.image]));
            let mut normalized = normalized.transpose()?;
            for ((x, out), argmax) in x.iter().zip(out.iter_mut()).zip(argmax.iter_mut()) {
                let frame = pass.spread(x, &mut frame);
                for (strip, windows) in strips.iter().zip(&windows) {
                    pass.windows(frame, windows, &mut convolved);
                    let image = match (normalization, &mut normalized) {
                        (Some(numbers), Some(normalized)) => {
                            let values = strip.values.clone();
                            let (from, to) = (&convolved[values.clone()], &mut normalized[values]);
                            numbers.replace_by_terms::<ScaleAndShift, F>(to, from);
                            &*normalized
                        }
                        _ => &convolved,
                    };
                    strips.pool(strip, image, out, argmax);
                }
            }
            Ok(())
        })
    })
}

/// The gradients of [`forward_into`] that are wanted: [`max_pool2d::backward`], then
/// [`conv2d::backward`](super::backward) of its result.
///
/// # Shapes
///
/// `dout` and `argmax` as [`forward_into`] returned them for `x` and `weight`.
///
/// # Errors
///
/// Those of the two functions; what the results held is then lost.
pub fn backward_into<F: Real>(
    dout: ArrayView4<'_, F>,
    argmax: ArrayView4<'_, u32>,
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
    pool: &MaxPool2dConfig,
    mut wanted: Wanted<'_, F>,
) -> Result<(), KernelError> {
    let geometry = Geometry::new(x.shape(), weight.shape(), config)?;
    let &Geometry { n, f, oh, ow, .. } = &geometry;
    let strips = Strips::of([n, f, oh, ow], pool)?;
    strips.expect_pooled("dout", dout.shape(), n)?;
    strips.expect_pooled("argmax", argmax.shape(), n)?;
    let (dout, argmax) = (to_channels_last(dout), to_channels_last(argmax));
    let (strips, overlaps, argmax) = (&strips, pool.overlaps(), argmax.view());
    let dout = Unpooled { strips, overlaps, dout: elements(&dout), argmax };
    let (input, parameters) = wanted.of(x, weight);
    if !gradients(&geometry, &dout, input, parameters)? {
        // Only an index outside the plane stops `Unpooled`; this names it.
        max_pool2d::expect_indices(argmax, oh * ow)?;
    }
    Ok(())
}

/// The gradients of pooled images, unpooled one by one.
struct Unpooled<'a, F> {
    strips: &'a Strips,
    overlaps: bool,
    dout: &'a [F],
    /// In the axis order `(N, H, W, C)`.
    argmax: ArrayView4<'a, u32>,
}

impl<F: Real> DoutImages<F> for Unpooled<'_, F> {
    fn memory(&self) -> usize {
        self.strips.image
    }

    fn image<'a>(&'a self, image: usize, memory: &'a mut [F]) -> Option<&'a [F]> {
        let Strips { channels, out: [rows, columns], .. } = *self.strips;
        let pooled = rows * columns * channels;
        let of_image = image * pooled..(image + 1) * pooled;
        let pooled = (&self.dout[of_image.clone()], &elements(&self.argmax)[of_image]);
        // Where windows overlap or an index lies outside its window, and for a type without vector code,
        // one value is added after the other.
        if (self.overlaps || !self.strips.unpool(pooled, memory))
            && !max_pool2d::scatter_image(pooled, channels, memory)
        {
            return None;
        }
        Some(memory)
    }
}
