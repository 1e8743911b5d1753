//! How many tasks an array has, and how long a task may take: by what the cells that are left cost.

use std::time::Duration;

use anyhow::Result;
use indicatif::HumanDuration;
use study::experiment::Experiment;
use study::store::State;
use terminal::count::counted;

use super::engine::{Engine, Limit};
use crate::experiment::plan::Speeds;
use crate::shard::Shard;

/// What a task is to take: long beside the seconds in which it starts, short beside a night.
const SECONDS_PER_TASK: f64 = 600.0;

/// How much slower than this machine a node may be.
const SLOWNESS: f64 = 3.0;

/// What a job does beside its cells: it starts, and reads its data.
const SECONDS_AROUND: f64 = 300.0;

/// A limit is a multiple of this.
const LIMIT_STEP: u64 = 300;

/// What the user says of the sizes.
pub(super) struct Sizes<'a> {
    pub(super) array: Option<usize>,
    pub(super) time: Option<&'a str>,
}

/// The sizes of the jobs.
pub(super) struct Sized {
    /// None where nothing is left to train.
    pub(super) tasks: Option<usize>,
    pub(super) limit: Limit,
    /// What the longest task takes on this machine, if that was measured.
    longest: Option<f64>,
}

impl Sizes<'_> {
    /// The sizes for these cells. Speed is measured only where something depends on it.
    pub(super) fn of(
        &self,
        experiment: &Experiment,
        states: &[State],
        left: &[usize],
        engine: &dyn Engine,
    ) -> Result<Sized> {
        let limit = self.time.map(|text| engine.limit(text)).transpose()?;
        let array = if left.is_empty() { None } else { self.array };
        if let Some(limit) = &limit
            && (array.is_some() || left.is_empty())
        {
            return Ok(Sized { tasks: array, limit: limit.clone(), longest: None });
        }
        let (config, cells) = (experiment.config(), experiment.cells());
        let mut speeds = Speeds::default();
        let mut costs = vec![0.0; cells.len()];
        for &at in left {
            costs[at] = speeds.plan(config, &cells[at], states[at])?.rest;
        }
        let mut tests = 0.0;
        for cell in cells {
            tests += speeds.of_test(config, cell)?;
        }
        let tasks = (!left.is_empty()).then(|| {
            let all = costs.iter().sum();
            array.unwrap_or_else(|| tasks(all, left.len(), engine.most_tasks()))
        });
        let load =
            |index, count| Shard { index, count }.of(cells).iter().map(|&at| costs[at]).sum();
        let loads = tasks.map(|count| (0..count).map(|index| load(index, count)).collect());
        let longest = loads.map(|loads: Vec<f64>| loads.into_iter().fold(0.0, f64::max));
        let limit =
            limit.unwrap_or_else(|| engine.limit_of(seconds(longest.unwrap_or(0.0).max(tests))));
        Ok(Sized { tasks, limit, longest })
    }
}

impl Sized {
    /// What is submitted, of so many cells of a study of which so many are left.
    pub(super) fn sentence(&self, left: usize, all: usize) -> String {
        let Some(tasks) = self.tasks else {
            return format!("all {} are trained; the report alone is left", counted(all, "cell"));
        };
        let time = self.longest.map_or_else(String::new, |seconds| {
            format!(", about {} for the longest", HumanDuration(Duration::from_secs_f64(seconds)))
        });
        format!(
            "{left} of {} {} left, in {}{time}; the time limit is {}",
            counted(all, "cell"),
            if left == 1 { "is" } else { "are" },
            counted(tasks, "task"),
            HumanDuration(Duration::from_secs(self.limit.seconds))
        )
    }
}

/// The tasks for cells that take so many seconds in all.
fn tasks(seconds: f64, cells: usize, most: usize) -> usize {
    let wanted = (seconds / SECONDS_PER_TASK).ceil() as usize; // a cast of what is too large or NaN is in range
    wanted.clamp(1, cells.min(most).max(1))
}

/// The limit of a job that takes so many seconds on this machine.
fn seconds(measured: f64) -> u64 {
    let generous = measured * SLOWNESS + SECONDS_AROUND;
    (generous.ceil() as u64).div_ceil(LIMIT_STEP) * LIMIT_STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_takes_about_ten_minutes_and_has_a_cell_at_least() {
        assert_eq!(tasks(0.2, 24, 1001), 1);
        assert_eq!(tasks(600.0, 24, 1001), 1);
        assert_eq!(tasks(1500.0, 24, 1001), 3);
        assert_eq!(tasks(1e6, 24, 1001), 24);
        assert_eq!(tasks(1e9, 1_000_000, 1001), 1001);
        assert_eq!(tasks(0.0, 1, 1001), 1);
    }

    #[test]
    fn a_limit_is_several_times_what_this_machine_needs_in_steps_of_five_minutes() {
        assert_eq!(seconds(0.0), 300);
        assert_eq!(seconds(1.0), 600);
        assert_eq!(seconds(600.0), 2100);
        assert_eq!(seconds(3600.0), 11_100);
    }
}
