//! An arm beside the first of its group, the baseline.

use statistics::StatisticsError;

use super::arm_result::{ArmResult, EpochResult};
use super::inference::{Paired, differences};
use super::spread::Spread;
use super::windows::{CatchUp, Share};
use crate::config::StudyConfig;
use crate::tables::RunRow;

/// From so many times the accuracy of guessing on, a run has learnt something.
const LEARNT: f64 = 2.0;

/// A comparison of an arm with the first of its group. Differences are taken between runs of the same
/// seed, less the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The place in its group of the first arm.
    pub without: usize,
    /// The place in its group of the other.
    pub with: usize,
    /// What the primary outcome says; nothing if the arms have no seed in common.
    pub paired: Option<Paired>,
    /// The difference of final validation accuracies, over the seeds that both have.
    pub difference: Option<Spread>,
    /// The difference of accuracies on the test images.
    pub test_difference: Option<Spread>,
    /// How often the other was ahead.
    pub ahead: Ahead,
    /// When the first arm reaches what the other has after one epoch; nothing if a run diverged, or if the
    /// other is not ahead by then with each seed that both have.
    pub epochs_to_reach: Option<Reached>,
    /// When both reach the final training accuracy of the first; nothing if a run diverged, if both are
    /// evaluations of one training, or if the last epoch says otherwise.
    pub catch_up: Option<CatchUp>,
}

/// In how many of the epochs of all seeds that both arms have, the other had the higher validation
/// accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// The epochs in which it was ahead.
    pub ahead: usize,
    /// Those in which both had the same.
    pub level: usize,
    /// All epochs that both arms have.
    pub of: usize,
    /// Whether neither arm has an epoch of a seed that the other has not.
    pub is_all: bool,
}

/// When an arm reached a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// After this epoch first.
    After(u64),
    /// Not within its epochs.
    Never,
}

impl Comparison {
    /// Compares two arms of a group, which stand at these places in it: the `index`th pair of the study.
    ///
    /// # Errors
    ///
    /// As for [`Paired::of`].
    pub(super) fn of(
        config: &StudyConfig,
        (without_at, without): (usize, &ArmResult<'_>),
        (with_at, with): (usize, &ArmResult<'_>),
        index: u64,
    ) -> Result<Self, StatisticsError> {
        let chance = config.chance();
        let tested = (config.test_images > 0).then_some(chance);
        let difference =
            |value: &dyn Fn(&RunRow) -> Option<f64>| Spread::of(&differences(without, with, value));
        // The means of a diverged arm compare with nothing step by step.
        let is_whole = without.diverged() == 0 && with.diverged() == 0;
        Ok(Self {
            without: without_at,
            with: with_at,
            paired: Paired::of(config, without, with, index)?,
            difference: difference(&|row| row.final_accuracy(chance)),
            test_difference: difference(&|row| row.final_test_accuracy(tested)),
            ahead: ahead(config, without, with),
            epochs_to_reach: is_whole.then(|| epochs_to_reach(config, without, with)).flatten(),
            catch_up: (is_whole && !with.arm.shares_training_with(&without.arm))
                .then(|| catch_up(config, without, with))
                .flatten(),
        })
    }
}

fn ahead(config: &StudyConfig, without: &ArmResult<'_>, with: &ArmResult<'_>) -> Ahead {
    let runs = |arm: &ArmResult<'_>| arm.runs.iter().map(|run| run.key.seed).collect::<Vec<_>>();
    let is_all = with.arm.run.epochs == without.arm.run.epochs && runs(with) == runs(without);
    let mut count = Ahead { ahead: 0, level: 0, of: 0, is_all };
    for epoch in &with.epochs {
        let Some(other) = without.epochs.iter().find(|other| other.epoch == epoch.epoch) else {
            continue;
        };
        for &seed in config.seeds() {
            let of = |epoch: &EpochResult<'_>| epoch.accuracy_of(seed, config.chance());
            if let (Some(accuracy), Some(other)) = (of(epoch), of(other)) {
                count.of += 1;
                count.ahead += usize::from(accuracy > other);
                count.level += usize::from(accuracy == other);
            }
        }
    }
    count
}

/// When both arms reach the final training accuracy of the first, from their mean windows. Nothing where the
/// last epoch contradicts it: the second arm reaches the level and ends behind, or does not and ends ahead.
/// Nothing, too, where a run of either arm has learnt little.
fn catch_up(
    config: &StudyConfig,
    without: &ArmResult<'_>,
    with: &ArmResult<'_>,
) -> Option<CatchUp> {
    // A level that is a mean of runs that guess and runs that do not says nothing of either.
    let has_learnt = |arm: &ArmResult<'_>| {
        let least = LEARNT * config.chance();
        arm.windows_of_runs.iter().all(|windows| {
            Share::of_last_epoch(&arm.arm, windows).is_some_and(|share| share.value() >= least)
        })
    };
    let last_epoch = |arm: &ArmResult<'_>| Share::of_last_epoch(&arm.arm, &arm.windows);
    let ends_as_accurate = last_epoch(with)?.is_at_least(last_epoch(without)?);
    let found = CatchUp::of(&without.windows, &with.windows)?;
    let is_so =
        has_learnt(with) && has_learnt(without) && found.steps_with.is_some() == ends_as_accurate;
    is_so.then_some(found)
}

/// By means over seeds; nothing if one of the arms has no first epoch, or if the second one is not ahead after
/// it with each seed that both have.
fn epochs_to_reach(
    config: &StudyConfig,
    without: &ArmResult<'_>,
    with: &ArmResult<'_>,
) -> Option<Reached> {
    let (with, other) = (first_epoch(with)?, first_epoch(without)?);
    let of = |epoch: &EpochResult<'_>, seed: u64| epoch.accuracy_of(seed, config.chance());
    let mut both =
        config.seeds().iter().filter_map(|&seed| of(with, seed).zip(of(other, seed))).peekable();
    both.peek()?;
    if both.any(|(with, without)| with <= without) {
        return None;
    }
    let level = with.accuracy.mean;
    let reaching = without.epochs.iter().find(|epoch| epoch.accuracy.mean >= level);
    Some(reaching.map_or(Reached::Never, |epoch| Reached::After(epoch.epoch)))
}

fn first_epoch<'r, 'a>(arm: &'r ArmResult<'a>) -> Option<&'r EpochResult<'a>> {
    arm.epochs.first().filter(|first| first.epoch == 1)
}
