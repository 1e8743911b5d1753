//! An arm beside the first of its group, the baseline.

use statistics::StatisticsError;

use super::arm_result::{ArmResult, EpochResult};
use super::inference::{Paired, differences};
use super::spread::Spread;
use super::windows::{CatchUp, is_as_accurate};
use crate::config::StudyConfig;
use crate::tables::RunRow;

/// From so many times the accuracy of guessing on, an arm has learnt something.
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
    /// other is not ahead by then with each seed.
    pub epochs_to_reach: Option<Reached>,
    /// When both reach the final training accuracy of the first; nothing if a run diverged, if both are
    /// evaluations of one training, or if the other reaches it and is behind over the last epoch.
    pub catch_up: Option<CatchUp>,
}

/// In how many of the epochs of all seeds that both arms have, the other had the higher validation
/// accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// The epochs in which it was ahead.
    pub ahead: usize,
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
            catch_up: (is_whole && !with.arm.is_training_of(&without.arm))
                .then(|| CatchUp::of(&without.windows, &with.windows))
                .flatten()
                // A window of few images can be above a level that the training is not.
                .filter(|found| found.steps_with.is_none() || ends_as_accurate(with, without))
                // To reach what guessing gives says nothing.
                .filter(|found| found.accuracy >= LEARNT * chance),
        })
    }
}

fn ahead(config: &StudyConfig, without: &ArmResult<'_>, with: &ArmResult<'_>) -> Ahead {
    let runs = |arm: &ArmResult<'_>| arm.runs.iter().map(|run| run.key.seed).collect::<Vec<_>>();
    let is_all = with.arm.run.epochs == without.arm.run.epochs && runs(with) == runs(without);
    let mut count = Ahead { ahead: 0, of: 0, is_all };
    for epoch in &with.epochs {
        let Some(other) = without.epochs.iter().find(|other| other.epoch == epoch.epoch) else {
            continue;
        };
        for &seed in config.seeds() {
            let of = |epoch: &EpochResult<'_>| epoch.accuracy_of(seed, config.chance());
            if let (Some(accuracy), Some(other)) = (of(epoch), of(other)) {
                count.of += 1;
                count.ahead += usize::from(accuracy > other);
            }
        }
    }
    count
}

/// Whether the training accuracy of an arm over its last epoch is at least that of another one.
fn ends_as_accurate(one: &ArmResult<'_>, other: &ArmResult<'_>) -> bool {
    let last_epoch = |arm: &ArmResult<'_>| {
        let start = arm.arm.steps().saturating_sub(arm.arm.steps_per_epoch());
        let windows = arm.windows.iter().filter(|window| window.start >= start);
        windows.fold((0, 0), |(correct, images), window| {
            (correct + window.correct, images + window.images)
        })
    };
    is_as_accurate(last_epoch(one), last_epoch(other))
}

/// By means over seeds; nothing if one of the arms has no first epoch, or if the second one is not ahead after
/// it with each seed.
fn epochs_to_reach(
    config: &StudyConfig,
    without: &ArmResult<'_>,
    with: &ArmResult<'_>,
) -> Option<Reached> {
    let first = |arm: &'_ ArmResult<'_>| arm.epochs.first().is_some_and(|first| first.epoch == 1);
    if !first(with) || !first(without) {
        return None;
    }
    let level = with.epochs.first()?.accuracy.mean;
    let is_ahead = |seed: &u64| {
        let of = |arm: &ArmResult<'_>| arm.epochs.first()?.accuracy_of(*seed, config.chance());
        of(with).zip(of(without)).is_none_or(|(with, without)| with > without)
    };
    if !config.seeds().iter().all(is_ahead) {
        return None;
    }
    let reaching = without.epochs.iter().find(|epoch| epoch.accuracy.mean >= level);
    Some(reaching.map_or(Reached::Never, |epoch| Reached::After(epoch.epoch)))
}
