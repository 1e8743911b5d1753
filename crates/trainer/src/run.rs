//! A run with its folder: one training of one network with one configuration and one seed, whose
//! logs and checkpoints lie in a folder of its own, and which can be interrupted or killed at any
//! moment and continued.
//!
//! ```text
//! hparams.yaml                            what is trained, and how: the run's identity
//! metrics.csv                             a row per measurement: `Measurement`
//! distributions.csv                       a row per observed distribution: `DistributionRow`
//! events.out.tfevents.…                   the same for TensorBoard
//! checkpoints/epoch=E-step=S.safetensors  the whole state after each epoch
//! weights/epoch=N.safetensors             the network after N epochs, for PyTorch too: `weights`
//! test/epoch=N.toml                       how well it does on the test images, after N epochs
//! test-STATISTICS/epoch=N.toml            the same with other statistics in its batch norms
//! validation-STATISTICS/epoch=N.toml      how well it does on the validation images with those
//! variance-shift/epoch=N.toml             the shift of variance of its batch norms, if it was asked for
//! diverged.toml                           where the loss became infinite or NaN, if it did
//! ```
//!
//! Logs are written at the end of an epoch, then the checkpoint, which remembers their lengths and
//! hashes. Going on starts from the last checkpoint and cuts the logs to the lengths in it, so what
//! comes out is to the byte what an undisturbed run gives. A log or a checkpoint that is not what was
//! written is refused.
//!
//! How many epochs are asked for is no part of what a run is. A run that has been trained for more is
//! complete at once; one that has been trained for fewer goes on, and leaves what a run leaves that was
//! asked for all of them in the first place.

mod checkpoints;
mod divergence;
mod epoch_files;
mod fingerprint;
mod identity;
mod log_file;
mod logs;
mod memory;
mod names;
mod read_back;
mod record;
mod sealed;
mod shifted;
mod tested;
mod validated;

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::dataset::{DataSetContents, ImageSize, LabelledImages, Split};
use crate::evaluation::{Evaluation, EvaluationStatistics, Score, evaluate, expect_batch_size};
use crate::fit::{expect_batches_to_normalize, steps_per_epoch};
use crate::network::{ModelSummary, Network, NetworkConfig};
use crate::optimizer::{Optimizer, OptimizerConfig};
use crate::{
    FitConfig, Measurement, Observe, Phase, Seeds, TrainError, TrainedParameters, Trains,
    checkpoint, fit, weights,
};

use self::checkpoints::Checkpoints;
use self::divergence::Divergence;
use self::epoch_files::{SHIFTS, WEIGHTS, tests, validations};
use self::logs::Logs;
use self::names::{CHECKPOINTS, DIVERGED, HPARAMS};

pub use self::divergence::diverged;
pub use self::fingerprint::fingerprint;
pub use self::read_back::{read_distributions, read_metrics};
pub use self::record::{CellId, identity, recorded};

/// What a run trains, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct RunConfig {
    /// The network.
    pub network: NetworkConfig,
    /// What is trained of it.
    pub trains: Trains,
    /// The seeds of initial weights, order of images and dropout.
    pub seeds: Seeds,
    /// The epochs to train. They are no part of what the run is.
    pub epochs: u64,
    /// N, the images of a batch.
    pub batch_size: usize,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// The observations of the network per epoch, at most. They are evenly spaced: the steps between
    /// two are counted over all epochs. The last step of each epoch is observed as well.
    pub observations_per_epoch: u64,
    /// What is observed then.
    pub observe: Observe,
    /// The data set that the images are of, for the record.
    pub data_set: DataSetContents,
    /// What batch norm normalises with in evaluation. They are no part of what the run is: training
    /// logs validations with the running statistics, and [`Self::validate`] evaluates with others
    /// what was trained.
    pub statistics: EvaluationStatistics,
}

/// How a run ended that met no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All epochs are trained.
    Complete,
    /// The caller stopped it; the same call continues from there.
    Interrupted,
    /// The loss, a parameter or a running statistic became infinite or NaN, as [`diverged`] tells. The
    /// same call says so again.
    Diverged {
        /// The step, counted from 0 over all epochs.
        step: u64,
    },
}

impl RunConfig {
    /// The network before its first step, in `f32`, and its optimiser.
    fn start(&self, images: &LabelledImages) -> Result<(Network<f32>, Optimizer<f32>), TrainError> {
        let (network, trained) = self.build(images.size(), images.classes())?;
        let optimizer = Optimizer::of_values(self.optimizer, &network, &trained);
        Ok((network, optimizer))
    }

    /// The network before its first step, and what is trained of it.
    fn build(
        &self,
        image: ImageSize,
        classes: usize,
    ) -> Result<(Network<f32>, TrainedParameters), TrainError> {
        let network = self.network.build(image, classes, self.seeds.weights)?;
        let trained = self.trains.parameters(&network, self.seeds.weights)?;
        Ok((network, trained))
    }

    /// The network before its first step: its parameters, and how it classifies the images at these
    /// positions.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for a network that cannot be built, for images too small for it, for one of which
    /// nothing would be trained, for a batch size of 0, and for a position that the images do not have.
    pub fn sanity_check(
        &self,
        images: &LabelledImages,
        positions: &[usize],
    ) -> Result<(ModelSummary, Score), TrainError> {
        let (network, trained) = self.build(images.size(), images.classes())?;
        let Evaluation { score, .. } = evaluate(&network, images, positions, self.batch_size)?;
        Ok((ModelSummary::of(&network, &trained), score))
    }

    /// Refuses a batch size that [`fit()`] would refuse for so many training images, and a network of
    /// which nothing would be trained, before any image is read. Returns what is trained.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for such a batch size or network, and for one that cannot be built for these images.
    pub fn expect_batches(
        &self,
        image: ImageSize,
        classes: usize,
        training_images: usize,
    ) -> Result<TrainedParameters, TrainError> {
        expect_batch_size(self.batch_size)?;
        let network = self.network.outline(image, classes)?;
        let trained = self.trains.parameters(&network, self.seeds.weights)?;
        expect_batches_to_normalize(&network, training_images, self.batch_size, "training images")?;
        Ok(trained)
    }

    /// Refuses a batch size that leaves a batch of a single image of so many that are evaluated, if batch
    /// norm normalises them with their own statistics and cannot.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for such a batch size, and for a network that cannot be built for these images.
    pub fn expect_evaluated_batches(
        &self,
        image: ImageSize,
        classes: usize,
        images: usize,
    ) -> Result<(), TrainError> {
        if self.statistics != EvaluationStatistics::Batch || images == 0 {
            return Ok(());
        }
        let network = self.network.outline(image, classes)?;
        expect_batches_to_normalize(&network, images, self.batch_size, "images to evaluate")
    }

    /// Trains in `folder` from where an earlier call stopped or was killed, else from the start, until
    /// the epochs asked for are trained. `watch` sees every measurement of these epochs as it is made.
    /// The measurements of an earlier call come first. When `watch` breaks, the state is saved at the
    /// next step and the run stops.
    ///
    /// A run that diverged is complete for the epochs before that, and diverged for more.
    ///
    /// # Errors
    ///
    /// [`TrainError`] naming the file for a folder of another run or files that cannot be read or
    /// written, for a split that no seed drew, and those of [`fit()`], but for a run that diverges.
    pub fn train(
        &self,
        images: &LabelledImages,
        split: &Split,
        folder: &Path,
        mut watch: impl FnMut(&Measurement) -> ControlFlow<()>,
    ) -> Result<Ended, TrainError> {
        self.train_watched(images, split, folder, &mut watch)
    }

    /// The same, compiled here, in full optimisation: a caller with a function type of its own would
    /// compile the whole training by its own profile.
    fn train_watched(
        &self,
        images: &LabelledImages,
        split: &Split,
        folder: &Path,
        watch: &mut dyn FnMut(&Measurement) -> ControlFlow<()>,
    ) -> Result<Ended, TrainError> {
        let (mut network, mut optimizer) = self.start(images)?;
        let steps_per_epoch = steps_per_epoch(split, self.batch_size)?;
        let facts = split.facts()?;
        let record = self.record(&facts)?;
        let cell = CellId::of(record.as_bytes());
        let lock = logs::enter(folder, &record)?;
        let mut stop = false;
        let mut earlier = || {
            let earlier = read_metrics(folder)?;
            let asked_for = earlier.iter().filter(|measurement| measurement.epoch < self.epochs);
            asked_for.for_each(|measurement| stop |= watch(measurement).is_break());
            Ok::<_, TrainError>(earlier)
        };
        if let Some(divergence) = Divergence::read(folder, &cell)? {
            logs::expect_whole(folder, &divergence.logs, steps_per_epoch)?;
            earlier()?;
            let step = divergence.step;
            if step < self.epochs.saturating_mul(steps_per_epoch) {
                return Ok(Ended::Diverged { step });
            }
            self.expect_weights(images, self.epochs, steps_per_epoch, folder)?;
            return Ok(Ended::Complete);
        }
        let state = (&mut network, &mut optimizer);
        let events = self.events(&facts)?;
        let (mut logs, first_step) =
            Logs::open(folder, lock, &record, events, steps_per_epoch, state)?;
        if first_step > 0 {
            logs.recall(&earlier()?, first_step);
        }
        let config = FitConfig {
            first_step,
            epochs: self.epochs,
            batch_size: self.batch_size,
            seed: self.seeds.order,
            observe_every: match self.observations_per_epoch {
                0 => 0,
                times => steps_per_epoch.div_ceil(times),
            },
            observe: self.observe.clone(),
        };
        let result = fit(&mut network, &mut optimizer, images, split, &config, |moment| {
            logs.add(&moment)?;
            stop |= watch(&moment.measurement).is_break();
            if moment.is_resumable && (stop || moment.measurement.phase == Phase::Validation) {
                logs.commit(moment.network, moment.optimizer)?;
            }
            if stop && moment.is_resumable { Err(Stop::Asked) } else { Ok(()) }
        });
        match result {
            Ok(()) => {
                self.expect_weights(images, self.epochs, steps_per_epoch, folder)?;
                Ok(Ended::Complete)
            }
            Err(Stop::Asked) => Ok(Ended::Interrupted),
            Err(Stop::Failed(error)) => {
                let (step, what) = Divergence::told_by(&error).ok_or(error)?;
                logs.diverge(cell, step, what)?;
                Ok(Ended::Diverged { step })
            }
        }
    }

    /// Makes the weights after so many epochs from their checkpoint, if somebody removed them.
    fn expect_weights(
        &self,
        images: &LabelledImages,
        epochs: u64,
        steps_per_epoch: u64,
        folder: &Path,
    ) -> Result<(), TrainError> {
        let checkpoints = Checkpoints::new(folder.join(CHECKPOINTS), steps_per_epoch);
        let path = checkpoints.path(epochs.saturating_mul(steps_per_epoch));
        if WEIGHTS.path(folder, epochs).exists() || !path.exists() {
            return Ok(());
        }
        let (mut network, mut optimizer) = self.start(images)?;
        let bytes = files::read(&path).map_err(TrainError::file(&path, "cannot be read"))?;
        checkpoint::restore(&path, &bytes, &mut network, &mut optimizer)?;
        logs::write_weights(folder, epochs, &network, &optimizer)
    }

    /// The network after the epochs asked for, which a run left in `folder`.
    ///
    /// # Errors
    ///
    /// [`TrainError`] when its weights are missing, damaged or of another network, and
    /// [`TrainError::Diverged`] for a run that diverged before.
    pub fn trained(
        &self,
        images: &LabelledImages,
        folder: &Path,
    ) -> Result<Network<f32>, TrainError> {
        let (mut network, _) = self.start(images)?;
        let path = WEIGHTS.path(folder, self.epochs);
        if !path.exists()
            && let Some(step) = diverged(folder)?
        {
            return Err(TrainError::Diverged { step });
        }
        let bytes = files::read(&path).map_err(TrainError::file(&path, "cannot be read"))?;
        weights::load(&bytes, &mut network)
            .map_err(|source| TrainError::Weights { path, source })?;
        Ok(network)
    }
}

/// The weights after the most epochs of the run in this folder, if there are any.
///
/// # Errors
///
/// [`TrainError::File`] for a folder that cannot be listed.
pub fn last_weights(folder: &Path) -> Result<Option<PathBuf>, TrainError> {
    WEIGHTS.last(folder)
}

/// The weights after so many epochs, as their file has them, if it is there.
fn read_weights(folder: &Path, epochs: u64) -> Result<Option<Vec<u8>>, TrainError> {
    let path = WEIGHTS.path(folder, epochs);
    match files::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TrainError::file(&path, "cannot be read")(error)),
    }
}

/// The steps that the run in this folder does not have to train again, for a caller that says how
/// far it is. They may be more than those of the epochs that the caller asks for. A run of so many
/// steps per epoch.
///
/// # Errors
///
/// [`TrainError::File`] for a folder that cannot be listed.
pub fn saved_steps(folder: &Path, steps_per_epoch: u64) -> Result<u64, TrainError> {
    let last = Checkpoints::new(folder.join(CHECKPOINTS), steps_per_epoch).last()?;
    Ok(last.map_or(0, |(steps, _)| steps))
}

/// Why a training ended before its last epoch.
enum Stop {
    Asked,
    Failed(TrainError),
}

impl From<TrainError> for Stop {
    fn from(error: TrainError) -> Self {
        Self::Failed(error)
    }
}

/// The files that a run writes into its folder, for a caller that removes them. No file needs one
/// before it in the list, so a process that is killed while it removes them in this order leaves a run
/// that can be continued or begun.
///
/// # Errors
///
/// [`TrainError::File`] for a folder that cannot be listed.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let mut files = SHIFTS.own_files(folder)?;
    for statistics in EvaluationStatistics::ALL {
        files.extend(tests(statistics).own_files(folder)?);
        if let Some(validations) = validations(statistics) {
            files.extend(validations.own_files(folder)?);
        }
    }
    files.push(folder.join(DIVERGED));
    files.extend(checkpoints::own_files(&folder.join(CHECKPOINTS))?);
    files.extend(WEIGHTS.own_files(folder)?);
    files.extend(logs::NAMES.map(|name| folder.join(name)));
    files.push(folder.join(HPARAMS));
    files.extend([DIVERGED, HPARAMS].map(|name| files::part_of(&folder.join(name))));
    Ok(files)
}
