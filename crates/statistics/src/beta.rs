//! The regularised incomplete beta function, which Student's and the binomial distribution are
//! made of.
//!
//! Crates that offer it take `exp` and `ln` from the system, which decides the last bits. These
//! here come from `libm`.

use std::f64::consts::PI;

/// Both sides of a distribution, which sum to 1. The smaller is as accurate as the larger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tails {
    /// The probability below.
    pub(crate) lower: f64,
    /// The probability above.
    pub(crate) upper: f64,
}

/// Iₓ(a, b) = ∫₀ˣ tᵃ⁻¹ (1 − t)ᵇ⁻¹ dt / B(a, b) and 1 − Iₓ(a, b), for `a`, `b` > 0.
///
/// `x` and `y` = 1 − x are both given, so that neither loses digits near 0.
pub(crate) fn incomplete_beta((x, y): (f64, f64), a: f64, b: f64) -> Tails {
    if x <= 0.0 {
        return Tails { lower: 0.0, upper: 1.0 };
    }
    if y <= 0.0 {
        return Tails { lower: 1.0, upper: 0.0 };
    }
    let power_term = power_term((x, y), a, b);
    // The fraction converges fast on this side of the mean only.
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = power_term / continued_fraction((x, y), a, b);
        Tails { lower, upper: 1.0 - lower }
    } else {
        let upper = power_term / continued_fraction((y, x), b, a);
        Tails { lower: 1.0 - upper, upper }
    }
}

/// More than are ever needed: they grow with √max(a, b), which is at most 10⁹ here.
const MOST_TERMS: u32 = 1_000_000;

/// The continued fraction xᵃ yᵇ / (B(a, b)·Iₓ(a, b)), by Lentz's method.
///
/// Source: DiDonato and Morris, "Algorithm 708: Significant Digit Computation of the Incomplete Beta
/// Function Ratios", 1992, for the fraction. Unlike the older ones it uses y, and so keeps its digits
/// where x is close to 1. Thompson and Barnett, "Coulomb and Bessel functions", 1986, for the method.
fn continued_fraction((x, y): (f64, f64), a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let lead = a * y - b * x + 1.0;
    let mut fraction = away_from_zero(a * lead / (a + 1.0));
    let (mut c, mut d) = (fraction, 0.0);
    for term in 1..MOST_TERMS {
        let m = f64::from(term);
        let odd = a + 2.0 * m - 1.0;
        let numerator = (m * (a + m - 1.0) / odd) * ((a + b + m - 1.0) / odd) * (b - m) * x * x;
        let denominator =
            m + m * (b - m) * x / odd + (a + m) * (lead + m * (2.0 - x)) / (a + 2.0 * m + 1.0);
        d = 1.0 / away_from_zero(denominator + numerator * d);
        c = away_from_zero(denominator + numerator / c);
        let change = c * d;
        fraction *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// xᵃ yᵇ / B(a, b), without the large logarithms that would cancel.
///
/// Source: Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000. His binomial
/// probability of `a` in n = a + b is this times (a + b)/(ab).
fn power_term((x, y): (f64, f64), a: f64, b: f64) -> f64 {
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * y);
    libm::exp(exponent) * (a * b / (2.0 * PI * n)).sqrt()
}

/// ln Γ(z + 1) less Stirling's (z + ½) ln z − z + ½ ln 2π.
fn stirling_error(z: f64) -> f64 {
    const HALF_LN_2_PI: f64 = 0.918_938_533_204_672_7;
    if z < 15.0 {
        return libm::lgamma(z + 1.0) - (z + 0.5) * libm::log(z) + z - HALF_LN_2_PI;
    }
    let square = z * z;
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
    series.iter().rev().fold(0.0, |sum, coefficient| coefficient + sum / square) / z
}

/// x ln(x/m) + m − x, which is small where `x` is near `m`.
fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() >= 0.1 * (x + m) {
        return x * libm::log(x / m) - difference;
    }
    // With v = (x − m)/(x + m): (x − m)v + 2x Σ v²ʲ⁺¹/(2j + 1), j from 1.
    let v = difference / (x + m);
    let mut sum = difference * v;
    let mut power = 2.0 * x * v;
    // v² is at most 0.01, so that 12 terms reach the last digit.
    for j in 1..=12 {
        power *= v * v;
        sum += power / f64::from(2 * j + 1);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        let error = (found - expected).abs() / expected;
        assert!(error < 1e-13, "found {found:e}, expected {expected:e}, off by {error:e}");
    }

    /// Iₓ(a, 1) = xᵃ, and I₁₋ₓ(1, b) = 1 − xᵇ.
    #[test]
    fn powers_come_out_at_every_size() {
        for a in [1.0, 2.0, 7.0, 15.0, 16.0, 300.0, 12_000.0] {
            for x in [1e-9, 0.01, 0.3, 0.5, 0.9, 0.999_999] {
                let expected = libm::pow(x, a);
                if expected > 1e-280 {
                    close(incomplete_beta((x, 1.0 - x), a, 1.0).lower, expected);
                    close(incomplete_beta((1.0 - x, x), 1.0, a).upper, expected);
                }
            }
        }
    }

    #[test]
    fn the_sides_sum_to_one_and_swap() {
        for (a, b) in [(0.5, 0.5), (0.5, 15.0), (3.0, 28.0), (6000.0, 6001.0), (5e8, 0.5)] {
            for x in [1e-4, 0.2, 0.5, 0.77, 0.999] {
                let Tails { lower, upper } = incomplete_beta((x, 1.0 - x), a, b);
                assert!((lower + upper - 1.0).abs() < 1e-15);
                let swapped = incomplete_beta((1.0 - x, x), b, a);
                assert!((lower - swapped.upper).abs() <= 1e-13 * lower, "{a} {b} {x}");
            }
        }
    }

    #[test]
    fn the_median_of_a_symmetric_distribution_is_its_middle() {
        for a in [0.5, 1.0, 20.0, 6000.0, 1e9] {
            close(incomplete_beta((0.5, 0.5), a, a).lower, 0.5);
        }
    }

    #[test]
    fn stirlings_error_joins_where_the_series_begins() {
        // Γ(16) = 15!, exactly 1307674368000.
        let exact = libm::log(1_307_674_368_000.0) - 15.5 * libm::log(15.0) + 15.0
            - 0.918_938_533_204_672_7;
        assert!((stirling_error(15.0) - exact).abs() < 1e-14);
        assert!((stirling_error(14.999_999_999) - exact).abs() < 1e-11);
    }
}
