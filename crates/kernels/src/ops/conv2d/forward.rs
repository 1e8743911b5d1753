//! The convolution itself: each output pixel is a sum over the window that it looks through.

use ndarray::{Array4, ArrayView1, ArrayView4};

use super::config::{Conv2dConfig, OPERATION};
use super::forward_pass::ForwardPass;
use super::geometry::Geometry;
use crate::engine::layout::{
    elements, elements_mut, from_channels_last, nothing, reused, to_channels_last,
};
use crate::engine::parallel::{Images, try_divide};
use crate::engine::real::Real;
use crate::error::KernelError;

/// The convolution of a batch.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`, `weight` `(F, C, KH, KW)`, `bias` `(F,)`; the result `(N, F, OH, OW)` with
/// OH = (H + 2·p_h − KH) / s_h + 1, rounded down, and OW likewise.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, mismatched channels, a `bias` of another length than `F`, or
/// a kernel larger than the padded image, or a result that no memory holds.
pub fn forward<F: Real>(
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    bias: ArrayView1<'_, F>,
    config: &Conv2dConfig,
) -> Result<Array4<F>, KernelError> {
    let mut out = nothing();
    forward_into(x, weight, bias, config, &mut out)?;
    Ok(out)
}

/// As [`forward`], into `out`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`forward`]; what the results held is then lost.
pub fn forward_into<F: Real>(
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    bias: ArrayView1<'_, F>,
    config: &Conv2dConfig,
    out: &mut Array4<F>,
) -> Result<(), KernelError> {
    let geometry = Geometry::new(x.shape(), weight.shape(), config)?;
    let &Geometry { n, c, h, w, f, oh, ow, .. } = &geometry;
    let pass = ForwardPass::new(&geometry, weight, bias)?;
    let mut pixels = reused(OPERATION, [n, oh, ow, f], out)?;
    let x = to_channels_last(x);
    let windows = geometry.windows(0..oh);
    let images =
        (Images::new(elements(&x), h * w * c), Images::new(elements_mut(&mut pixels), oh * ow * f));
    try_divide(n, geometry.products() / 64, images, &|(x, out)| {
        let mut frame = pass.frame()?;
        for (x, out) in x.iter().zip(out.iter_mut()) {
            pass.windows(pass.spread(x, &mut frame), &windows, out);
        }
        Ok(())
    })?;
    *out = from_channels_last(pixels);
    Ok(())
}
