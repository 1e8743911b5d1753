//! Inverted dropout: y = mask·x/(1 − p), so that evaluation needs no scaling.
//!
//! The mask is an argument: kernels draw no random numbers. In plain loops:
//! [`reference::dropout`](crate::reference::dropout).
//!
//! Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
//! 2014, section 10; the convention of PyTorch's `dropout`, where `p` is the probability to drop.

use ndarray::{Array, ArrayView, Dimension, Zip};

use crate::engine::layout::reused_like;
use crate::engine::real::Real;
use crate::error::{KernelError, expect_shape};

const OPERATION: &str = "dropout";

/// x/(1 − p) where `mask` is true, else 0.
///
/// # Shapes
///
/// `x`, `mask` and the result are of one shape.
///
/// # Errors
///
/// [`KernelError::Config`] unless 0 ≤ `p` < 1; [`KernelError::Shape`] when `mask` has another
/// shape than `x`.
pub fn forward<F: Real, D: Dimension>(
    x: ArrayView<'_, F, D>,
    mask: ArrayView<'_, bool, D>,
    p: f64,
) -> Result<Array<F, D>, KernelError> {
    let mut out = x.to_owned();
    keep("x", &mut out, mask, p)?;
    Ok(out)
}

/// As [`forward`], into `out`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`forward`]; what `out` held is then lost.
pub fn forward_into<F: Real, D: Dimension>(
    x: ArrayView<'_, F, D>,
    mask: ArrayView<'_, bool, D>,
    p: f64,
    out: &mut Array<F, D>,
) -> Result<(), KernelError> {
    *out = reused_like(OPERATION, &x, out)?;
    out.assign(&x);
    keep("x", out, mask, p)
}

/// dx = dy/(1 − p) where `mask` is true, else 0.
///
/// # Shapes
///
/// `dout`, `mask` and the result are of one shape.
///
/// # Errors
///
/// As for [`forward`].
pub fn backward<F: Real, D: Dimension>(
    dout: ArrayView<'_, F, D>,
    mask: ArrayView<'_, bool, D>,
    p: f64,
) -> Result<Array<F, D>, KernelError> {
    let mut dx = dout.to_owned();
    keep("dout", &mut dx, mask, p)?;
    Ok(dx)
}

/// As [`backward`], in place: `dout` becomes dx.
///
/// # Errors
///
/// As for [`forward`]; `dout` is then unchanged.
pub fn backward_in_place<F: Real, D: Dimension>(
    dout: &mut Array<F, D>,
    mask: ArrayView<'_, bool, D>,
    p: f64,
) -> Result<(), KernelError> {
    keep("dout", dout, mask, p)
}

/// The linear map that is its own gradient's formula.
fn keep<F: Real, D: Dimension>(
    argument: &'static str,
    values: &mut Array<F, D>,
    mask: ArrayView<'_, bool, D>,
    p: f64,
) -> Result<(), KernelError> {
    if !(0.0..1.0).contains(&p) {
        return Err(KernelError::Config {
            operation: OPERATION,
            parameter: "p",
            expected: "at least 0 and below 1",
            got: p.to_string(),
        });
    }
    let because = if argument == "x" { "that of x" } else { "that of dout" };
    expect_shape(OPERATION, "mask", mask.shape(), values.shape(), because)?;
    let scale = F::from_f64(1.0 / (1.0 - p));
    Zip::from(values)
        .and(mask)
        .for_each(|value, &keep| *value = if keep { *value * scale } else { F::zero() });
    Ok(())
}
