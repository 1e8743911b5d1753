//! The hyperbolic tangent, y = tanh x, elementwise on any shape.
//!
//! Near 0 no digit is lost, and −0 stays −0. In `f32` it is computed in
//! `f64` arithmetic by a polynomial, in vector code, and rounded once; in `f64` by `libm`. Both give the same bits on every processor. NaN stays NaN. In plain loops:
//! [`reference::tanh`](crate::reference::tanh).
//!
//! Source: PyTorch's `tanh` and its gradient, which is taken of the output.

use ndarray::{Array, ArrayView, Dimension};

use crate::engine::elementwise::{Function, replace_each};
use crate::engine::layout::{copy_into_as, update_pairs};
use crate::engine::real::Real;
use crate::error::{KernelError, expect_shape};

const OPERATION: &str = "tanh";

/// tanh x of each element.
///
/// # Shapes
///
/// Any; the result has the shape of `x`, and its memory layout where that is contiguous.
pub fn forward<F: Real, D: Dimension>(x: ArrayView<'_, F, D>) -> Array<F, D> {
    let mut out = x.to_owned();
    forward_in_place(&mut out);
    out
}

/// As [`forward`], into `out`, whose memory is used again where it has room.
///
/// # Errors
///
/// [`KernelError::TooLarge`] when there is no memory for `out`; what it held is then lost.
pub fn forward_into<F: Real, D: Dimension>(
    x: ArrayView<'_, F, D>,
    out: &mut Array<F, D>,
) -> Result<(), KernelError> {
    copy_into_as(OPERATION, x, out)?;
    forward_in_place(out);
    Ok(())
}

/// As [`forward`], in place.
///
/// # Shapes
///
/// Any.
pub fn forward_in_place<F: Real, D: Dimension>(x: &mut Array<F, D>) {
    replace_each::<Tanh, _, _>(x);
}

/// dx = dy·(1 − y²), of the output y of the forward pass.
///
/// # Shapes
///
/// `dout`, `out` and the result are of one shape.
///
/// # Errors
///
/// [`KernelError::Shape`] when `dout` has another shape than `out`.
pub fn backward<F: Real, D: Dimension>(
    dout: ArrayView<'_, F, D>,
    out: ArrayView<'_, F, D>,
) -> Result<Array<F, D>, KernelError> {
    let mut dx = dout.to_owned();
    backward_in_place(&mut dx, out)?;
    Ok(dx)
}

/// As [`backward`], in place: `dout` becomes dx.
///
/// # Errors
///
/// As for [`backward`]; `dout` is then unchanged.
pub fn backward_in_place<F: Real, D: Dimension>(
    dout: &mut Array<F, D>,
    out: ArrayView<'_, F, D>,
) -> Result<(), KernelError> {
    expect_shape(OPERATION, "dout", dout.shape(), out.shape(), "that of out")?;
    update_pairs(dout, out, slope);
    Ok(())
}

fn slope<F: Real>(dout: F, out: F) -> F {
    dout * (F::one() - out * out)
}

struct Tanh;

impl<F: Real> Function<F> for Tanh {
    #[inline(always)]
    fn of(x: F) -> F {
        x.tanh()
    }
}
