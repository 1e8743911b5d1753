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
    /// Mean training accuracy.
    pub accuracy: f64,
}

/// The windows of each run of an arm, in the order of the seeds; runs without any are left out.
pub(super) fn of_runs(arm: &Arm, seeds: &[u64], rows: &[StepRow]) -> Vec<Vec<Window>> {
    let of_arm: Vec<&StepRow> = rows.iter().filter(|row| row.key.arm == *arm).collect();
    let of_seed = |seed: &u64| {
        let mut start = 0;
        let rows = of_arm.iter().filter(|row| row.key.seed == *seed);
        rows.map(|row| {
            let end = row.step + 1;
            let window = Window { start, end, loss: row.loss, accuracy: row.accuracy };
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
            mean.accuracy += same.accuracy;
        }
        mean.loss /= runs.len() as f64;
        mean.accuracy /= runs.len() as f64;
        Some(mean)
    };
    first.iter().filter_map(mean).collect()
}

/// How soon each network of a pair reaches the final training accuracy of the one without the
/// norm. One rule for both networks, so that a plateau before the end gives neither an advantage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CatchUp {
    /// Training accuracy without the norm in the last window, mean over seeds: the level.
    pub accuracy: f64,
    /// Steps at the end of the first window in which the accuracy without the norm, mean over
    /// seeds, is at least the level; the last window at the latest.
    pub steps_without: u64,
    /// The same with the norm; none if there is no such window.
    pub steps_with: Option<u64>,
}

impl CatchUp {
    /// When both networks reach the level, from their mean windows; nothing if one has none.
    pub(super) fn of(without: &[Window], with: &[Window]) -> Option<Self> {
        with.first()?;
        let level = without.last()?.accuracy;
        let reached = |windows: &[Window]| {
            windows.iter().find(|window| window.accuracy >= level).map(|window| window.end)
        };
        Some(Self { accuracy: level, steps_without: reached(without)?, steps_with: reached(with) })
    }

    /// How many times fewer steps it took with the norm.
    pub fn times_fewer(&self) -> Option<f64> {
        self.steps_with.map(|steps| self.steps_without as f64 / steps as f64)
    }
}
