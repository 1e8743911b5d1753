//! A run with its folder: one training of one network with one configuration and one seed, whose
//! logs and checkpoints lie in a folder of its own, and which can be interrupted or killed at any
//! moment and continued.
//!
//! ```text
//! hparams.yaml                          the configuration
//! metrics.csv                           a row per measurement: `Measurement`
//! distributions.csv                     a row per observed distribution: `DistributionRow`
//! events.out.tfevents.…                 the same for TensorBoard
//! checkpoints/epoch=E-step=S.safetensors  the whole state after each epoch
//! weights.safetensors                   the trained network, for PyTorch too: `weights`
//! ```
//!
//! Logs are written at the end of an epoch, then the checkpoint, which remembers their lengths and
//! hashes. Going on starts from the last checkpoint and cuts the logs to the lengths in it, so what
//! comes out is to the byte what an undisturbed run gives. A log or a checkpoint that is not what was
//! written is refused.

mod checkpoints;
mod log_file;
mod logs;
mod memory;
mod names;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::dataset::{ImageSize, LabelledImages, Split};
use crate::evaluation::expect_batch_size;
use crate::fit::{expect_batches_to_normalize, steps_per_epoch};
use crate::log::{DistributionRow, Hparam, hparams_yaml, read_csv};
use crate::network::{Network, NetworkConfig};
use crate::optimizer::{Optimizer, OptimizerConfig};
use crate::{FitConfig, Head, Measurement, Phase, TrainError, fit, weights};

use self::checkpoints::Checkpoints;
use self::logs::Logs;
use self::names::{CHECKPOINTS, DISTRIBUTIONS, HPARAMS, METRICS};

pub use self::names::WEIGHTS;

/// What a run trains, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct RunConfig {
    /// The network.
    pub network: NetworkConfig,
    /// What is trained of it.
    pub head: Head,
    /// The seed of initial weights, order of images and dropout.
    pub seed: u64,
    /// The epochs to train.
    pub epochs: u64,
    /// N, the images of a batch.
    pub batch_size: usize,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// The observations of the network per epoch, at most. They are evenly spaced: the steps between
    /// two are counted over all epochs. The run's last step is observed as well.
    pub observations_per_epoch: u64,
    /// The name of the data set, for the record.
    pub data_set: String,
}

/// How a run ended that met no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All epochs are trained.
    Complete,
    /// The caller stopped it; the same call continues from there.
    Interrupted,
}

impl RunConfig {
    /// The network before its first step, in `f32`, and its optimiser.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for a network that cannot be built, and for images too small for it.
    pub fn start(
        &self,
        images: &LabelledImages,
    ) -> Result<(Network<f32>, Optimizer<f32>), TrainError> {
        let network = self.network.build(images.size(), images.classes(), self.seed)?;
        let trains = |parameter: &str| self.head.trains(parameter);
        let optimizer = Optimizer::new(self.optimizer, &network, trains);
        Ok((network, optimizer))
    }

    /// Refuses a batch size that [`fit()`] would refuse for so many training images, before any of them
    /// is read.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for such a batch size, and for a network that cannot be built for these images.
    pub fn expect_batches(
        &self,
        image: ImageSize,
        classes: usize,
        training_images: usize,
    ) -> Result<(), TrainError> {
        expect_batch_size(self.batch_size)?;
        let network = self.network.build::<f32>(image, classes, self.seed)?;
        expect_batches_to_normalize(&network, training_images, self.batch_size)
    }

    /// Trains in `folder` from where an earlier call stopped or was killed, else from the start.
    /// `watch` sees every measurement as it is made. The measurements of an earlier call come first.
    /// When `watch` breaks, the state is saved at the next step and the run stops.
    ///
    /// # Errors
    ///
    /// [`TrainError`] naming the file for a folder of another run or files that cannot be read or
    /// written, and those of [`fit()`].
    pub fn train(
        &self,
        images: &LabelledImages,
        split: &Split,
        folder: &Path,
        mut watch: impl FnMut(&Measurement) -> ControlFlow<()>,
    ) -> Result<Ended, TrainError> {
        let (mut network, mut optimizer) = self.start(images)?;
        let steps_per_epoch = steps_per_epoch(split, self.batch_size)?;
        let hparams = self.hparams(split);
        let (mut logs, first_step) =
            Logs::open(folder, &hparams, steps_per_epoch, &mut network, &mut optimizer)?;
        let mut stop = false;
        if first_step > 0 {
            for measurement in read_csv(&folder.join(METRICS))? {
                stop |= watch(&measurement).is_break();
            }
        }
        let config = FitConfig {
            first_step,
            epochs: self.epochs,
            batch_size: self.batch_size,
            seed: self.seed,
            observe_every: match self.observations_per_epoch {
                0 => 0,
                times => steps_per_epoch.div_ceil(times),
            },
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
                let path = folder.join(WEIGHTS);
                let bytes = weights::save(&network, optimizer.steps())?;
                files::replace(&path, &bytes)
                    .map_err(TrainError::file(&path, "cannot be written"))?;
                Ok(Ended::Complete)
            }
            Err(Stop::Asked) => Ok(Ended::Interrupted),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// The network that a complete run left in `folder`.
    ///
    /// # Errors
    ///
    /// [`TrainError`] when its weights are missing, damaged or of another network.
    pub fn trained(
        &self,
        images: &LabelledImages,
        folder: &Path,
    ) -> Result<Network<f32>, TrainError> {
        let (mut network, _) = self.start(images)?;
        let path = folder.join(WEIGHTS);
        let bytes = files::read(&path).map_err(TrainError::file(&path, "cannot be read"))?;
        weights::load(&bytes, &mut network)
            .map_err(|source| TrainError::Weights { path, source })?;
        Ok(network)
    }

    /// The configuration as its file.
    fn hparams(&self, split: &Split) -> String {
        let count = |count: usize| Hparam::Integer(count as i128);
        let number = |number: u64| Hparam::Integer(number.into());
        let network = self.network.name();
        let mut hparams = vec![
            ("network", Hparam::Text(&network)),
            ("head", Hparam::Text(self.head.name())),
            ("seed", number(self.seed)),
            ("epochs", number(self.epochs)),
            ("batch_size", count(self.batch_size)),
        ];
        hparams.extend(self.optimizer.hparams());
        hparams.extend([
            ("data_set", Hparam::Text(&self.data_set)),
            ("training_images", count(split.training.len())),
            ("validation_images", count(split.validation.len())),
            ("observations_per_epoch", number(self.observations_per_epoch)),
        ]);
        hparams_yaml(&hparams)
    }
}

/// The steps that the run in this folder does not have to train again, for a caller that says how
/// far it is. A run of so many steps per epoch.
///
/// # Errors
///
/// [`TrainError::File`] for a folder that cannot be listed.
pub fn saved_steps(folder: &Path, steps_per_epoch: u64) -> Result<u64, TrainError> {
    let last = Checkpoints::new(folder.join(CHECKPOINTS), steps_per_epoch).last()?;
    Ok(last.map_or(0, |(steps, _)| steps))
}

/// The measurements of the run in this folder.
///
/// # Errors
///
/// [`TrainError`] naming the file and line at fault.
pub fn read_metrics(folder: &Path) -> Result<Vec<Measurement>, TrainError> {
    read_csv(&folder.join(METRICS))
}

/// The observed distributions of the run in this folder.
///
/// # Errors
///
/// As for [`read_metrics`].
pub fn read_distributions(folder: &Path) -> Result<Vec<DistributionRow>, TrainError> {
    read_csv(&folder.join(DISTRIBUTIONS))
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
    let mut files = vec![folder.join(WEIGHTS)];
    files.extend(checkpoints::own_files(&folder.join(CHECKPOINTS))?);
    files.extend(logs::NAMES.map(|name| folder.join(name)));
    files.push(folder.join(HPARAMS));
    files.extend([HPARAMS, WEIGHTS].map(|name| files::part_of(&folder.join(name))));
    Ok(files)
}
