//! The share of seeds that reach more than a threshold, for every threshold.
//!
//! Source: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice",
//! 2021, section 4.2, after Dolan and Moré, "Benchmarking Optimization Software with Performance
//! Profiles", 2002.

use crate::binomial;
use crate::level::{ConfidenceLevel, Interval};
use crate::sample::Sample;
use crate::summary::sorted;

/// A performance profile of an arm: a step function that falls from 1 to 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    steps: Vec<ProfileStep>,
}

/// A part of a profile over which it is constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfileStep {
    /// The least threshold of this part: a result of the arm, or −∞ in the first part.
    pub from: f64,
    /// The share of seeds whose result is above each threshold of this part.
    pub share_above: f64,
    /// The Clopper–Pearson interval of the probability of a result above one threshold of this
    /// part. It holds for each threshold alone, not for all of them at once.
    pub interval: Interval,
}

impl Profile {
    /// The profile of an arm's results.
    pub fn of(results: &Sample, level: ConfidenceLevel) -> Self {
        let sorted = sorted(results.values());
        let step = |from: f64, above: usize| {
            let (count, seeds) = (above as u64, sorted.len() as u64);
            ProfileStep {
                from,
                share_above: above as f64 / sorted.len() as f64,
                interval: binomial::interval((count, count), seeds, level),
            }
        };
        let mut steps = vec![step(f64::NEG_INFINITY, sorted.len())];
        let mut above = sorted.len();
        for equal in sorted.chunk_by(|one, other| one == other) {
            above -= equal.len();
            steps.extend(equal.first().map(|&from| step(from, above)));
        }
        Self { steps }
    }

    /// Its parts, by ascending thresholds: the first from −∞ with share 1, and one from each
    /// distinct result on.
    pub fn steps(&self) -> &[ProfileStep] {
        &self.steps
    }

    /// The share of seeds whose result is above this threshold; 0 for NaN, which nothing is above.
    pub fn share_above(&self, threshold: f64) -> f64 {
        if threshold.is_nan() {
            return 0.0;
        }
        let after = self.steps.partition_point(|step| step.from <= threshold);
        self.steps.get(after.saturating_sub(1)).map_or(1.0, |step| step.share_above)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::binomial::clopper_pearson;

    const LEVEL: ConfidenceLevel = ConfidenceLevel::PERCENT_95;

    #[test]
    fn a_profile_steps_down_at_each_result() {
        let results = [0.9, 0.8, 0.9, 0.7, 0.9, 0.8, 0.9, 0.9, 0.9, 0.9];
        let profile = Profile::of(&Sample::new(&results).unwrap(), LEVEL);
        let steps: Vec<_> =
            profile.steps().iter().map(|step| (step.from, step.share_above)).collect();
        assert_eq!(steps, [(f64::NEG_INFINITY, 1.0), (0.7, 0.9), (0.8, 0.7), (0.9, 0.0)]);
        assert_eq!(profile.steps()[2].interval, clopper_pearson(7, 10, LEVEL).unwrap());
        assert_eq!(profile.share_above(0.75), 0.9);
        assert_eq!(profile.share_above(f64::INFINITY), 0.0);
        assert_eq!(profile.share_above(f64::NEG_INFINITY), 1.0);
        assert_eq!(profile.share_above(f64::NAN), 0.0);
    }

    #[test]
    fn zeros_of_either_sign_are_one_step() {
        let mut results = [0.0; 10];
        results[3] = -0.0;
        assert_eq!(Profile::of(&Sample::new(&results).unwrap(), LEVEL).steps().len(), 2);
    }

    proptest! {
        #[test]
        fn the_share_is_a_count_and_never_rises(
            results in prop::collection::vec(0_u64..=20, 10..=40), threshold in 0_u64..=20,
        ) {
            let profile = Profile::of(&Sample::of_counts(&results, 20).unwrap(), LEVEL);
            let above = results.iter().filter(|&&result| result > threshold).count();
            let share = above as f64 / results.len() as f64;
            prop_assert_eq!(profile.share_above(threshold as f64 / 20.0), share);
            for pair in profile.steps().windows(2) {
                prop_assert!(pair[0].from < pair[1].from);
                prop_assert!(pair[0].share_above > pair[1].share_above);
                prop_assert!(pair[0].interval.low >= pair[1].interval.low);
            }
            for step in profile.steps() {
                prop_assert!(step.interval.contains(step.share_above));
            }
        }
    }
}
