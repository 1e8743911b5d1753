//! The large study as work: the processor time of its command, beside the least time in which one core
//! could do the operations of its trainings.

use std::process::Command;

use serde::{Deserialize, Serialize};
use tempfile::tempdir;

use crate::ceiling::Ceiling;
use crate::child::Program;
use crate::error::{BenchError, Result};
use crate::options::{Extent, Options, Studies, StudyCommand};
use crate::process::{Duration, timed};
use crate::work::operations_of_training;

/// The arms of the study: two networks, each with its head frozen and trained.
const ARMS: usize = 4;

/// The large study.
const WHOLE: StudySize = StudySize { seeds: 30, epochs: 5 };

/// The seeds and epochs of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StudySize {
    pub(crate) seeds: u32,
    pub(crate) epochs: u32,
}

/// The large study, measured whole or by small ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StudyWork {
    /// The command.
    pub(crate) command: String,
    /// The name of the data set.
    pub(crate) data: String,
    /// The images of an epoch.
    pub(crate) training_images: usize,
    /// What was run.
    pub(crate) measured: MeasuredStudies,
}

/// The studies that were run, each with its time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MeasuredStudies {
    /// The study itself.
    Whole(Duration),
    /// Three small studies, whose differences are the cost of an epoch and of a run.
    Small {
        /// One seed and one epoch.
        base: Duration,
        /// The same of more epochs.
        more_epochs: Duration,
        /// How many.
        epochs: u32,
        /// Two seeds and one epoch.
        two_seeds: Duration,
    },
}

impl StudyWork {
    /// Measures the study, whole or by small ones. None if the system does not tell the time of the
    /// processors.
    pub(crate) fn measure(options: &Options<'_>, studies: &Studies) -> Result<Option<Self>> {
        let run = |size: StudySize| {
            let StudySize { seeds, epochs } = size;
            (options.progress)(&format!("the study of four arms: seeds {seeds}, epochs {epochs}"));
            run(&options.program, &studies.headline, size, "the study of four arms")
        };
        let small = |epochs| -> Result<MeasuredStudies> {
            Ok(MeasuredStudies::Small {
                base: run(StudySize { seeds: 1, epochs: 1 })?,
                more_epochs: run(StudySize { seeds: 1, epochs })?,
                epochs,
                two_seeds: run(StudySize { seeds: 2, epochs: 1 })?,
            })
        };
        let measured = match options.extent {
            Extent::Quick => small(2)?,
            Extent::Normal => small(WHOLE.epochs)?,
            Extent::Full => MeasuredStudies::Whole(run(WHOLE)?),
        };
        let work = Self {
            command: studies.headline.shown.clone(),
            data: studies.data.name.clone(),
            training_images: studies.data.split.training.len(),
            measured,
        };
        Ok(work.cpu_seconds().map(|_| work))
    }

    /// The processor time of the study of 30 seeds in seconds: measured, or estimated.
    ///
    /// A study of s seeds and e epochs is taken to cost a constant, s times the cost of a seed without
    /// its epochs, and s·e times the cost of an epoch.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        match &self.measured {
            MeasuredStudies::Whole(whole) => whole.cpu_seconds,
            MeasuredStudies::Small { base, more_epochs, epochs, two_seeds } => {
                let base = base.cpu_seconds?;
                let epoch = (more_epochs.cpu_seconds? - base) / f64::from(epochs - 1);
                let seed = two_seeds.cpu_seconds? - base - epoch;
                let constant = base - seed - epoch;
                let [seeds, epochs] = [WHOLE.seeds, WHOLE.epochs].map(f64::from);
                Some(constant + seeds * (seed + epochs * epoch))
            }
        }
    }

    /// The seconds that one core with this ceiling takes for the dense operations of all trainings.
    pub(crate) fn ceiling_seconds(&self, one_core: &Ceiling) -> f64 {
        operations_of_training(self.epochs() * self.training_images) / one_core.flops
    }

    /// The epochs of all trainings of the study of 30 seeds.
    pub(crate) fn epochs(&self) -> usize {
        ARMS * (WHOLE.seeds * WHOLE.epochs) as usize
    }
}

/// Runs a study by the command that a user gives. Nothing of it is trained already.
pub(crate) fn run(
    program: &Program,
    study: &StudyCommand,
    StudySize { seeds, epochs }: StudySize,
    what: &str,
) -> Result<Duration> {
    let folder = tempdir().map_err(BenchError::system("no temporary folder could be made"))?;
    let mut command = Command::new(&program.path);
    command.args(&study.arguments);
    command.args([format!("--seeds={seeds}"), format!("--epochs={epochs}")]);
    for argument in ["cells", "out"] {
        command.arg(format!("--{argument}")).arg(folder.path().join(argument));
    }
    timed(&mut command, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(measured: MeasuredStudies) -> StudyWork {
        let [command, data] = ["a command", "images"].map(str::to_owned);
        StudyWork { command, data, training_images: 48_000, measured }
    }

    fn duration(cpu_seconds: f64) -> Duration {
        Duration { seconds: 1.0, cpu_seconds: Some(cpu_seconds) }
    }

    #[test]
    fn small_studies_tell_the_cost_of_a_large_one() {
        // 7 once, 3 per seed, 2 per epoch of a seed: 7 + 30 · (3 + 5 · 2).
        let cost = |seeds: f64, epochs: f64| duration(7.0 + seeds * (3.0 + 2.0 * epochs));
        for epochs in [2, 5] {
            let measured = MeasuredStudies::Small {
                base: cost(1.0, 1.0),
                more_epochs: cost(1.0, f64::from(epochs)),
                epochs,
                two_seeds: cost(2.0, 1.0),
            };
            assert_eq!(work(measured).cpu_seconds(), Some(397.0));
        }
        assert_eq!(work(MeasuredStudies::Whole(duration(390.0))).cpu_seconds(), Some(390.0));
    }

    #[test]
    fn the_ceiling_is_that_of_all_trainings_on_one_core() {
        let one_core = Ceiling { threads: 1, flops: 272e9, copies: Vec::new() };
        let seconds = work(MeasuredStudies::Whole(duration(1.0))).ceiling_seconds(&one_core);
        // 4 arms of 30 seeds and 5 epochs of 48,000 images at 5,964,672 operations.
        assert!((seconds - 600.0 * 48_000.0 * 5_964_672.0 / 272e9).abs() < 1e-9, "{seconds}");
    }
}
