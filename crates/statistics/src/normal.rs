//! The standard normal distribution.

use std::f64::consts::SQRT_2;

use crate::bisection::invert_decreasing;

/// Where the upper tail has become 0 in `f64`.
const END: f64 = 40.0;

/// The probability of a value of at most `z`: ½·erfc(−z/√2).
pub(crate) fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// The value that is not exceeded with this probability, which lies between 0 and 1, exclusive.
pub(crate) fn quantile(probability: f64) -> f64 {
    let upper = |tail: f64| invert_decreasing((0.0, END), tail, |z| cdf(-z));
    if probability < 0.5 { -upper(probability) } else { upper(1.0 - probability) }
}
