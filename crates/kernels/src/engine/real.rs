//! The numbers that kernels compute with.

use std::fmt::{Debug, Display};
use std::ops::Neg;

use num_traits::NumAssign;

use super::exponential;
use super::fused::fused;
use super::loops::Loops;

/// A floating-point number that kernels compute with: `f32` or `f64`.
///
/// It is deliberately not `num_traits::Float`: that trait's `exp` and `ln` call the system's
/// mathematical library, whose last bit differs between machines. Those here come from the `libm`
/// crate or from our own arithmetic; `sqrt` is correctly rounded everywhere by IEEE 754.
#[expect(private_bounds, reason = "seals the trait: each type needs loops of its own")]
pub trait Real:
    Loops
    + NumAssign
    + Neg<Output = Self>
    + From<u8>
    + PartialOrd
    + Copy
    + Default
    + Debug
    + Display
    + Send
    + Sync
    + 'static
{
    /// The least positive number, a subnormal one.
    const LEAST: Self;

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;

    /// The same number as `f64`; exact.
    fn to_f64(self) -> f64;

    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;

    /// e to this power, by `libm`.
    fn exp(self) -> Self;

    /// The natural logarithm, by `libm`.
    fn ln(self) -> Self;

    /// 1/(1 + e⁻ˣ): by a polynomial in `f32`, by `libm` in `f64`.
    fn sigmoid(self) -> Self;

    /// The hyperbolic tangent, by the same means.
    fn tanh(self) -> Self;

    /// self·a + b: with a single rounding in `f32`, by whatever means the processor has; as a
    /// product and a sum in `f64`.
    fn mul_add(self, a: Self, b: Self) -> Self;

    /// Whether this is NaN.
    fn is_nan(self) -> bool;
}

impl Real for f32 {
    const LEAST: Self = f32::from_bits(1);

    fn from_f64(value: f64) -> Self {
        value as f32
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }

    fn exp(self) -> Self {
        libm::expf(self)
    }

    fn ln(self) -> Self {
        libm::logf(self)
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        exponential::sigmoid(self)
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        exponential::tanh(self)
    }

    fn mul_add(self, a: Self, b: Self) -> Self {
        fused(self, a, b)
    }

    fn is_nan(self) -> bool {
        f32::is_nan(self)
    }
}

impl Real for f64 {
    const LEAST: Self = f64::from_bits(1);

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    fn exp(self) -> Self {
        libm::exp(self)
    }

    fn ln(self) -> Self {
        libm::log(self)
    }

    fn sigmoid(self) -> Self {
        if self < 0.0 {
            let power = libm::exp(self);
            power / (1.0 + power)
        } else {
            1.0 / (1.0 + libm::exp(-self))
        }
    }

    fn tanh(self) -> Self {
        libm::tanh(self)
    }

    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }

    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }
}
