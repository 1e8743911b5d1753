//! The exact sign-flip test of paired differences.
//!
//! If two arms do not differ, a pair's difference is as likely to be d as −d. The test counts, of all
//! 2ⁿ assignments of signs to n differences, those whose sum is at least as far from 0 as the observed
//! one.
//!
//! Source: Fisher, "The Design of Experiments", 1935, section 21; Colas, Sigaud and Oudeyer, "How
//! Many Random Seeds?", 2018, for its use with seeds.

use std::mem;

use crate::error::{Result, StatisticsError};
use crate::sample::Pairs;

/// The largest sum of magnitudes: the test keeps a number for each sum up to half of it.
const LARGEST_SUM: u64 = 1 << 24;

/// The most pairs that differ: the probability of each assignment is a normal `f64`.
const MOST_PAIRS: usize = 1000;

/// The two-sided p-value of the sign-flip test of differences of counts.
///
/// Among all assignments of signs, the share of those with |Σ ±dᵢ| ≥ |Σ dᵢ|. It is 1 if all differences
/// are 0 or their sum is 0. A difference of 0 changes no sum, so that it changes no p-value.
///
/// The value is exact if at most 53 differences are not 0. Each probability is then a multiple of 2⁻⁵³,
/// and no addition rounds. With more, the relative error is at most (n + s)·2⁻⁵³, with n differences
/// and s the sum of the magnitudes of those with the rarer sign.
///
/// # Errors
///
/// [`StatisticsError::NotCounts`] for pairs of values, which [`Pairs::new`] makes;
/// [`StatisticsError::TooLarge`] if the magnitudes sum to more than 2²⁴;
/// [`StatisticsError::TooManyPairs`] for more than 1,000 pairs that differ.
pub fn sign_flip_test(pairs: &Pairs) -> Result<f64> {
    two_sided_p(pairs.counts().ok_or(StatisticsError::NotCounts)?)
}

/// Two-sided p by convolution.
///
/// With T = Σ|dᵢ|, flipping signs at random gives the sum T − 2s, where s is the sum of a random subset
/// of the magnitudes. Let `least` be the smaller one of the sums of positive and of negative magnitudes.
/// Then |T − 2s| ≥ |Σdᵢ| holds if s ≤ `least` or s ≥ T − `least`. Both are equally likely, and both at
/// once only if the two sums are equal.
fn two_sided_p(differences: &[i64]) -> Result<f64> {
    let magnitudes: Vec<u64> =
        differences.iter().filter(|&&d| d != 0).map(|d| d.unsigned_abs()).collect();
    if magnitudes.len() > MOST_PAIRS {
        return Err(StatisticsError::TooManyPairs { found: magnitudes.len(), most: MOST_PAIRS });
    }
    let sum = |numbers: &mut dyn Iterator<Item = u64>| {
        numbers.fold(0_u64, |sum, number| sum.saturating_add(number))
    };
    let total = sum(&mut magnitudes.iter().copied());
    if total > LARGEST_SUM {
        return Err(StatisticsError::TooLarge { found: total, most: LARGEST_SUM });
    }
    let positive = sum(&mut differences.iter().filter(|&&d| d > 0).map(|d| d.unsigned_abs()));
    let least = positive.min(total - positive);
    if 2 * least == total {
        return Ok(1.0);
    }
    Ok(2.0 * subset_sums(&magnitudes, least as usize).iter().sum::<f64>())
}

/// The probabilities that a random subset has the sum 0, 1, … up to `largest`. Each number is in the
/// subset with probability ½.
fn subset_sums(numbers: &[u64], largest: usize) -> Vec<f64> {
    let mut before = vec![0.0; largest + 1];
    before[0] = 1.0;
    let mut after = before.clone();
    for &number in numbers {
        // Below it, a sum is one without the number.
        let (alone, both) = after.split_at_mut((number as usize).min(largest + 1));
        for (sum, without) in alone.iter_mut().zip(&before) {
            *sum = 0.5 * without;
        }
        for ((sum, without), with) in both.iter_mut().zip(&before[alone.len()..]).zip(&before) {
            *sum = 0.5 * (without + with);
        }
        mem::swap(&mut before, &mut after);
    }
    before
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every assignment of signs, one after the other.
    fn by_all_flips(differences: &[i64]) -> f64 {
        let observed: i64 = differences.iter().sum();
        let flips = 1_u32 << differences.len();
        let is_extreme = |flip: &u32| {
            let signed = differences.iter().enumerate();
            let sum: i64 = signed.map(|(at, d)| if flip >> at & 1 == 1 { -d } else { *d }).sum();
            sum.abs() >= observed.abs()
        };
        (0..flips).filter(is_extreme).count() as f64 / f64::from(flips)
    }

    proptest! {
        #[test]
        fn the_convolution_counts_what_all_flips_count(
            differences in prop::collection::vec(-6_i64..=6, 1..=13),
        ) {
            prop_assert_eq!(two_sided_p(&differences).unwrap(), by_all_flips(&differences));
        }

        #[test]
        fn large_differences_are_counted_too(
            differences in prop::collection::vec(-12_000_i64..=12_000, 1..=10),
        ) {
            prop_assert_eq!(two_sided_p(&differences).unwrap(), by_all_flips(&differences));
        }

        #[test]
        fn signs_order_units_and_zeros_change_nothing(
            differences in prop::collection::vec(-50_i64..=50, 10..=40),
        ) {
            let p = two_sided_p(&differences).unwrap();
            prop_assert!(p > 0.0 && p <= 1.0);
            let changed: [Vec<i64>; 4] = [
                differences.iter().map(|d| -d).collect(),
                differences.iter().rev().copied().collect(),
                differences.iter().map(|d| 7 * d).collect(),
                differences.iter().flat_map(|&d| [0, d]).collect(),
            ];
            for changed in changed {
                prop_assert_eq!(two_sided_p(&changed).unwrap(), p);
            }
        }

        /// Raising the arm that is ahead never raises p.
        #[test]
        fn a_difference_that_grows_lowers_p(
            differences in prop::collection::vec(1_i64..=50, 10..=20), at in 0_usize..10,
        ) {
            let mut mixed = differences.clone();
            mixed[at] = -mixed[at];
            prop_assert!(two_sided_p(&differences).unwrap() <= two_sided_p(&mixed).unwrap());
        }
    }

    #[test]
    fn thirty_of_thirty_wins_have_the_least_p() {
        assert_eq!(two_sided_p(&[25; 30]), Ok(2.0 / (1_u64 << 30) as f64));
        assert_eq!(two_sided_p(&[3; 5]), Ok(0.0625));
    }

    /// Equal magnitudes make it the sign test: P(X ≤ 40) for 100 throws of a coin, twice. The
    /// expected value is SciPy's `binomtest(40, 100).pvalue`.
    #[test]
    fn a_hundred_pairs_come_out_to_the_last_digits() {
        let differences: Vec<i64> = (0..100).map(|at| if at < 40 { -120 } else { 120 }).collect();
        let p = two_sided_p(&differences).unwrap();
        assert!((p / 0.056_887_933_640_980_89 - 1.0).abs() < 1e-14, "{p}");
    }

    #[test]
    fn without_a_difference_nothing_is_shown() {
        assert_eq!(two_sided_p(&[0; 10]), Ok(1.0));
        assert_eq!(two_sided_p(&[5, -5, 0, 3, -3]), Ok(1.0));
        assert_eq!(two_sided_p(&[]), Ok(1.0));
    }

    #[test]
    fn what_would_need_too_much_is_refused() {
        assert!(matches!(two_sided_p(&[i64::MIN; 10]), Err(StatisticsError::TooLarge { .. })));
        assert!(matches!(two_sided_p(&[1; 1001]), Err(StatisticsError::TooManyPairs { .. })));
        let values = Pairs::new(&[0.5; 10]).unwrap();
        assert_eq!(sign_flip_test(&values), Err(StatisticsError::NotCounts));
        let counts = Pairs::of_counts(&[3; 10], 12_000).unwrap();
        assert_eq!(sign_flip_test(&counts), Ok(2.0 / 1024.0));
    }
}
