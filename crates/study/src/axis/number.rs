//! Numbers as texts: which an axis takes, and what is expected in the place of others.

use std::ops::RangeInclusive;

/// The largest number of steps, epochs or images. Larger ones would overflow sums of steps.
pub(super) const LARGEST_COUNT: u64 = u32::MAX as u64;

/// The whole number of this text, if it is in the range.
pub(super) fn whole(text: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
}

/// The finite number of this text, if it is one of those that `expected` describes.
pub(super) fn real(
    text: &str,
    is_allowed: fn(f64) -> bool,
    expected: &'static str,
) -> Result<f64, String> {
    let number = text.parse().ok().filter(|&number: &f64| number.is_finite() && is_allowed(number));
    number.ok_or_else(|| expected.to_owned())
}

/// The shortest decimal that reads back as the same number, such as `0.0005` or `1e-5`.
pub(super) fn shortest(number: f64) -> String {
    format!("{number:?}")
}
