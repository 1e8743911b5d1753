//! The inverse of a monotone function, to the last digit.

/// The least `x` of `[low, high]`, 0 ≤ `low` < `high`, at which an increasing function has come to
/// `target`; `high` if it does nowhere.
///
/// The bits of `f64`s that are not negative, read as integers, are in the order of the numbers.
/// Bisecting these integers takes at most 64 evaluations, whatever the magnitude of `x`, and has no
/// tolerance to choose. Newton's method would be faster, but may leave the interval.
pub(crate) fn invert_increasing(
    (low, high): (f64, f64),
    target: f64,
    function: impl Fn(f64) -> f64,
) -> f64 {
    let (mut below, mut above) = (low.to_bits(), high.to_bits());
    if function(low) >= target {
        return low;
    }
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if function(f64::from_bits(middle)) < target {
            below = middle;
        } else {
            above = middle;
        }
    }
    f64::from_bits(above)
}

/// The same of a decreasing function.
pub(crate) fn invert_decreasing(
    interval: (f64, f64),
    target: f64,
    function: impl Fn(f64) -> f64,
) -> f64 {
    invert_increasing(interval, -target, |x| -function(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_found_to_the_last_digit_at_every_magnitude() {
        for root in [5e-324, 1e-300, 0.1, 1.0, 3.0, 1e300] {
            assert_eq!(invert_increasing((0.0, f64::MAX), root, |x| x), root);
            assert_eq!(invert_decreasing((0.0, f64::MAX), -root, |x| -x), root);
        }
        assert_eq!(invert_increasing((0.0, 1.0), 2.0, |x| x), 1.0);
        assert_eq!(invert_increasing((0.5, 1.0), 0.2, |x| x), 0.5);
    }
}
