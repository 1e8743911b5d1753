//! The training of a study's cells, several side by side. The caller watches it, and can stop it. A cell
//! that another process trains is left to it, and waited for at the end if the caller wants that.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use kernels::with_threads;
use trainer::evaluation::EvaluationStatistics;
use trainer::run::Ended;
use trainer::{Measurement, Phase, TrainError};

use crate::cell::{Cell, distinct};
use crate::config::StudyConfig;
use crate::error::{Result, StudyError};
use crate::images::Images;
use crate::side_by_side::side_by_side;
use crate::store::Store;

/// How often it is seen whether a cell is free that another process trains.
const PATIENCE: Duration = Duration::from_millis(200);

/// Watches an experiment, and may stop it.
pub trait Watch: Sync {
    /// Sees each measurement of a run as it is made. A break saves the state of the run and stops
    /// the experiment.
    fn see(&self, cell: usize, measurement: &Measurement) -> ControlFlow<()>;

    /// Sees that a run is over without an epoch to come: its loss was not finite in this step.
    fn see_divergence(&self, cell: usize, step: u64) -> ControlFlow<()>;

    /// Sees that another process trains this cell, which is left to it while there are others.
    fn see_in_use(&self, cell: usize);

    /// Sees that nothing is left but so many cells that other processes train.
    fn see_waiting(&self, cells: usize);

    /// Whether the experiment is to stop before it begins another run, and while it waits.
    fn is_asked_to_stop(&self) -> bool;
}

/// A cell that could not be trained or tested.
#[derive(Debug)]
pub struct Failure {
    /// The place of the cell among those of the study.
    pub cell: usize,
    /// Why.
    pub error: StudyError,
}

/// What becomes of a cell that another process trains, when nothing else is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InUse {
    /// It is waited for, and gone on with where the other process left it.
    IsAwaited,
    /// It stays with the other process.
    IsLeft,
}

/// The wanted cells that are not complete after a training.
#[derive(Debug, Default)]
pub struct NotTrained {
    /// The cells that failed, which stopped no other.
    pub failures: Vec<Failure>,
    /// The places of the cells that were left to other processes.
    pub left: Vec<usize>,
}

/// What is trained: cells of a study, into a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Training<'a> {
    pub(crate) config: &'a StudyConfig,
    pub(crate) cells: &'a [Cell],
    pub(crate) store: &'a Store,
    /// Shared by all runs; changes no result.
    pub(crate) threads: usize,
}

impl Training<'_> {
    /// What [`crate::experiment::Experiment::train`] does.
    ///
    /// # Errors
    ///
    /// [`StudyError::Stopped`] when `watch` asks for it.
    pub(crate) fn train(
        &self,
        images: &Images,
        wanted: &[usize],
        in_use: InUse,
        watch: &impl Watch,
    ) -> Result<NotTrained> {
        let stopped = AtomicBool::new(false);
        let mut failures = Vec::new();
        let mut others: Vec<Run> = Vec::new();
        let mut has_waited = false;
        let mut runs = runs(self.cells, wanted.iter().copied());
        loop {
            let ended = side_by_side(&runs, self.threads, |_, run, threads| {
                Ok::<_, StudyError>(self.train_run(run, images, threads, &stopped, watch))
            })?;
            if stopped.load(Ordering::Relaxed) {
                return Err(StudyError::Stopped);
            }
            for (run, ended) in runs.into_iter().zip(ended) {
                match ended {
                    RunEnded::Over(of_run) => failures.extend(of_run),
                    RunEnded::InUse => others.push(run),
                }
            }
            let left = distinct(self.cells, others.iter().flatten().copied());
            if left.is_empty() || in_use == InUse::IsLeft {
                return Ok(NotTrained { failures, left });
            }
            if !has_waited {
                watch.see_waiting(left.len());
                has_waited = true;
            }
            (runs, others) = self.wait_for(others, watch)?;
        }
    }

    /// Waits until no other process trains one of these runs. Returns all that are free, and the others.
    fn wait_for(&self, in_use: Vec<Run>, watch: &impl Watch) -> Result<(Vec<Run>, Vec<Run>)> {
        loop {
            if watch.is_asked_to_stop() {
                return Err(StudyError::Stopped);
            }
            let mut is_free = Vec::new();
            for run in &in_use {
                let folder = self.store.folder(&self.cells[run[0]])?;
                is_free.push(files::lock(&folder).is_some());
            }
            if is_free.contains(&true) {
                let both = in_use.into_iter().zip(is_free);
                let (free, others): (Vec<_>, Vec<_>) = both.partition(|(_, is_free)| *is_free);
                let runs = |of: Vec<(Run, bool)>| of.into_iter().map(|(run, _)| run).collect();
                return Ok((runs(free), runs(others)));
            }
            thread::sleep(PATIENCE);
        }
    }

    fn train_run(
        &self,
        run: &[usize],
        images: &Images,
        threads: usize,
        stopped: &AtomicBool,
        watch: &impl Watch,
    ) -> RunEnded {
        let mut failures = Vec::new();
        for &cell in run {
            match self.train_cell(cell, images, threads, stopped, watch) {
                None => {}
                Some(StudyError::Train(TrainError::InUse { .. })) => {
                    run.iter().for_each(|&cell| watch.see_in_use(cell));
                    return RunEnded::InUse;
                }
                Some(error) => {
                    let error = failed("training", self.config, &self.cells[cell], error);
                    failures.push(Failure { cell, error });
                }
            }
        }
        RunEnded::Over(failures)
    }

    /// Trains a cell; why it failed, if it did.
    fn train_cell(
        &self,
        index: usize,
        images: &Images,
        threads: usize,
        stopped: &AtomicBool,
        watch: &impl Watch,
    ) -> Option<StudyError> {
        let stop = || stopped.store(true, Ordering::Relaxed);
        if watch.is_asked_to_stop() || stopped.load(Ordering::Relaxed) {
            stop();
            return None;
        }
        let go_on_unless_asked = || match watch.is_asked_to_stop() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let observe = |measurement: &Measurement| {
            let seen = watch.see(index, measurement);
            if watch.is_asked_to_stop() { ControlFlow::Break(()) } else { seen }
        };
        let cell = &self.cells[index];
        let train = || {
            let folder = self.store.folder(cell)?;
            let (images, split) = images.of(self.config, cell)?;
            // The validations of the training are those of the arm with the running statistics.
            let is_shown = |measurement: &Measurement| {
                measurement.phase == Phase::Training
                    || cell.run.statistics == EvaluationStatistics::Running
            };
            let ended = cell.run.train(images, &split, &folder, |measurement| {
                if is_shown(measurement) { observe(measurement) } else { go_on_unless_asked() }
            })?;
            Ok(match ended {
                Ended::Interrupted => ended,
                Ended::Complete | Ended::Diverged { .. } => {
                    if ended == Ended::Complete && cell.measures_variance_shift {
                        cell.run.measure_variance_shift(images, &split, &folder)?;
                    }
                    match cell.run.validate(images, &split, &folder, observe)? {
                        // As the training ended that was evaluated.
                        Ended::Complete => ended,
                        other @ (Ended::Interrupted | Ended::Diverged { .. }) => other,
                    }
                }
            })
        };
        let ended: Result<Ended> =
            with_threads(threads, train).map_err(|error| TrainError::from(error).into()).flatten();
        match ended {
            Ok(Ended::Complete) => {}
            Ok(Ended::Diverged { step }) => {
                if watch.see_divergence(index, step).is_break() {
                    stop();
                }
            }
            Ok(Ended::Interrupted) => stop(),
            Err(error) => return Some(error),
        }
        None
    }
}

/// The places of the cells that are one run.
pub(crate) type Run = Vec<usize>;

/// How the training of a run ended.
enum RunEnded {
    /// It is over, with these failures.
    Over(Vec<Failure>),
    /// Another process trains it.
    InUse,
}

/// Cells with the same identity are one run, which goes on to more epochs. They differ in the number of
/// epochs, or in nothing, as those of arms with the same seed 0 where what a seed changes is compared.
pub(crate) fn runs(cells: &[Cell], wanted: impl IntoIterator<Item = usize>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for cell in wanted {
        match runs.iter_mut().find(|run| cells[run[0]].id == cells[cell].id) {
            Some(run) => run.push(cell),
            None => runs.push(vec![cell]),
        }
    }
    runs.iter_mut().for_each(|run| run.sort_by_key(|&cell| cells[cell].run.epochs));
    runs
}

/// The failure of a cell, with the words that name it.
pub(crate) fn failed(
    action: &'static str,
    config: &StudyConfig,
    cell: &Cell,
    source: StudyError,
) -> StudyError {
    let run = format!("{}, seed {}", config.label(&cell.key.arm), cell.key.seed);
    StudyError::Run { action, run, source: Box::new(source) }
}
