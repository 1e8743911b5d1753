//! What the primary outcome says about each pair of arms that the study compares.
//!
//! The unit is the seed: arms are paired by it. Of fewer than ten pairs there is a mean difference and
//! nothing more.

use statistics::{
    ConfidenceLevel, FEWEST_SEEDS, Interval, Outperformance, Pairs, StatisticsError, Wins,
    bca_interval, holm, mean_interval, sign_flip_test, smallest_detectable_difference,
};
use trainer::random_stream::{Purpose, Stream};

use super::arm_result::ArmResult;
use crate::config::StudyConfig;
use crate::study_file::{Family, PrimaryOutcome};
use crate::tables::RunRow;

/// What the primary outcome says about an arm beside its baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Paired {
    /// The differences by seed, the arm less the baseline, of accuracies as shares.
    pub differences: Vec<f64>,
    /// In how many pairs the arm was ahead.
    pub wins: Wins,
    /// What ten pairs or more allow to say.
    pub inference: Option<Inference>,
}

/// What ten pairs or more allow to say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inference {
    /// 95 % t interval of the mean difference.
    pub t: Interval,
    /// 95 % BCa bootstrap interval of it.
    pub bca: Interval,
    /// How likely the other is ahead with another seed, with its 95 % interval.
    pub outperformance: Outperformance,
    /// p of the exact sign-flip test, two-sided.
    pub p: f64,
    /// The same, adjusted over the family that the study's file declares.
    pub p_adjusted: f64,
    /// The smallest difference that the study would have seen in four of five cases.
    pub smallest: f64,
}

impl Paired {
    /// The mean difference.
    pub fn mean(&self) -> f64 {
        self.differences.iter().sum::<f64>() / self.differences.len() as f64
    }

    /// Compares two arms, the `index`th pair of arms of the study; nothing if they have no seed in
    /// common.
    ///
    /// # Errors
    ///
    /// None for tables that were checked: those of the statistics.
    pub(super) fn of(
        config: &StudyConfig,
        baseline: &ArmResult<'_>,
        arm: &ArmResult<'_>,
        index: u64,
    ) -> Result<Option<Self>, StatisticsError> {
        Self::by(config.file.report.primary, config, baseline, arm, index)
    }

    /// As [`Self::of`], by this outcome.
    ///
    /// # Errors
    ///
    /// As for [`Self::of`].
    pub(super) fn by(
        outcome: PrimaryOutcome,
        config: &StudyConfig,
        baseline: &ArmResult<'_>,
        arm: &ArmResult<'_>,
        index: u64,
    ) -> Result<Option<Self>, StatisticsError> {
        let differences = differences(baseline, arm, &|row| row.outcome_of(outcome, config));
        if differences.is_empty() {
            return Ok(None);
        }
        let images = images(outcome, config);
        // An accuracy is a number of images divided by all of them.
        let count = |difference: &f64| (difference * images as f64).round() as i64;
        let counts: Vec<i64> = differences.iter().map(count).collect();
        let wins = Wins::of(&differences)?;
        let inference = inference(images, index, &counts)?;
        Ok(Some(Self { differences, wins, inference }))
    }
}

/// The differences of a value by seed, over the seeds that both arms have.
pub(super) fn differences(
    baseline: &ArmResult<'_>,
    arm: &ArmResult<'_>,
    value: &dyn Fn(&RunRow) -> Option<f64>,
) -> Vec<f64> {
    let of_seed = |row: &&RunRow| {
        let same = baseline.runs.iter().find(|same| same.key.seed == row.key.seed)?;
        Some(value(row)? - value(same)?)
    };
    arm.runs.iter().filter_map(of_seed).collect()
}

/// The images that an outcome is a share of.
pub(super) fn images(outcome: PrimaryOutcome, config: &StudyConfig) -> u64 {
    match outcome {
        PrimaryOutcome::ValidationAccuracy => config.validation_images,
        PrimaryOutcome::TestAccuracy => config.test_images,
    }
}

/// What these differences of so many images say, if they are enough.
fn inference(
    images: u64,
    index: u64,
    counts: &[i64],
) -> Result<Option<Inference>, StatisticsError> {
    if counts.len() < FEWEST_SEEDS {
        return Ok(None);
    }
    let pairs = Pairs::of_counts(counts, images)?;
    let level = ConfidenceLevel::PERCENT_95;
    let mut stream = Stream::new(0, Purpose::Bootstrap, index);
    let p = sign_flip_test(&pairs)?;
    Ok(Some(Inference {
        t: mean_interval(&pairs, level),
        bca: bca_interval(&pairs, level, &mut |bound| stream.below(bound))?,
        outperformance: Outperformance::of(&pairs, level),
        p,
        p_adjusted: p,
        smallest: smallest_detectable_difference(&pairs),
    }))
}

/// Adjusts the p-values over the family that the study's file declares.
///
/// # Errors
///
/// None for p-values of tests: those of the statistics.
pub(super) fn adjust<'i>(
    family: Family,
    all: impl Iterator<Item = &'i mut Inference>,
) -> Result<(), StatisticsError> {
    let tested: Vec<&mut Inference> = all.collect();
    match family {
        Family::Holm if !tested.is_empty() => {
            let p: Vec<f64> = tested.iter().map(|inference| inference.p).collect();
            for (inference, adjusted) in tested.into_iter().zip(holm(&p)?) {
                inference.p_adjusted = adjusted;
            }
            Ok(())
        }
        Family::Holm | Family::None => Ok(()),
    }
}
