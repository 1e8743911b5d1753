//! How many tasks an array has, and how long a job may take: by what the cells cost. How much memory it has.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use indicatif::HumanDuration;
use study::experiment::Experiment;
use study::memory::Memory;
use study::store::State;
use terminal::count::counted;

use super::engine::{Engine, Limit};
use crate::experiment::plan::Speeds;
use crate::shard::parts;

/// What a task is to take: long beside the seconds in which it starts, short beside a night.
const SECONDS_PER_TASK: f64 = 600.0;

/// How much slower than this machine a node may be.
const SLOWNESS: f64 = 3.0;

/// What a job does beside its cells: it starts, and reads its data.
const SECONDS_AROUND: f64 = 300.0;

/// A limit is a multiple of this.
const LIMIT_STEP: u64 = 300;

/// A job gets so many times the memory that is computed, for what the system keeps for it counts, too.
const GENEROSITY: u64 = 2;

/// The MiB of a job per processor are a multiple of this.
const MEMORY_STEP: u64 = 512;

/// What the user says of the sizes.
pub(super) struct Wanted {
    pub(super) array: Option<usize>,
    pub(super) time: Option<Limit>,
}

/// The sizes of the jobs.
pub(super) struct Sizes {
    /// None where nothing is left to train.
    pub(super) tasks: Option<usize>,
    /// The time limit of a task.
    pub(super) limit: Limit,
    /// That of the report, which tests what is not tested, and is not requeued at its limit.
    pub(super) limit_of_report: Limit,
    /// MiB per processor.
    pub(super) memory: u64,
    /// How many of the tasks have cells that are left.
    with_cells: usize,
    /// What the longest task takes on this machine.
    longest: f64,
}

impl Wanted {
    /// The sizes for a study whose cells have these states, and of which these are left.
    pub(super) fn sizes(
        &self,
        experiment: &Experiment,
        states: &[State],
        left: &[usize],
        engine: &dyn Engine,
    ) -> Result<Sizes> {
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
        let runs: BTreeSet<_> = left.iter().map(|&at| &cells[at].id).collect();
        let tasks = (!runs.is_empty()).then(|| {
            let most = runs.len().min(engine.most_tasks());
            match self.array {
                Some(wanted) => wanted.min(most),
                None => tasks(costs.iter().sum(), most),
            }
        });
        let mut loads = vec![0.0; tasks.unwrap_or(0)];
        let parts = parts(cells, loads.len().max(1));
        for &at in left {
            loads[parts[at]] += costs[at];
        }
        let longest = loads.into_iter().fold(0.0, f64::max);
        let with_cells = left.iter().map(|&at| parts[at]).collect::<BTreeSet<_>>().len();
        let limit = self.time.clone().unwrap_or_else(|| engine.limit_of(seconds(longest)));
        let of_tests = engine.limit_of(seconds(tests));
        let limit_of_report =
            if of_tests.seconds > limit.seconds { of_tests } else { limit.clone() };
        let memory = memory(Memory::of(config)?.bytes(1));
        Ok(Sizes { tasks, limit, limit_of_report, memory, with_cells, longest })
    }
}

impl Sizes {
    /// What is submitted, of so many cells of a study of which so many are left.
    pub(super) fn sentence(&self, left: usize, all: usize) -> String {
        let Some(tasks) = self.tasks else {
            return format!("all {} are trained; the report alone is left", counted(all, "cell"));
        };
        format!(
            "{left} of {} {} left, in {}, about {} for the longest; the time limit is {}",
            counted(all, "cell"),
            if left == 1 { "is" } else { "are" },
            counted(tasks, "task"),
            HumanDuration(Duration::try_from_secs_f64(self.longest).unwrap_or(Duration::MAX)),
            HumanDuration(Duration::from_secs(self.limit.seconds))
        )
    }

    /// Where the tasks are not what was wanted, or what one expects.
    pub(super) fn note(&self, wanted: &Wanted, engine: &dyn Engine) -> Option<String> {
        let tasks = self.tasks?;
        let fewer = wanted.array.filter(|&array| array > tasks).map(|array| {
            format!(
                "--array {array}: there {} instead, at most one per run that is left and at most {}",
                if tasks == 1 { "is 1 task".to_owned() } else { format!("are {tasks} tasks") },
                engine.most_tasks()
            )
        });
        let idle = (self.with_cells < tasks).then(|| {
            format!(
                "nothing is left to train for {} of {}; each has a part of all cells",
                tasks - self.with_cells,
                counted(tasks, "task")
            )
        });
        let notes: Vec<String> = fewer.into_iter().chain(idle).collect();
        (!notes.is_empty()).then(|| notes.join("\n"))
    }
}

/// The tasks, up to so many, for cells that take so many seconds in all.
fn tasks(seconds: f64, most: usize) -> usize {
    let wanted = (seconds / SECONDS_PER_TASK).ceil() as usize; // a cast of what is too large or NaN is in range
    wanted.clamp(1, most.max(1))
}

/// The limit of a job that takes so many seconds on this machine.
fn seconds(measured: f64) -> u64 {
    let generous = measured * SLOWNESS + SECONDS_AROUND;
    (generous.ceil() as u64).div_ceil(LIMIT_STEP) * LIMIT_STEP
}

/// The MiB of a job per processor for so many bytes of a run.
fn memory(bytes: u64) -> u64 {
    bytes.saturating_mul(GENEROSITY).div_ceil(MEMORY_STEP << 20) * MEMORY_STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_takes_about_ten_minutes_and_has_a_cell_at_least() {
        assert_eq!(tasks(0.2, 24), 1);
        assert_eq!(tasks(600.0, 24), 1);
        assert_eq!(tasks(1500.0, 24), 3);
        assert_eq!(tasks(1e6, 24), 24);
        assert_eq!(tasks(1e9, 1001), 1001);
        assert_eq!(tasks(0.0, 1), 1);
    }

    #[test]
    fn a_limit_is_several_times_what_this_machine_needs_in_steps_of_five_minutes() {
        assert_eq!(seconds(0.0), 300);
        assert_eq!(seconds(1.0), 600);
        assert_eq!(seconds(600.0), 2100);
        assert_eq!(seconds(3600.0), 11_100);
    }

    #[test]
    fn memory_is_twice_what_a_run_needs_in_steps_of_512_mib() {
        assert_eq!(memory(1), 512);
        assert_eq!(memory(256 << 20), 512);
        assert_eq!(memory((256 << 20) + 1), 1024);
        assert_eq!(memory(3 << 30), 6144);
        assert!(memory(u64::MAX) > 1 << 40);
    }
}
