//! The files of a run while it trains.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoints::{Checkpoints, expected_after, steps_of};
use super::divergence::Divergence;
use super::epoch_files::WEIGHTS;
use super::log_file::LogFile;
use super::names::{CHECKPOINTS, DISTRIBUTIONS, METRICS};
use super::record::{CellId, expect_record};
use crate::checkpoint::{self, LogState, Position};
use crate::log::{CsvLog, DistributionRow, EventFile};
use crate::network::Network;
use crate::optimizer::Optimizer;
use crate::{Measurement, Moment, Phase, TrainError, weights};
use files::FolderLock;

/// The logs, in the order of [`Logs::files`].
pub(super) const NAMES: [&str; 3] = [METRICS, DISTRIBUTIONS, EventFile::FILE_NAME];

/// What a run notes until the end of an epoch, and the files that it goes to.
pub(super) struct Logs {
    metrics: CsvLog<Measurement>,
    distributions: CsvLog<DistributionRow>,
    events: EventFile,
    files: [LogFile; 3],
    checkpoints: Checkpoints,
    steps_per_epoch: u64,
    training: Training,
    folder: PathBuf,
    record: String,
    /// Keeps other processes out while this lives.
    _lock: FolderLock,
}

/// How the training images of an epoch were classified so far.
#[derive(Debug, Default)]
struct Training {
    correct: f64,
    images: usize,
}

impl Training {
    /// Adds what was measured of a batch. Its number of correct images is whole, and sums of whole
    /// numbers are exact in any order, so parts of an epoch give what the whole gives.
    fn add(&mut self, measurement: &Measurement) {
        self.correct += (measurement.accuracy * measurement.count as f64).round();
        self.images += measurement.count;
    }

    fn accuracy(&self) -> f64 {
        self.correct / self.images as f64
    }
}

/// Makes the folder of the run with this record, and keeps other processes out of it.
pub(super) fn enter(folder: &Path, record: &str) -> Result<FolderLock, TrainError> {
    fs::create_dir_all(folder).map_err(TrainError::file(folder, "cannot be made"))?;
    // Two processes would write into the same logs.
    let lock =
        files::lock(folder).ok_or_else(|| TrainError::InUse { folder: folder.to_path_buf() })?;
    expect_record(folder, record)?;
    Ok(lock)
}

/// Refuses logs of a run that diverged which are not what they were then, and removes what a process
/// that was killed can have left behind.
pub(super) fn expect_whole(
    folder: &Path,
    known: &BTreeMap<String, LogState>,
    steps_per_epoch: u64,
) -> Result<(), TrainError> {
    for (name, known) in known {
        LogFile::go_on(folder.join(name), known)?;
    }
    Checkpoints::new(folder.join(CHECKPOINTS), steps_per_epoch).tidy_to_epochs()
}

/// Writes the network after so many epochs.
pub(super) fn write_weights(
    folder: &Path,
    epochs: u64,
    network: &Network<f32>,
    optimizer: &Optimizer<f32>,
) -> Result<(), TrainError> {
    let path = WEIGHTS.path(folder, epochs);
    let bytes = weights::save(network, optimizer.steps())?;
    files::replace(&path, &bytes).map_err(TrainError::file(&path, "cannot be written"))
}

impl Logs {
    /// Brings network and optimiser to the last checkpoint of the folder, the logs to what they held
    /// then, and says which step is next. A folder without a checkpoint starts anew.
    pub(super) fn open(
        folder: &Path,
        lock: FolderLock,
        record: &str,
        new_events: EventFile,
        steps_per_epoch: u64,
        (network, optimizer): (&mut Network<f32>, &mut Optimizer<f32>),
    ) -> Result<(Self, u64), TrainError> {
        let checkpoints = Checkpoints::new(folder.join(CHECKPOINTS), steps_per_epoch);
        checkpoints.tidy()?;
        let (files, steps) = match checkpoints.last()? {
            None => (NAMES.map(|name| LogFile::begin(folder.join(name))), 0),
            Some((_, path)) => {
                let position = restore(&path, network, optimizer)?;
                if position.configuration != record {
                    return Err(TrainError::OtherRun { folder: folder.to_path_buf() });
                }
                checkpoints.expect_earlier_whole()?;
                let files = NAMES.map(|name| {
                    let unnamed = || TrainError::UnknownLogs { path: path.clone() };
                    let known = position.logs.get(name).ok_or_else(unnamed)?;
                    LogFile::go_on(folder.join(name), known)
                });
                (files, position.steps)
            }
        };
        let [metrics, distributions, events] = files;
        let begins = steps == 0;
        let logs = Self {
            metrics: if begins { CsvLog::begin() } else { CsvLog::go_on() },
            distributions: if begins { CsvLog::begin() } else { CsvLog::go_on() },
            events: if begins { new_events } else { EventFile::go_on() },
            files: [metrics?, distributions?, events?],
            checkpoints,
            steps_per_epoch,
            training: Training::default(),
            folder: folder.to_path_buf(),
            record: record.to_owned(),
            _lock: lock,
        };
        Ok((logs, steps))
    }

    /// Remembers what was measured of the epoch in which the run goes on, at this step.
    pub(super) fn recall(&mut self, earlier: &[Measurement], first_step: u64) {
        let epoch = first_step / self.steps_per_epoch;
        let of_epoch = earlier.iter().filter(|row| row.epoch == epoch);
        of_epoch.for_each(|row| self.training.add(row));
    }

    /// Notes what was measured and seen.
    pub(super) fn add(&mut self, moment: &Moment<'_, f32>) -> Result<(), TrainError> {
        let measurement = &moment.measurement;
        let Measurement { step, epoch, loss, accuracy, .. } = *measurement;
        let [metrics_file, distributions_file, _] = &self.files;
        self.metrics.write(measurement).map_err(metrics_file.unwritable())?;
        match measurement.phase {
            Phase::Training => {
                self.training.add(measurement);
                self.events.scalars(step, &[("train/loss", loss), ("epoch", epoch as f64)]);
            }
            Phase::Validation => {
                let training = std::mem::take(&mut self.training).accuracy();
                let values = [("val/loss", loss), ("val/acc", accuracy), ("train/acc", training)];
                self.events.scalars(step, &values);
            }
        }
        for distribution in moment.observation.iter().flat_map(|seen| &seen.distributions) {
            let row = DistributionRow::of(step, epoch, distribution);
            self.distributions.write(&row).map_err(distributions_file.unwritable())?;
            let tag = format!("{}/{}", distribution.layer, distribution.quantity.name());
            self.events.histogram(
                step,
                &tag,
                distribution.values.iter().map(|&value| value.into()),
            );
        }
        Ok(())
    }

    /// Writes what was noted, at the end of an epoch the weights, and then the checkpoint that both
    /// belong to. If not all of it can be written, the logs stay as they were.
    pub(super) fn commit(
        &mut self,
        network: &Network<f32>,
        optimizer: &Optimizer<f32>,
    ) -> Result<(), TrainError> {
        self.append_and(|logs, states| {
            let steps = optimizer.steps();
            if steps.is_multiple_of(logs.steps_per_epoch) {
                write_weights(&logs.folder, steps / logs.steps_per_epoch, network, optimizer)?;
            }
            let position = Position { steps, configuration: logs.record.clone(), logs: states };
            let bytes = checkpoint::to_bytes(network, optimizer, &position)?;
            logs.checkpoints.write(steps, &bytes)
        })?;
        self.checkpoints.tidy()
    }

    /// Writes what was noted up to a step at which the run diverged, and that it did.
    pub(super) fn diverge(
        &mut self,
        cell: CellId,
        step: u64,
        what: String,
    ) -> Result<(), TrainError> {
        self.append_and(|run, logs| Divergence { cell, step, what, logs }.write(&run.folder))?;
        self.checkpoints.tidy_to_epochs()
    }

    /// Writes what was noted, and then what belongs to the logs with this state. If that fails, takes
    /// back what was written.
    fn append_and(
        &mut self,
        write: impl FnOnce(&Self, BTreeMap<String, LogState>) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        let before = self.files.each_ref().map(LogFile::written);
        self.append().and_then(|states| write(self, states)).inspect_err(|_| {
            for (file, before) in self.files.iter_mut().zip(before) {
                file.cut(before);
            }
        })
    }

    /// Writes what was noted; what each log holds then.
    fn append(&mut self) -> Result<BTreeMap<String, LogState>, TrainError> {
        let [metrics, distributions, events] = &mut self.files;
        let part = self.metrics.take().map_err(metrics.unwritable())?;
        metrics.append(&part)?;
        let part = self.distributions.take().map_err(distributions.unwritable())?;
        distributions.append(&part)?;
        events.append(&self.events.take())?;
        let named = NAMES.iter().zip(&self.files);
        Ok(named.map(|(name, file)| ((*name).to_owned(), file.state())).collect())
    }
}

fn restore(
    path: &Path,
    network: &mut Network<f32>,
    optimizer: &mut Optimizer<f32>,
) -> Result<Position, TrainError> {
    let bytes = files::read(path).map_err(TrainError::file(path, "cannot be read"))?;
    let position = checkpoint::restore(path, &bytes, network, optimizer)?;
    match steps_of(path) {
        Some(steps) if steps != position.steps => Err(TrainError::Checkpoint {
            path: path.to_path_buf(),
            expected: expected_after(steps),
            got: format!("that after {}", position.steps),
        }),
        _ => Ok(position),
    }
}
