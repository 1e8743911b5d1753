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
use crate::arm::Arm;
use crate::config::StudyConfig;
use crate::study_file::{Family, PrimaryOutcome};
use crate::tables::RunRow;

/// Two arms that differ in the first axis that the study compares, by the primary outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct PairResult {
    /// The arm that is held against another.
    pub arm: Arm,
    /// The value that the other is held against, in words: the first of the axis.
    pub baseline: String,
    /// The other value, in words.
    pub other: String,
    /// What both have in common of what is compared; empty if nothing else is.
    pub common: String,
    /// The differences by seed, other less baseline, of accuracies as shares.
    pub differences: Vec<f64>,
    /// In how many pairs the other was ahead.
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

impl PairResult {
    /// The mean difference.
    pub fn mean(&self) -> f64 {
        self.differences.iter().sum::<f64>() / self.differences.len() as f64
    }
}

/// All pairs of a study that have a seed in common: each arm beside the one that differs from it in the
/// first compared axis, which has its first value there.
///
/// # Errors
///
/// None for tables that were checked: those of the statistics.
pub(super) fn of(
    config: &StudyConfig,
    arms: &[&ArmResult<'_>],
) -> Result<Vec<PairResult>, StatisticsError> {
    let mut pairs = Vec::new();
    for other in arms {
        let Some(baseline) = config.baseline_of(&other.arm) else { continue };
        let Some(baseline) = arms.iter().find(|arm| arm.arm == *baseline) else { continue };
        let mut axes = config.compared();
        let Some(first) = axes.next() else { continue };
        let labels: Vec<String> = axes.map(|axis| (axis.label)(&other.arm)).collect();
        let label = |arm: &ArmResult<'_>| (first.label)(&arm.arm);
        let differences = differences(config, baseline, other);
        if differences.is_empty() {
            continue;
        }
        let images = images(config);
        // An accuracy is a number of images divided by all of them.
        let count = |difference: &f64| (difference * images as f64).round() as i64;
        let counts: Vec<i64> = differences.iter().map(count).collect();
        pairs.push(PairResult {
            arm: other.arm.clone(),
            baseline: label(baseline),
            other: label(other),
            common: labels.join(", "),
            wins: Wins::of(&differences)?,
            inference: inference(images, pairs.len() as u64, &counts)?,
            differences,
        });
    }
    adjust(config, &mut pairs)?;
    Ok(pairs)
}

/// By how much the other was ahead with each seed that both have.
fn differences(config: &StudyConfig, baseline: &ArmResult<'_>, other: &ArmResult<'_>) -> Vec<f64> {
    let chance = config.chance();
    let tested = (config.test_images > 0).then_some(chance);
    let outcome = |row: &RunRow| match config.file.report.primary {
        PrimaryOutcome::ValidationAccuracy => row.final_accuracy(chance),
        PrimaryOutcome::TestAccuracy => row.final_test_accuracy(tested),
    };
    let of_seed = |row: &&RunRow| {
        let same = baseline.runs.iter().find(|same| same.key.seed == row.key.seed)?;
        Some(outcome(row)? - outcome(same)?)
    };
    other.runs.iter().filter_map(of_seed).collect()
}

/// The images that the primary outcome is a share of.
pub(super) fn images(config: &StudyConfig) -> u64 {
    match config.file.report.primary {
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
fn adjust(config: &StudyConfig, pairs: &mut [PairResult]) -> Result<(), StatisticsError> {
    match config.file.report.family {
        Family::None => Ok(()),
        Family::Holm => {
            let tested: Vec<&mut Inference> =
                pairs.iter_mut().filter_map(|pair| pair.inference.as_mut()).collect();
            let p: Vec<f64> = tested.iter().map(|inference| inference.p).collect();
            if p.is_empty() {
                return Ok(());
            }
            for (inference, adjusted) in tested.into_iter().zip(holm(&p)?) {
                inference.p_adjusted = adjusted;
            }
            Ok(())
        }
    }
}
