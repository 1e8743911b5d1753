//! An experiment: trains the cells of a study that are missing, tests them once, and writes tables,
//! figures and report. The caller watches it, and can stop it. A cell that another process trains is left
//! to it, and waited for at the end.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use kernels::with_threads;
use trainer::dataset::{DataSet, LabelledImages};
use trainer::evaluation::{Evaluation, Score, evaluate};
use trainer::network::ModelSummary;
use trainer::run::Ended;
use trainer::{Measurement, TrainError};

use crate::arm::Arm;
use crate::audit::{LOCK_FILE, Program, StudyLock};
use crate::cell::{Cell, cells, distinct};
use crate::collect::{Collected, Trained, collect};
use crate::config::{CONFIG_FILE, StudyConfig};
use crate::error::{Result, StudyError};
use crate::folder::{StudyFolder, is_finished};
use crate::found::{self, Found};
use crate::images::Images;
use crate::report;
use crate::reproduction::Reproduction;
use crate::side_by_side::side_by_side;
use crate::store::{State, Store};
use crate::tables::{Row, RunRow, Study, TABLE_FILES};

/// The batches of the sanity check, which the notebook's trainer makes before training.
const SANITY_BATCHES: usize = 2;

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

/// An experiment: a study with the store of its cells.
#[derive(Debug)]
pub struct Experiment {
    config: StudyConfig,
    cells: Vec<Cell>,
    store: Store,
    /// Where more cells may be found, which nothing is written into.
    others: Vec<Store>,
    threads: usize,
}

/// An arm before its training.
#[derive(Debug)]
pub struct Introduction {
    /// The arm in words.
    pub label: String,
    /// The seed of the initial weights.
    pub seed: u64,
    /// The layers, with their parameters.
    pub summary: ModelSummary,
    /// The sanity check: loss and accuracy on a few validation images with untrained weights.
    pub score: Score,
}

/// The test images of each data set that has cells to be tested.
pub type TestImages = Vec<(DataSet, LabelledImages)>;

/// A cell that could not be trained or tested.
#[derive(Debug)]
pub struct Failure {
    /// The place of the cell in [`Experiment::cells`].
    pub cell: usize,
    /// Why.
    pub error: StudyError,
}

impl Experiment {
    /// The experiment of a study whose cells are in `store`. `threads` are shared by all runs and change
    /// no result.
    ///
    /// # Errors
    ///
    /// A run that cannot be built.
    pub fn new(config: StudyConfig, store: Store, threads: usize) -> Result<Self> {
        let cells = cells(&config)?;
        Ok(Self { config, cells, store, others: Vec::new(), threads })
    }

    /// The same with more stores, in which cells are found that are not in the first.
    #[must_use]
    pub fn with_cells_of(self, others: Vec<Store>) -> Self {
        Self { others, ..self }
    }

    /// Opens the folder `out` for the results, so that one that cannot be worked in shows before the
    /// training. Until there is a report, its `study.toml` says which study is being trained.
    ///
    /// # Errors
    ///
    /// A folder that cannot be worked in, or holds files of somebody else.
    pub fn open(&self, out: &Path) -> Result<StudyFolder> {
        self.expect_own(out)?;
        let folder = StudyFolder::open(out, &files(&self.config))?;
        if !is_finished(out) {
            folder.write(Path::new(CONFIG_FILE), self.config.to_toml().as_bytes())?;
        }
        Ok(folder)
    }

    /// Refuses a folder that has the report of a study of another title, and one among the cells.
    fn expect_own(&self, out: &Path) -> Result<()> {
        let refuse = |fault: String| Err(StudyError::Folder { path: out.to_path_buf(), fault });
        let (store, folder) = (self.store.path().canonicalize(), out.canonicalize());
        if let (Ok(store), Ok(folder)) = (store, folder)
            && folder.starts_with(store)
        {
            return refuse(" is among the cells; give another folder for the report".to_owned());
        }
        let text = files::read_text(&out.join(CONFIG_FILE)).ok();
        let found = text.and_then(|text| StudyConfig::read(&text).ok());
        let (found, own) = match &found {
            Some(found) => (&found.file.title, &self.config.file.title),
            None => return Ok(()),
        };
        if found != own {
            return refuse(format!(
                ": found the report of {found:?}, expected that of {own:?} or none; give another folder"
            ));
        }
        Ok(())
    }

    /// Refuses to replace the report in `out` by one that lacks a run of it: the tables may be all that is
    /// left of that run.
    ///
    /// # Errors
    ///
    /// Such a report, and one that cannot be read.
    pub fn expect_no_loss(&self, out: &Path, found: &[Found]) -> Result<()> {
        if found.iter().all(|found| found.state.is_complete()) || !is_finished(out) {
            return Ok(());
        }
        let reported = Study::read(out)?.runs;
        let both = self.cells.iter().zip(found);
        let both = both.filter(|(cell, _)| reported.iter().any(|run| run.key == cell.key));
        let is_here: Vec<bool> = both.map(|(_, found)| found.state.is_complete()).collect();
        let here = is_here.iter().filter(|is_here| **is_here).count();
        if here == is_here.len() {
            return Ok(());
        }
        let fault = format!(
            ": found a report of {} {}, of which {here} {} here; --out gives another folder",
            is_here.len(),
            if is_here.len() == 1 { "run" } else { "runs" },
            if here == 1 { "is" } else { "are" },
        );
        Err(StudyError::Folder { path: out.to_path_buf(), fault })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The threads that all runs share.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The study.
    pub fn config(&self) -> &StudyConfig {
        &self.config
    }

    /// All cells.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// What there is of each cell.
    ///
    /// # Errors
    ///
    /// A folder of a cell that cannot be read, and two copies of a cell that have different results.
    pub fn found(&self) -> Result<Vec<Found>> {
        let tested_on = self.tested_on();
        let find = |cell| found::find(cell, &self.store, &self.others, &tested_on);
        self.cells.iter().map(find).collect()
    }

    /// The cells that are trained and not tested yet.
    ///
    /// # Errors
    ///
    /// The result of a test that is damaged.
    pub fn untested(&self, found: &[Found]) -> Result<Vec<usize>> {
        let tested_on = self.tested_on();
        let mut untested = Vec::new();
        for (index, (cell, found)) in self.cells.iter().zip(found).enumerate() {
            let is_tested = tested_on.is_empty()
                || found.state != State::Trained
                || cell.run.tested(&tested_on, &found.folder)?.is_some();
            if !is_tested {
                untested.push(index);
            }
        }
        Ok(untested)
    }

    /// The test images, as positions among those of the data set.
    fn tested_on(&self) -> Vec<usize> {
        (0..usize::try_from(self.config.test_images).unwrap_or(usize::MAX)).collect()
    }

    /// How the files came out, once they are written, beside those of the same study in another folder.
    ///
    /// # Errors
    ///
    /// As for [`Reproduction::of`].
    pub fn compare(&self, made: &StudyFolder, before: &Path) -> Result<Option<Reproduction>> {
        Reproduction::of(&self.config, made.path(), before)
    }

    /// Builds each arm of the wanted cells with its first seed and evaluates it, as the notebook's trainer does before
    /// it trains: with untrained weights about a tenth of the images are classified correctly.
    ///
    /// # Errors
    ///
    /// A network that cannot be built for these images.
    pub fn introduce(&self, images: &Images, wanted: &[usize]) -> Result<Vec<Introduction>> {
        let mut introduced: Vec<&Arm> = Vec::new();
        let mut introductions = Vec::new();
        for &at in wanted {
            let cell = &self.cells[at];
            let Cell { key, run, .. } = cell;
            if introduced.contains(&&key.arm) {
                continue;
            }
            introduced.push(&key.arm);
            let (images, split) = images.of(&self.config, cell)?;
            let (network, _) = run.start(images)?;
            let trained = run.trains.parameters(&network)?;
            let count = SANITY_BATCHES.saturating_mul(run.batch_size).min(split.validation.len());
            introductions.push(Introduction {
                label: self.config.label(&key.arm),
                seed: key.seed,
                summary: ModelSummary::of(&network, |parameter| trained.contains(parameter)),
                score: evaluate(&network, images, &split.validation[..count], run.batch_size)?
                    .score,
            });
        }
        Ok(introductions)
    }

    /// Trains the wanted cells as far as they are not complete, several side by side, in their order. A
    /// cell that fails stops no other: it is in the list that is returned. One that another process trains
    /// is waited for when nothing else is left, and gone on with where the other process left it.
    ///
    /// # Errors
    ///
    /// [`StudyError::Stopped`] when `watch` asks for it.
    pub fn train(
        &self,
        images: &Images,
        wanted: &[usize],
        watch: &impl Watch,
    ) -> Result<Vec<Failure>> {
        let stopped = AtomicBool::new(false);
        let mut failures = Vec::new();
        let mut in_use: Vec<Run> = Vec::new();
        let mut has_waited = false;
        let mut runs = self.runs(wanted);
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
                    RunEnded::InUse => in_use.push(run),
                }
            }
            if in_use.is_empty() {
                return Ok(failures);
            }
            if !has_waited {
                watch.see_waiting(distinct(&self.cells, in_use.iter().flatten().copied()).len());
                has_waited = true;
            }
            (runs, in_use) = self.wait_for(in_use, watch)?;
        }
    }

    /// Cells with the same identity are one run, which goes on to more epochs. They differ in the number of
    /// epochs, or in nothing, as those of arms with the same seed 0 where what a seed changes is compared.
    fn runs(&self, wanted: &[usize]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for &cell in wanted {
            match runs.iter_mut().find(|run| self.cells[run[0]].id == self.cells[cell].id) {
                Some(run) => run.push(cell),
                None => runs.push(vec![cell]),
            }
        }
        runs.iter_mut().for_each(|run| run.sort_by_key(|&cell| self.cells[cell].run.epochs));
        runs
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
                    let error = self.failed("training", &self.cells[cell], error);
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
        let observe = |measurement: &Measurement| {
            let seen = watch.see(index, measurement);
            if watch.is_asked_to_stop() { ControlFlow::Break(()) } else { seen }
        };
        let cell = &self.cells[index];
        let train = || {
            let folder = self.store.folder(cell)?;
            let (images, split) = images.of(&self.config, cell)?;
            Ok(cell.run.train(images, &split, &folder, observe)?)
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

    /// Evaluates every trained cell on the test images: once, now that nothing can be chosen by them
    /// any more. A cell that was tested before is not tested again, and needs no images.
    ///
    /// # Errors
    ///
    /// [`StudyError::Stopped`] when `watch` asks for it, and a cell that cannot be tested.
    pub fn test(
        &self,
        found: &[Found],
        images: &TestImages,
        watch: &impl Watch,
    ) -> Result<Vec<Trained>> {
        // Cells that are one run are tested in turn, and store their results side by side.
        let runs = self.runs(&(0..self.cells.len()).collect::<Vec<_>>());
        let tested = side_by_side(&runs, self.threads, |_, run, threads| {
            let test = |&cell: &usize| {
                if watch.is_asked_to_stop() {
                    return Err(StudyError::Stopped);
                }
                let test = || self.test_cell(&self.cells[cell], &found[cell], images);
                let tested = match found[cell].state {
                    State::Missing | State::Begun { .. } => Trained::No,
                    State::Diverged { step } => Trained::Diverged { step },
                    State::Trained => with_threads(threads, test)
                        .map_err(|error| StudyError::from(TrainError::from(error)))
                        .flatten()
                        .map(Trained::Yes)
                        .map_err(|error| self.failed("testing", &self.cells[cell], error))?,
                };
                Ok((cell, tested))
            };
            run.iter().map(test).collect::<Result<Vec<_>>>()
        })?;
        let mut tested: Vec<(usize, Trained)> = tested.into_iter().flatten().collect();
        tested.sort_by_key(|(cell, _)| *cell);
        Ok(tested.into_iter().map(|(_, tested)| tested).collect())
    }

    /// The evaluation of a trained cell on the test images, which is stored if it is not yet; none without
    /// test images.
    fn test_cell(
        &self,
        cell: &Cell,
        found: &Found,
        images: &TestImages,
    ) -> Result<Option<Evaluation>> {
        let tested_on = self.tested_on();
        if tested_on.is_empty() {
            return Ok(None);
        }
        if let Some(stored) = cell.run.tested(&tested_on, &found.folder)? {
            return Ok(Some(stored));
        }
        let data_set = cell.key.arm.data_set();
        let images = images.iter().find(|(of, _)| *of == data_set).map(|(_, images)| images);
        let images = images.ok_or(StudyError::NoImages { data_set })?;
        // What comes from elsewhere stays as it is. So does a cell that another process is at.
        let lock = if found.is_in_store { files::lock(&found.folder) } else { None };
        match lock.map(|_lock| cell.run.test(images, &tested_on, &found.folder)) {
            // A study with another number of test images tested it first.
            None | Some(Err(TrainError::TestedOnOthers { .. })) => {
                let network = cell.run.trained(images, &found.folder)?;
                Ok(Some(evaluate(&network, images, &tested_on, cell.run.batch_size)?))
            }
            Some(tested) => Ok(Some(tested?)),
        }
    }

    /// Collects the tables, draws the figures and writes all files; gives their number. `grade` is
    /// the transcript of the kernels' grade, `program` the program that asks for it.
    ///
    /// A report of cells whose weights were removed has no lock: what they computed cannot be told.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read, and files that cannot be written.
    pub fn finish(
        &self,
        folder: &mut StudyFolder,
        found: &[Found],
        trained: Vec<Trained>,
        grade: String,
        program: &Program,
    ) -> Result<usize> {
        let Collected { study, fingerprints } =
            collect(&self.config, &self.cells, found, trained, grade)?;
        let mut files = study.files()?;
        files.extend(report::render(&study)?);
        if let Some(lock) = StudyLock::of(&self.config, &self.cells, fingerprints, program, &files)?
        {
            files.push((LOCK_FILE.into(), lock.text().into_bytes()));
        }
        // The table whose presence says that the study is finished goes first and comes last.
        let last = Path::new(RunRow::FILE);
        folder.remove(last)?;
        files.sort_by_key(|(path, _)| path == last);
        files.iter().try_for_each(|(path, bytes)| folder.write(path, bytes))?;
        folder.keep_only(&files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>())?;
        Ok(files.len())
    }

    fn failed(&self, action: &'static str, cell: &Cell, source: StudyError) -> StudyError {
        let run = format!("{}, seed {}", self.config.label(&cell.key.arm), cell.key.seed);
        StudyError::Run { action, run, source: Box::new(source) }
    }
}

/// The places of the cells that are one run.
type Run = Vec<usize>;

/// How the training of a run ended.
enum RunEnded {
    /// It is over, with these failures.
    Over(Vec<Failure>),
    /// Another process trains it.
    InUse,
}

/// All files that a study can write into its folder.
fn files(config: &StudyConfig) -> Vec<std::path::PathBuf> {
    let tables = TABLE_FILES.iter().chain([&LOCK_FILE]).map(std::path::PathBuf::from);
    tables.chain(report::files(config)).collect()
}
