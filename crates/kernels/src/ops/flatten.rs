//! Images as rows: the value of channel c at (h, w) is at (c·H + h)·W + w of its row.
//!
//! In plain loops: [`reference::flatten`](crate::reference::flatten).
//!
//! Source: PyTorch's `flatten`, whose order is that of the axes and not of channels-last memory.

use ndarray::{Array2, Array4, ArrayView2, ArrayView4};

use crate::engine::layout::{
    element_count, elements, elements_mut, from_channels_last, reused, to_channels_last,
    transpose_each,
};
use crate::engine::real::Real;
use crate::error::{KernelError, expect_not_empty, expect_shape};

const OPERATION: &str = "flatten";

/// Writes the rows of `x` to `out`, whose memory is used again where it has room.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`, `out` `(N, C·H·W)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, or when there is no memory for `out`; what it held is then
/// lost.
pub fn forward_into<F: Real>(x: ArrayView4<'_, F>, out: &mut Array2<F>) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "x", x.shape())?;
    let (n, c, h, w) = x.dim();
    let mut rows = reused(OPERATION, [n, c * h * w], out)?;
    let x = to_channels_last(x);
    transpose_each(elements(&x), c * h * w, c, elements_mut(&mut rows));
    *out = rows;
    Ok(())
}

/// Writes the gradient of the images to `dx`, whose memory is used again where it has room; it is
/// channels-last.
///
/// # Shapes
///
/// `dout` `(N, C·H·W)`, `size` = `[C, H, W]`, `dx` `(N, C, H, W)`.
///
/// # Errors
///
/// As for [`forward_into`], and for a `dout` of another shape; what `dx` held is then lost.
pub fn backward_into<F: Real>(
    dout: ArrayView2<'_, F>,
    [c, h, w]: [usize; 3],
    dx: &mut Array4<F>,
) -> Result<(), KernelError> {
    let n = dout.nrows();
    expect_not_empty(OPERATION, "dx", &[n, c, h, w])?;
    let too_large = || KernelError::TooLarge { operation: OPERATION, shape: vec![n, c, h, w] };
    let features = element_count(&[c, h, w]).ok_or_else(too_large)?;
    expect_shape(OPERATION, "dout", dout.shape(), &[n, features], "one row per image")?;
    let mut pixels = reused(OPERATION, [n, h, w, c], dx)?;
    let dout = dout.as_standard_layout();
    transpose_each(elements(&dout), features, h * w, elements_mut(&mut pixels));
    *dx = from_channels_last(pixels);
    Ok(())
}
