//! How small a difference a study can see.
//!
//! Source: Colas, Sigaud and Oudeyer, "How Many Random Seeds? Statistical Power Analysis in Deep
//! Reinforcement Learning Experiments", 2018.

use crate::sample::Pairs;
use crate::student::StudentT;

/// How often a true difference is not to be missed.
pub const POWER: f64 = 0.8;

/// The level of the two-sided test that is to find it.
pub const SIGNIFICANCE: f64 = 0.05;

/// The true mean difference that a two-sided test at 5 % finds in about 80 % of studies with this
/// many pairs of this spread.
///
/// It is (t₁ + t₂)·std/√n. The quantile t₁ at 0.975 is how many standard errors the test asks for, and
/// t₂ at 0.8 is how many more the true mean needs for 80 % of studies to reach it, both with
/// n − 1 degrees of freedom. The factor is 3.15 for 10 pairs, 2.90 for 30, and for many
/// 1.96 + 0.84 = 2.80, as with normal quantiles.
///
/// A smaller difference than this may exist although the test does not show it. The spread is that of
/// the study itself: with few pairs it is uncertain, by about 1/√(2(n − 1)), which is 24 % for 10.
pub fn smallest_detectable_difference(pairs: &Pairs) -> f64 {
    let differences = pairs.differences();
    let student = StudentT::of_sample(differences);
    // Ten pairs at least have a standard error.
    let error = differences.moments().standard_error().unwrap_or(0.0);
    differences.unscaled(factor(student) * error)
}

/// How many standard errors the difference is.
fn factor(student: StudentT) -> f64 {
    student.upper_quantile(SIGNIFICANCE / 2.0) + student.upper_quantile(1.0 - POWER)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R's exact `power.t.test(n, power = 0.8, type = "paired")` from the noncentral t distribution
    /// wants 3.152 standard errors with 10 pairs, 2.900 with 30 and 2.830 with 100.
    #[test]
    fn the_factor_is_close_to_the_exact_one() {
        for (pairs, exact) in [(10, 3.152), (30, 2.900), (100, 2.830)] {
            let found = factor(StudentT::new(pairs - 1).unwrap());
            assert!((found - exact).abs() < 0.01, "{pairs} pairs: {found}");
        }
        let many = factor(StudentT::new(1_000_000_000).unwrap());
        assert!((many - 2.801_585).abs() < 1e-6);
    }

    #[test]
    fn the_difference_has_the_units_of_the_pairs() {
        let counts: Vec<i64> = (0..10).map(|at| 12 * at).collect();
        let shares: Vec<f64> = (0..10).map(|at| f64::from(at) / 1000.0).collect();
        let of_counts = smallest_detectable_difference(&Pairs::of_counts(&counts, 12_000).unwrap());
        let of_shares = smallest_detectable_difference(&Pairs::new(&shares).unwrap());
        assert!((of_counts / of_shares - 1.0).abs() < 1e-14);
        assert_eq!(smallest_detectable_difference(&Pairs::new(&[0.1; 10]).unwrap()), 0.0);
    }
}
