//! Training by windows of steps, and how soon one arm reaches what another ends at.

use crate::arm::Arm;
use crate::tables::StepRow;

/// A window of training steps of one run, or its mean over runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Steps taken before the window.
    pub start: u64,
    /// Steps taken at its end.
    pub end: u64,
    /// Mean training loss.
    pub loss: f64,
    /// The training images that were classified correctly; of a mean over runs those of all runs.
    pub correct: u64,
    /// All of its images.
    pub images: u64,
}

impl Window {
    /// The share of its images that were classified correctly.
    pub fn accuracy(&self) -> f64 {
        self.share().value()
    }

    fn share(&self) -> Share {
        Share { correct: self.correct, images: self.images }
    }
}

/// How many of some images were classified correctly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    correct: u64,
    images: u64,
}

impl Share {
    /// Over the last epoch of the arm with these windows; nothing if none is in it.
    pub(super) fn of_last_epoch(arm: &Arm, windows: &[Window]) -> Option<Self> {
        let start = arm.steps().saturating_sub(arm.steps_per_epoch());
        let windows = windows.iter().filter(|window| window.start >= start);
        windows.map(Window::share).reduce(|sum, next| Self {
            correct: sum.correct + next.correct,
            images: sum.images + next.images,
        })
    }

    pub(super) fn value(self) -> f64 {
        self.correct as f64 / self.images as f64
    }

    /// Counts are compared: rounded shares of equal counts can differ.
    pub(super) fn is_at_least(self, other: Self) -> bool {
        let product = |one: u64, other: u64| u128::from(one) * u128::from(other);
        product(self.correct, other.images) >= product(other.correct, self.images)
    }
}

/// The windows of each run of an arm, in the order of the seeds; runs without any are left out.
pub(super) fn of_runs(arm: &Arm, seeds: &[u64], rows: &[StepRow]) -> Vec<Vec<Window>> {
    let of_arm: Vec<&StepRow> = rows.iter().filter(|row| row.key.arm == *arm).collect();
    let of_seed = |seed: &u64| {
        let mut start = 0;
        let rows = of_arm.iter().filter(|row| row.key.seed == *seed);
        rows.map(|row| {
            let end = row.step + 1;
            let correct = (row.accuracy * row.count as f64).round() as u64;
            let window = Window { start, end, loss: row.loss, correct, images: row.count };
            start = end;
            window
        })
        .collect::<Vec<_>>()
    };
    seeds.iter().map(of_seed).filter(|windows| !windows.is_empty()).collect()
}

/// The mean of each window that all runs have.
pub(super) fn mean(runs: &[Vec<Window>]) -> Vec<Window> {
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    let mean = |window: &Window| {
        let mut mean = *window;
        for run in others {
            let same =
                run.iter().find(|other| (other.start, other.end) == (window.start, window.end))?;
            mean.loss += same.loss;
            mean.correct += same.correct;
            mean.images += same.images;
        }
        mean.loss /= runs.len() as f64;
        Some(mean)
    };
    first.iter().filter_map(mean).collect()
}

/// How soon each arm of a pair reaches the final training accuracy of the first. One rule for both, so
/// that a plateau before the end gives neither an advantage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CatchUp {
    /// Training accuracy of the first in the last window, mean over seeds: the level.
    pub accuracy: f64,
    /// Steps at the end of the first window in which the accuracy of the first, mean over seeds, is at
    /// least the level; the last window at the latest.
    pub steps_without: u64,
    /// The same of the other; none if there is no such window.
    pub steps_with: Option<u64>,
}

impl CatchUp {
    /// When both reach the level, from their mean windows; nothing if one has none.
    pub(super) fn of(without: &[Window], with: &[Window]) -> Option<Self> {
        with.first()?;
        let level = without.last()?;
        let reached = |windows: &[Window]| {
            let reaching = windows.iter().find(|window| window.share().is_at_least(level.share()));
            reaching.map(|window| window.end)
        };
        Some(Self {
            accuracy: level.accuracy(),
            steps_without: reached(without)?,
            steps_with: reached(with),
        })
    }

    /// How many times fewer steps the other took.
    pub fn times_fewer(&self) -> Option<f64> {
        self.steps_with.map(|steps| self.steps_without as f64 / steps as f64)
    }
}
