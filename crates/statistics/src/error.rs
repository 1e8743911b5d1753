//! Why a statistic was refused.

/// The fewest seeds that a test or an interval is made of.
///
/// Five pairs cannot give a sign-flip test p below 0.0625, and bootstrap intervals of few seeds
/// cover the mean less often than they say: BCa intervals of 95 % cover it in 83 % of studies of
/// 5 seeds, 90 % of 10 and 93 % of 30, if values are normally distributed.
pub const FEWEST_SEEDS: usize = 10;

/// The result of a statistic.
pub type Result<T> = std::result::Result<T, StatisticsError>;

/// Why a statistic was refused. Places in slices are counted from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StatisticsError {
    /// No number to compute from.
    #[error("{what}: found none, expected at least one")]
    Empty {
        /// The argument.
        what: &'static str,
    },
    /// A value that is NaN or infinite, or so large that its arithmetic could overflow.
    #[error("value {at}: found {found}, expected a finite number between -1e300 and 1e300")]
    Value {
        /// Its place.
        at: usize,
        /// The value.
        found: f64,
    },
    /// Too few seeds for a test or an interval.
    #[error(
        "seeds: found {found}, expected at least {FEWEST_SEEDS} for a test or an interval{}; run \
         more seeds, or report the mean alone",
        why_too_few(*.found)
    )]
    TooFewSeeds {
        /// How many there are.
        found: usize,
    },
    /// A confidence level that is none.
    #[error("confidence level: found {found}, expected more than 0 and at most 0.9999")]
    Level {
        /// The level.
        found: f64,
    },
    /// A probability that no quantile is computed for.
    #[error("probability: found {found}, expected at least 1e-100 and less than 1")]
    Probability {
        /// The probability.
        found: f64,
    },
    /// A share that is none.
    #[error("{what}: found {found}, expected 0 to 1; write it as a share")]
    Share {
        /// The argument.
        what: &'static str,
        /// The number.
        found: f64,
    },
    /// A p-value that is none.
    #[error("p-value {at}: found {found}, expected 0 to 1")]
    PValue {
        /// Its place.
        at: usize,
        /// The number.
        found: f64,
    },
    /// A t distribution without degrees of freedom, or with more than are supported.
    #[error("degrees of freedom: found {found}, expected 1 to 1,000,000,000")]
    DegreesOfFreedom {
        /// How many there are.
        found: u64,
    },
    /// More successes than trials, or no trial, or more than are supported.
    #[error(
        "successes: found {successes} of {trials} trials, expected at most as many successes as \
         trials, and 1 to 1,000,000,000 trials"
    )]
    Counts {
        /// The successes.
        successes: u64,
        /// The trials.
        trials: u64,
    },
    /// A count of images that the images do not allow.
    #[error("count {at}: found {found} of {images} images, expected at most {images} in magnitude")]
    Images {
        /// Its place.
        at: usize,
        /// The count.
        found: i128,
        /// How many images were counted.
        images: u64,
    },
    /// More images than counts are exact for.
    #[error("images: found {found}, expected 1 to 1,000,000,000")]
    ImageCount {
        /// How many there are.
        found: u64,
    },
    /// A sign-flip test of pairs that are no counts.
    #[error("pairs: found values, expected counts; make them with Pairs::of_counts")]
    NotCounts,
    /// A sign-flip test that would need too much memory.
    #[error(
        "differences: their magnitudes sum to {found}, expected at most {most} for a sign-flip test; \
         use the t interval, which has no such limit"
    )]
    TooLarge {
        /// The sum.
        found: u64,
        /// The largest that is supported.
        most: u64,
    },
    /// A sign-flip test whose probabilities could underflow.
    #[error(
        "pairs that differ: found {found}, expected at most {most} for a sign-flip test; use the t interval, \
         which has no such limit"
    )]
    TooManyPairs {
        /// How many there are.
        found: usize,
        /// The most that are supported.
        most: usize,
    },
    /// A resample that is no draw of as many seeds as there are.
    #[error("resample {at}: expected {seeds} indices below {seeds}, one per seed")]
    Resample {
        /// Its place.
        at: usize,
        /// How many seeds there are.
        seeds: usize,
    },
    /// Resamples whose means all lie on one side of the sample's.
    #[error(
        "resamples: the mean lies outside the means of all {found}, which leaves no interval; \
         draw more"
    )]
    TooFewResamples {
        /// How many there are.
        found: usize,
    },
    /// Groups of a source of variance that all hold a single value.
    #[error("groups: found no group with two values, expected one at least; run more seeds")]
    NoDegreesOfFreedom,
}

/// The reason in brackets; none without seeds.
fn why_too_few(found: usize) -> String {
    match found {
        0 => String::new(),
        // The two assignments of signs that are as extreme as the observed one, of all 2ⁿ.
        1..=5 => {
            let pairs = if found == 1 { "pair" } else { "pairs" };
            let least = 1.0 / f64::from(1_u32 << (found - 1));
            format!(" (the sign-flip test of {found} {pairs} cannot give p below {least})")
        }
        _ => " (bootstrap intervals of so few cover less often than they say)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_few_seeds_says_why_and_what_to_do() {
        let said = |found| StatisticsError::TooFewSeeds { found }.to_string();
        assert_eq!(
            said(5),
            "seeds: found 5, expected at least 10 for a test or an interval (the sign-flip test of \
             5 pairs cannot give p below 0.0625); run more seeds, or report the mean alone"
        );
        assert!(said(1).contains("of 1 pair cannot give p below 1)"));
        assert!(said(9).contains("(bootstrap intervals of so few cover less often than they say)"));
        assert!(said(0).contains("an interval; run more seeds"));
    }
}
