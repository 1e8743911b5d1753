//! The rectified linear unit, y = max(x, 0), elementwise on any shape.
//!
//! In plain loops: [`reference::relu`](crate::reference::relu).
//!
//! Source: PyTorch's `relu` and its gradient, which is 0 at x = 0; NaN stays NaN.

use ndarray::{Array, ArrayView, Dimension};

use crate::engine::layout::{reused_like, update_pairs};
use crate::engine::real::Real;
use crate::error::{KernelError, expect_shape};

const OPERATION: &str = "relu";

/// max(x, 0) of each element.
///
/// # Shapes
///
/// Any; the result has the shape of `x`, and its memory layout where that is contiguous.
pub fn forward<F: Real, D: Dimension>(x: ArrayView<'_, F, D>) -> Array<F, D> {
    x.mapv(|x| if x <= F::zero() { F::zero() } else { x })
}

/// dx = dy where x > 0, else 0.
///
/// # Shapes
///
/// `dout`, `x` and the result are of one shape.
///
/// # Errors
///
/// [`KernelError::Shape`] when `dout` has another shape than `x`.
pub fn backward<F: Real, D: Dimension>(
    dout: ArrayView<'_, F, D>,
    x: ArrayView<'_, F, D>,
) -> Result<Array<F, D>, KernelError> {
    expect_shape(OPERATION, "dout", dout.shape(), x.shape(), "that of x")?;
    let mut dx = dout.to_owned();
    update_pairs(&mut dx, x, mask);
    Ok(dx)
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
    *out = reused_like(OPERATION, &x, out)?;
    update_pairs(out, x, |_, x| if x <= F::zero() { F::zero() } else { x });
    Ok(())
}

/// As [`backward`], in place: `dout` becomes dx. The output `out` of the forward pass serves as well
/// as its input, so the input need not be kept.
///
/// # Shapes
///
/// `dout` and `out` are of one shape.
///
/// # Errors
///
/// As for [`backward`]; `dout` is then unchanged.
pub fn backward_in_place<F: Real, D: Dimension>(
    dout: &mut Array<F, D>,
    out: ArrayView<'_, F, D>,
) -> Result<(), KernelError> {
    expect_shape(OPERATION, "dout", dout.shape(), out.shape(), "that of out")?;
    update_pairs(dout, out, mask);
    Ok(())
}

/// Written as a choice between values: half of all signs would be guessed wrong by a branch.
fn mask<F: Real>(dout: F, x: F) -> F {
    if x <= F::zero() { F::zero() } else { dout }
}
