//! A share of trials, and how far the true probability may lie from it.

use crate::beta::incomplete_beta;
use crate::bisection::{invert_decreasing, invert_increasing};
use crate::error::{Result, StatisticsError};
use crate::level::{ConfidenceLevel, Interval};

/// The most trials that are supported.
const MOST_TRIALS: u64 = 1_000_000_000;

/// The exact interval of a probability, from the successes in so many trials.
///
/// Its lower end is the probability p with P(X ≥ successes) = (1 − level)/2, and its upper end the
/// one with P(X ≤ successes) = (1 − level)/2. With no success the lower end is 0, without a failure
/// the upper end is 1. It covers at least as often as stated, whatever the probability.
///
/// Source: Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case
/// of the Binomial", 1934.
///
/// # Errors
///
/// [`StatisticsError::Counts`] for more successes than trials, and for no trial or more than 10⁹.
pub fn clopper_pearson(successes: u64, trials: u64, level: ConfidenceLevel) -> Result<Interval> {
    check(successes, trials)?;
    Ok(interval((successes, successes), trials, level))
}

/// The interval with its lower end from the first number of successes, its upper end from the
/// second. Both are at most `trials`.
pub(crate) fn interval(
    (fewest, most): (u64, u64),
    trials: u64,
    level: ConfidenceLevel,
) -> Interval {
    let (fewest_successes, most_successes) = (fewest as f64, most as f64);
    let trials_in_all = trials as f64;
    let low = if fewest == 0 {
        0.0
    } else {
        // P(X ≥ k) = I_p(k, n − k + 1).
        let failures = trials_in_all - fewest_successes;
        invert_increasing((0.0, 1.0), level.tail(), |p| {
            incomplete_beta((p, 1.0 - p), fewest_successes, failures + 1.0).lower
        })
    };
    let high = if most == trials {
        1.0
    } else {
        // P(X ≤ k) = 1 − I_p(k + 1, n − k).
        let failures = trials_in_all - most_successes;
        invert_decreasing((0.0, 1.0), level.tail(), |p| {
            incomplete_beta((p, 1.0 - p), most_successes + 1.0, failures).upper
        })
    };
    Interval { low, high }
}

/// The largest share of all that can be of a kind if none of so many drawn at random is:
/// 1 − (1 − level)^(1/drawn), the one-sided upper end of Clopper and Pearson without a success. With
/// nothing drawn it is 1. It holds for draws from any number, with or without putting back.
pub fn largest_share_unseen(drawn: u64, level: ConfidenceLevel) -> f64 {
    if drawn == 0 {
        return 1.0;
    }
    -libm::expm1(libm::log1p(-level.share()) / drawn as f64)
}

/// The standard error of a share of successes, such as an accuracy: √(p(1 − p)/n). It is the part
/// that the images evaluated on have in an accuracy's error. More seeds do not reduce it.
///
/// # Errors
///
/// As for [`clopper_pearson`].
pub fn standard_error(successes: u64, trials: u64) -> Result<f64> {
    check(successes, trials)?;
    let trials_in_all = trials as f64;
    let (share, rest) =
        (successes as f64 / trials_in_all, (trials - successes) as f64 / trials_in_all);
    Ok((share * rest / trials_in_all).sqrt())
}

fn check(successes: u64, trials: u64) -> Result<()> {
    if trials == 0 || trials > MOST_TRIALS || successes > trials {
        return Err(StatisticsError::Counts { successes, trials });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With none of n the upper end is 1 − (α/2)^(1/n), and with all of n the lower is (α/2)^(1/n).
    #[test]
    fn none_and_all_have_their_closed_forms() {
        for trials in [1, 2, 30, 12_000, MOST_TRIALS] {
            let interval = |k| clopper_pearson(k, trials, ConfidenceLevel::PERCENT_95).unwrap();
            let logarithm = libm::log(0.025) / trials as f64;
            let (none, all) = (interval(0), interval(trials));
            assert_eq!((none.low, all.high), (0.0, 1.0));
            let expected = -libm::expm1(logarithm);
            assert!((none.high - expected).abs() < 1e-13 * expected, "{trials}: {}", none.high);
            assert!((all.low - libm::exp(logarithm)).abs() < 1e-13, "{trials}: {}", all.low);
        }
    }

    /// If more were of the kind, the chance of drawing none would be below 5 %, also of a few without
    /// putting back, where it is a product of falling shares.
    #[test]
    fn what_none_of_a_draw_excludes_is_seen_in_the_chance_of_that_draw() {
        let share = |drawn| largest_share_unseen(drawn, ConfidenceLevel::PERCENT_95);
        assert_eq!(share(0), 1.0);
        assert!((share(1) - 0.95).abs() < 1e-15);
        // 0.05^(1/10), 0.05^(1/30) and 0.05^(1/59), by Python's `decimal`.
        for (drawn, rest) in [(10, 0.741134449106947), (30, 0.904966147288698), (59, 0.950492)] {
            assert!((1.0 - share(drawn) - rest).abs() < 1e-6, "{drawn}: {}", share(drawn));
        }
        for (all, drawn) in [(120_u64, 10_u64), (120, 59), (24, 10), (60, 59)] {
            let of_kind = (share(drawn) * all as f64).floor() as u64 + 1;
            let none = |at: u64| (all - at).saturating_sub(of_kind) as f64 / (all - at) as f64;
            let chance: f64 = (0..drawn).map(none).product();
            assert!(chance < 0.05, "{all}, {drawn}: {chance}");
        }
    }

    /// SciPy is 6e-12 off here. The expected value is the root of (1 − p)ⁿ + np(1 − p)ⁿ⁻¹ = ¼, by
    /// bisection in Python's `decimal` with 60 digits.
    #[test]
    fn few_of_a_million_keep_their_digits() {
        let half = ConfidenceLevel::new(0.5).unwrap();
        let interval = clopper_pearson(1, 1_000_000, half).unwrap();
        let expected = 2.692_632_250_067_547_5e-6;
        assert!((interval.high / expected - 1.0).abs() < 1e-14, "{}", interval.high);
    }

    /// Summed over all outcomes, at every probability of a grid.
    #[test]
    fn intervals_cover_at_least_as_often_as_stated() {
        for (trials, share) in [(10_u64, 0.95), (19, 0.8), (30, 0.95)] {
            let level = ConfidenceLevel::new(share).unwrap();
            let intervals: Vec<Interval> =
                (0..=trials).map(|k| clopper_pearson(k, trials, level).unwrap()).collect();
            for step in 1..200 {
                let p = f64::from(step) / 200.0;
                let (mut covered, mut probability) = (0.0, libm::pow(1.0 - p, trials as f64));
                for (k, interval) in (0..=trials).zip(&intervals) {
                    covered += if interval.contains(p) { probability } else { 0.0 };
                    probability *= (trials - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
                }
                assert!(covered >= share - 1e-12, "{trials} trials, p = {p}: {covered}");
            }
        }
    }

    /// 0.27 points at 0.90 on 12,000 images.
    #[test]
    fn an_accuracy_has_the_standard_error_of_its_images() {
        let error = standard_error(10_800, 12_000).unwrap();
        assert!((error - 0.002_738_612_787_525_83).abs() < 1e-15);
        assert_eq!(standard_error(0, 5), Ok(0.0));
    }

    #[test]
    fn impossible_counts_are_refused() {
        let level = ConfidenceLevel::PERCENT_95;
        for (successes, trials) in [(0, 0), (3, 2), (0, u64::MAX)] {
            let refused = StatisticsError::Counts { successes, trials };
            assert_eq!(clopper_pearson(successes, trials, level), Err(refused.clone()));
            assert_eq!(standard_error(successes, trials), Err(refused));
        }
    }
}
