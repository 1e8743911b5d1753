//! The logistic function and the hyperbolic tangent for `f32`, in sums, products, quotients and bits.
//!
//! No call of a library stands in the way of vector code, and each operation is rounded as IEEE 754
//! says, so every processor gives the same bits. `f64` arithmetic leaves 28 bits more than the result
//! has: the approximation errs by less than a part in 10¹², and the result is the nearest `f32` but for
//! some one in 10⁵.

use std::f64::consts::{LN_2, LOG2_E};

/// 1/(1 + e⁻ˣ).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let x = f64::from(x);
    let [scale, rest] = power(-x.abs());
    let power = scale + rest;
    // Whichever sign x has, the exponential is of −|x|, which never overflows.
    let numerator = if x < 0.0 { power } else { 1.0 };
    (numerator / (1.0 + power)) as f32
}

/// tanh x = (1 − e⁻²ˣ)/(1 + e⁻²ˣ).
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let x = f64::from(x);
    let [scale, rest] = power(-2.0 * x.abs());
    // e⁻²ˣ − 1; near x = 0 the scale is 1, and no digit is lost.
    let power_minus_1 = (scale - 1.0) + rest;
    (-power_minus_1 / (2.0 + power_minus_1)).copysign(x) as f32
}

/// Below this the exponential is 0 in `f32`, even among the subnormal numbers.
const LOWEST: f64 = -110.0;

/// Adding this to a number of at most some millions rounds it to an integer, which the last bits of
/// the sum then hold.
const ROUNDS: f64 = 6_755_399_441_055_744.0;

/// 2ⁿ and 2ⁿ·(eʳ − 1), whose sum is eᶻ, for z ≤ 0: z = n·ln 2 + r with |r| ≤ ln 2/2.
#[inline(always)]
fn power(z: f64) -> [f64; 2] {
    // Written so that NaN stays.
    let z = if z < LOWEST { LOWEST } else { z };
    let shifted = z * LOG2_E + ROUNDS;
    let n = shifted - ROUNDS;
    let r = z - n * LN_2;
    // The exponent of an f64 stands above its 52 bits of fraction, as a number that is 1023 too large.
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let mut sum = COEFFICIENTS[0];
    for coefficient in &COEFFICIENTS[1..] {
        sum = sum * r + coefficient;
    }
    [scale, scale * (sum * r)]
}

/// Those of the Taylor series of (eʳ − 1)/r, which are 1/10! to 1/1!; what is left out is less than
/// (ln 2/2)¹⁰/11!, 7·10⁻¹³.
const COEFFICIENTS: [f64; 10] = [
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// How far a result is from the exact one, in units of the last place of `f32`.
    fn units_off(got: f32, exact: f64) -> f64 {
        let unit = f64::from(f32::from_bits((exact as f32).abs().to_bits() + 1))
            - f64::from((exact as f32).abs());
        (f64::from(got) - exact).abs() / unit
    }

    /// Numbers of every size and both signs, subnormal ones and zero included.
    fn numbers() -> impl Iterator<Item = f32> {
        let step = 60_013;
        (0..=f32::INFINITY.to_bits()).step_by(step).flat_map(|bits| {
            let x = f32::from_bits(bits);
            [x, -x]
        })
    }

    #[test]
    fn both_round_as_the_exact_values_do() {
        for x in numbers() {
            let wide = f64::from(x);
            let power = libm::exp(-wide.abs());
            let exact = if x < 0.0 { power / (1.0 + power) } else { 1.0 / (1.0 + power) };
            assert!(units_off(sigmoid(x), exact) <= 0.500_01, "sigmoid({x}) = {}", sigmoid(x));
            assert!(units_off(tanh(x), libm::tanh(wide)) <= 0.500_01, "tanh({x}) = {}", tanh(x));
        }
    }

    #[test]
    fn ends_signs_and_nan_are_kept() {
        assert_eq!([f32::NEG_INFINITY, 0.0, f32::INFINITY].map(sigmoid), [0.0, 0.5, 1.0]);
        assert_eq!([f32::NEG_INFINITY, f32::INFINITY].map(tanh), [-1.0, 1.0]);
        assert_eq!([-0.0, 0.0].map(|x| tanh(x).to_bits()), [1 << 31, 0]);
        assert!(sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }
}
