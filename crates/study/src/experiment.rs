//! An experiment: trains the runs of a study that are missing, tests them once, and writes tables,
//! figures and report. The caller watches it, and can stop it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use kernels::with_threads;
use trainer::dataset::{LabelledImages, Split};
use trainer::evaluation::{Evaluation, Score, evaluate};
use trainer::network::ModelSummary;
use trainer::run::{Ended, saved_steps};
use trainer::{Measurement, TrainError};

use crate::axis::Arm;
use crate::cell::{Cell, cells};
use crate::collect::collect;
use crate::config::{CONFIG_FILE, StudyConfig};
use crate::error::{Result, StudyError};
use crate::folder::{State, StudyFolder};
use crate::report;
use crate::reproduction::Reproduction;
use crate::side_by_side::side_by_side;
use crate::tables::{Row, RunRow, TABLE_FILES};

/// The batches of the sanity check, which the notebook's trainer makes before training.
const SANITY_BATCHES: usize = 2;

/// Watches an experiment, and may stop it.
pub trait Watch: Sync {
    /// Sees each measurement of a run as it is made. A break saves the state of the run and stops
    /// the experiment.
    fn see(&self, cell: usize, measurement: &Measurement) -> ControlFlow<()>;

    /// Whether the experiment is to stop before it begins another run.
    fn is_asked_to_stop(&self) -> bool;
}

/// An experiment, with its folder locked.
#[derive(Debug)]
pub struct Experiment {
    config: StudyConfig,
    cells: Vec<Cell>,
    path: PathBuf,
    threads: usize,
    /// Keeps other processes out.
    _folder: StudyFolder,
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

impl Experiment {
    /// Opens the folder of a study, as [`StudyFolder::open`] says, and notes the configuration in
    /// it. `threads` are shared by all runs and change no result.
    ///
    /// # Errors
    ///
    /// A folder that cannot be worked in.
    pub fn open(
        config: StudyConfig,
        path: &Path,
        anew: bool,
        threads: usize,
    ) -> Result<(Self, State)> {
        let cells = cells(&config)?;
        let text = config.to_toml()?;
        let known = TABLE_FILES.iter().map(PathBuf::from).chain(report::files());
        let (folder, state) =
            StudyFolder::open(path, &text, &known.collect::<Vec<_>>(), &cells, anew)?;
        let experiment = Self { config, cells, path: path.to_path_buf(), threads, _folder: folder };
        match state {
            State::Finished => {}
            State::New | State::Unfinished => {
                experiment.write(Path::new(CONFIG_FILE), text.as_bytes())?;
            }
        }
        Ok((experiment, state))
    }

    /// What the runs have in common, and the grid that they fill.
    pub fn config(&self) -> &StudyConfig {
        &self.config
    }

    /// All runs.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// How many steps of each run are trained already.
    ///
    /// # Errors
    ///
    /// A folder of a run that cannot be listed.
    pub fn saved_steps(&self) -> Result<Vec<u64>> {
        let saved = self.cells.iter().map(|cell| {
            let steps_per_epoch = self.config.steps_per_epoch_of(&cell.key.arm);
            Ok(saved_steps(&cell.folder_in(&self.path), steps_per_epoch)?)
        });
        saved.collect()
    }

    /// How the files came out, once they are written, beside those of the same study in another folder.
    ///
    /// # Errors
    ///
    /// As for [`Reproduction::of`].
    pub fn compare(&self, before: &Path) -> Result<Option<Reproduction>> {
        Reproduction::of(&self.config, &self.path, before)
    }

    /// Builds each arm with its first seed and evaluates it, as the notebook's trainer does before
    /// it trains: with untrained weights about a tenth of the images are classified correctly.
    ///
    /// # Errors
    ///
    /// A network that cannot be built for these images.
    pub fn introduce(&self, images: &LabelledImages, split: &Split) -> Result<Vec<Introduction>> {
        let mut introduced: Vec<&Arm> = Vec::new();
        let mut introductions = Vec::new();
        for Cell { key, run, .. } in &self.cells {
            if introduced.contains(&&key.arm) {
                continue;
            }
            introduced.push(&key.arm);
            let (network, _) = run.start(images)?;
            let trained = run.trains.parameters(&network)?;
            let count = SANITY_BATCHES.saturating_mul(run.batch_size).min(split.validation.len());
            let positions = &split.validation[..count];
            introductions.push(Introduction {
                label: self.config.label(&key.arm),
                seed: key.seed,
                summary: ModelSummary::of(&network, |parameter| trained.contains(parameter)),
                score: evaluate(&network, images, positions, run.batch_size)?.score,
            });
        }
        Ok(introductions)
    }

    /// Trains every run that is not yet trained, several side by side.
    ///
    /// # Errors
    ///
    /// [`StudyError::Stopped`] when `watch` asks for it, and a run that failed; the other runs then
    /// stop after their next step.
    pub fn train(&self, images: &LabelledImages, split: &Split, watch: &impl Watch) -> Result<()> {
        let failed = AtomicBool::new(false);
        let is_to_stop = || watch.is_asked_to_stop() || failed.load(Ordering::Relaxed);
        let ended = side_by_side(&self.cells, self.threads, |index, cell, threads| {
            if is_to_stop() {
                return Ok(Ended::Interrupted);
            }
            let observe = |measurement: &Measurement| match watch.see(index, measurement) {
                ControlFlow::Continue(()) if !is_to_stop() => ControlFlow::Continue(()),
                ControlFlow::Continue(()) | ControlFlow::Break(()) => ControlFlow::Break(()),
            };
            let train = || cell.run.train(images, split, &cell.folder_in(&self.path), observe);
            with_threads(threads, train)
                .map_err(TrainError::from)
                .flatten()
                .and_then(|ended| match ended {
                    Ended::Diverged { step } => Err(TrainError::Diverged { step }),
                    Ended::Complete | Ended::Interrupted => Ok(ended),
                })
                .inspect_err(|_| failed.store(true, Ordering::Relaxed))
                .map_err(|source| self.failed("training", cell, source))
        })?;
        if ended.contains(&Ended::Interrupted) { Err(StudyError::Stopped) } else { Ok(()) }
    }

    /// Evaluates every trained run on the test images: once, now that nothing can be chosen by them
    /// any more.
    ///
    /// # Errors
    ///
    /// As for [`Self::train`].
    pub fn test(&self, images: &LabelledImages, watch: &impl Watch) -> Result<Vec<Evaluation>> {
        let count = usize::try_from(self.config.test_images).unwrap_or(usize::MAX);
        let positions: Vec<usize> = (0..count.min(images.len())).collect();
        side_by_side(&self.cells, self.threads, |_, cell, threads| {
            if watch.is_asked_to_stop() {
                return Err(StudyError::Stopped);
            }
            let test = || {
                let network = cell.run.trained(images, &cell.folder_in(&self.path))?;
                evaluate(&network, images, &positions, cell.run.batch_size)
            };
            with_threads(threads, test)
                .map_err(TrainError::from)
                .flatten()
                .map_err(|source| self.failed("testing", cell, source))
        })
    }

    /// Collects the tables, draws the figures and writes all files; gives their number. `grade` is
    /// the transcript of the kernels' grade.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read, and files that cannot be written.
    pub fn finish(&self, tested: &[Evaluation], grade: String) -> Result<usize> {
        let study = collect(self.config.clone(), &self.cells, &self.path, tested, grade)?;
        let mut files = study.files()?;
        files.extend(report::render(&study)?);
        // The table whose presence says that the study is finished comes last.
        files.sort_by_key(|(path, _)| path == Path::new(RunRow::FILE));
        files.iter().try_for_each(|(path, bytes)| self.write(path, bytes))?;
        Ok(files.len())
    }

    fn write(&self, file: &Path, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(file);
        let action = "cannot be written; with this mended, the same command goes on from here";
        files::replace(&path, bytes).map_err(StudyError::file(&path, action))
    }

    fn failed(&self, action: &'static str, cell: &Cell, source: TrainError) -> StudyError {
        let group = self.config.label_of_group(&cell.key.arm);
        let network = cell.key.arm.network.name();
        let run = format!("{network} ({group}, seed {})", cell.key.seed);
        StudyError::Run { action, run, source: Box::new(source) }
    }
}
