//! The rectified linear unit. The fast kernel: [`crate::relu`]. Source: PyTorch's `relu`.

use crate::engine::real::Real;

/// y = max(x, 0); NaN stays NaN.
pub fn forward<F: Real>(x: F) -> F {
    if x <= F::zero() { F::zero() } else { x }
}

/// dx = dy where x > 0, else 0; dy where x is NaN.
pub fn backward<F: Real>(dout: F, x: F) -> F {
    if x <= F::zero() { F::zero() } else { dout }
}
