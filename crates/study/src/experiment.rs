//! An experiment: trains the cells of a study that are missing, tests them once, and writes tables,
//! figures and report. The caller watches it, and can stop it.

use std::path::Path;

use kernels::with_threads;
use trainer::TrainError;
use trainer::dataset::{DataSet, LabelledImages};
use trainer::evaluation::{Evaluation, Score};
use trainer::network::ModelSummary;

use crate::arm::Arm;
use crate::audit::{LOCK_FILE, Program, StudyLock};
use crate::cell::{Cell, cells};
use crate::collect::{Collected, Trained, collect};
use crate::config::{CONFIG_FILE, StudyConfig};
use crate::discussion::Discussion;
use crate::error::{Result, StudyError};
use crate::folder::{StudyFolder, is_finished};
use crate::found::{self, Found};
use crate::images::Images;
use crate::report;
use crate::reproduction::Reproduction;
use crate::side_by_side::side_by_side;
use crate::store::{State, Store};
use crate::tables::{Row, RunRow, Study, table_files};
use crate::training::{InUse, NotTrained, Training, Watch, failed, runs};

/// The batches of the sanity check, which the notebook's trainer makes before training.
const SANITY_BATCHES: usize = 2;

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
            let count = SANITY_BATCHES.saturating_mul(run.batch_size).min(split.validation.len());
            let (summary, score) = run.sanity_check(images, &split.validation[..count])?;
            let label = self.config.label(&key.arm);
            introductions.push(Introduction { label, seed: key.seed, summary, score });
        }
        Ok(introductions)
    }

    /// Trains the wanted cells as far as they are not complete, several side by side, in their order. A
    /// cell that fails stops no other. `in_use` says what becomes of one that another process trains.
    ///
    /// # Errors
    ///
    /// [`StudyError::Stopped`] when `watch` asks for it.
    pub fn train(
        &self,
        images: &Images,
        wanted: &[usize],
        in_use: InUse,
        watch: &impl Watch,
    ) -> Result<NotTrained> {
        let Self { config, cells, store, threads, .. } = self;
        Training { config, cells, store, threads: *threads }.train(images, wanted, in_use, watch)
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
        let runs = runs(&self.cells, 0..self.cells.len());
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
                        .map_err(|error| {
                            failed("testing", &self.config, &self.cells[cell], error)
                        })?,
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
                Ok(Some(cell.run.evaluate(images, &tested_on, &found.folder)?))
            }
            Some(tested) => Ok(Some(tested?)),
        }
    }

    /// Collects the tables, draws the figures and writes all files; gives their number, and the
    /// discussion that lies beside them. `grade` is the transcript of the kernels' grade, `program` the
    /// program that asks for it.
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
    ) -> Result<(usize, Discussion)> {
        let Collected { mut study, fingerprints } =
            collect(&self.config, &self.cells, found, trained, grade)?;
        let mut files = study.files()?;
        study.discussion = Discussion::read(folder.path(), &files)?;
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
        Ok((files.len(), study.discussion))
    }
}

/// All files that a study can write into its folder.
fn files(config: &StudyConfig) -> Vec<std::path::PathBuf> {
    let mut tables = table_files(config);
    tables.push(LOCK_FILE);
    let tables = tables.into_iter().map(std::path::PathBuf::from);
    tables.chain(report::files(config)).collect()
}
