//! How often one arm beats the other.
//!
//! Source: Bouthillier et al., "Accounting for Variance in Machine Learning Benchmarks", 2021, for
//! the probability of outperforming and its threshold. Ties count half, as in Agarwal et al., "Deep
//! Reinforcement Learning at the Edge of the Statistical Precipice", 2021.

use crate::binomial;
use crate::error::{Result, StatisticsError};
use crate::level::{ConfidenceLevel, Interval};
use crate::sample::Pairs;
use crate::scaled::Scaled;

/// The probability of outperforming from which Bouthillier et al. call a difference meaningful.
pub const MEANINGFUL_PROBABILITY: f64 = 0.75;

/// In how many pairs the first arm was ahead. As a mere count it may be of any number of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wins {
    /// The pairs in which the first arm was ahead.
    pub won: usize,
    /// The pairs without a difference.
    pub tied: usize,
    /// The pairs in which the second arm was ahead.
    pub lost: usize,
}

impl Wins {
    /// Counts the differences above, at and below 0.
    ///
    /// # Errors
    ///
    /// [`StatisticsError::Empty`] without a difference, [`StatisticsError::Value`] for one that is
    /// not finite.
    pub fn of(differences: &[f64]) -> Result<Self> {
        Ok(Self::of_finite(&Scaled::of_values(differences)?.values))
    }

    /// The share of wins, ties counted half: an estimate of P(first > second) + ½ P(equal).
    pub fn share(&self) -> f64 {
        (2 * self.won + self.tied) as f64 / (2 * (self.won + self.tied + self.lost)) as f64
    }

    fn of_finite(differences: &[f64]) -> Self {
        let count = |is: fn(f64) -> bool| differences.iter().filter(|&&d| is(d)).count();
        Self { won: count(|d| d > 0.0), tied: count(|d| d == 0.0), lost: count(|d| d < 0.0) }
    }
}

/// How likely the first arm is to beat the second with another seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outperformance {
    /// The counts.
    pub wins: Wins,
    /// The estimate, which is [`Wins::share`].
    pub probability: f64,
    /// Its interval. With ties, the lower end counts them as losses and the upper end as wins, so
    /// that it covers at least as often as stated.
    pub interval: Interval,
}

/// What an interval of the probability of outperforming says about the first arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The interval reaches down to ½: the first arm is not shown to be ahead more often than not.
    NotShown,
    /// The interval lies between ½ and the threshold: the first arm is ahead more often than not, and
    /// not often enough to matter.
    NotMeaningful,
    /// The interval lies above ½ and its upper end above the threshold: the first arm is ahead more
    /// often than not, and may well be so as often as the threshold asks. To show that it is, the
    /// lower end would have to lie above the threshold.
    Meaningful,
}

impl Outperformance {
    /// The probability that the first arm of these pairs beats the second, with a Clopper–Pearson
    /// interval. A bootstrap of 30 wins in 30 would say [1, 1].
    pub fn of(pairs: &Pairs, level: ConfidenceLevel) -> Self {
        let differences = pairs.differences();
        let wins = Wins::of_finite(differences.values());
        let (won, tied) = (wins.won as u64, wins.tied as u64);
        let interval = binomial::interval((won, won + tied), differences.seeds() as u64, level);
        Self { wins, probability: wins.share(), interval }
    }

    /// Judges by ½ and a threshold such as [`MEANINGFUL_PROBABILITY`].
    ///
    /// # Errors
    ///
    /// [`StatisticsError::Share`] for a threshold outside 0 to 1.
    pub fn judge(&self, threshold: f64) -> Result<Judgement> {
        if !(0.0..=1.0).contains(&threshold) {
            return Err(StatisticsError::Share { what: "threshold", found: threshold });
        }
        Ok(if self.interval.low <= 0.5 {
            Judgement::NotShown
        } else if self.interval.high <= threshold {
            Judgement::NotMeaningful
        } else {
            Judgement::Meaningful
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binomial::clopper_pearson;

    const LEVEL: ConfidenceLevel = ConfidenceLevel::PERCENT_95;

    fn pairs(won: usize, tied: usize, lost: usize) -> Pairs {
        let differences = [vec![2; won], vec![0; tied], vec![-1; lost]].concat();
        Pairs::of_counts(&differences, 12_000).unwrap()
    }

    #[test]
    fn ties_count_half() {
        let wins = Wins::of(&[0.5, -0.0, 0.0, -1.0, 2.0]).unwrap();
        assert_eq!(wins, Wins { won: 2, tied: 2, lost: 1 });
        assert_eq!(wins.share(), 0.6);
        assert!(Wins::of(&[]).is_err() && Wins::of(&[f64::NAN]).is_err());
        // Differences that are lost beside larger ones are no ties.
        assert_eq!(Wins::of(&[1e300, 5e-324]).unwrap().won, 2);
    }

    #[test]
    fn thirty_wins_in_thirty_leave_a_doubt() {
        let all = Outperformance::of(&pairs(30, 0, 0), LEVEL);
        assert_eq!((all.probability, all.interval.high), (1.0, 1.0));
        assert_eq!(all.interval, clopper_pearson(30, 30, LEVEL).unwrap());
        assert!(all.interval.low > 0.88 && all.interval.low < 0.89);
    }

    #[test]
    fn with_ties_the_interval_holds_every_way_to_break_them() {
        let tied = Outperformance::of(&pairs(12, 6, 2), LEVEL);
        for won in 12..=18 {
            let broken = clopper_pearson(won, 20, LEVEL).unwrap();
            assert!(tied.interval.low <= broken.low && broken.high <= tied.interval.high);
        }
        let all_tied = Outperformance::of(&pairs(0, 10, 0), LEVEL);
        assert_eq!(
            (all_tied.probability, all_tied.interval.low, all_tied.interval.high),
            (0.5, 0.0, 1.0)
        );
    }

    #[test]
    fn a_judgement_follows_the_two_thresholds() {
        let judge = |won, lost| {
            Outperformance::of(&pairs(won, 0, lost), LEVEL).judge(MEANINGFUL_PROBABILITY).unwrap()
        };
        assert_eq!(judge(15, 15), Judgement::NotShown);
        assert_eq!(judge(18, 12), Judgement::NotShown);
        assert_eq!(judge(0, 30), Judgement::NotShown);
        assert_eq!(judge(22, 8), Judgement::Meaningful);
        assert_eq!(judge(28, 2), Judgement::Meaningful);
        assert_eq!(judge(580, 420), Judgement::NotMeaningful);
        assert!(Outperformance::of(&pairs(10, 0, 0), LEVEL).judge(f64::NAN).is_err());
    }

    #[test]
    fn swapping_the_arms_mirrors_the_interval() {
        let one = Outperformance::of(&pairs(17, 3, 5), LEVEL);
        let other = Outperformance::of(&pairs(5, 3, 17), LEVEL);
        assert!((one.probability + other.probability - 1.0).abs() < 1e-15);
        assert!((one.interval.low + other.interval.high - 1.0).abs() < 1e-15);
        assert!((one.interval.high + other.interval.low - 1.0).abs() < 1e-15);
    }
}
