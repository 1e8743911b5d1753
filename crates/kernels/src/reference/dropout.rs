//! Inverted dropout of one value. The fast kernel: [`crate::dropout`]. Source: Srivastava et al. 2014,
//! section 10; PyTorch's `dropout`.

use crate::engine::real::Real;

/// y = x/(1 − p) where the mask keeps x, else 0. The gradient is the same function: dx of dy.
pub fn forward<F: Real>(x: F, keep: bool, p: f64) -> F {
    if keep { x * F::from_f64(1.0 / (1.0 - p)) } else { F::zero() }
}
