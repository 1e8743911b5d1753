//! The files of a run while it trains.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::checkpoints::{Checkpoints, steps_of};
use super::log_file::LogFile;
use super::names::{CHECKPOINTS, DISTRIBUTIONS, HPARAMS, METRICS};
use crate::checkpoint::{self, Position};
use crate::log::{CsvLog, DistributionRow, EventFile};
use crate::network::Network;
use crate::optimizer::Optimizer;
use crate::{Measurement, Moment, Phase, TrainError};
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
    configuration: String,
    /// Keeps other processes out while this lives.
    _lock: FolderLock,
}

impl Logs {
    /// Brings network and optimiser to the last checkpoint of the folder, the logs to what they held
    /// then, and says which step is next. A folder without a checkpoint starts anew.
    pub(super) fn open(
        folder: &Path,
        configuration: &str,
        steps_per_epoch: u64,
        network: &mut Network<f32>,
        optimizer: &mut Optimizer<f32>,
    ) -> Result<(Self, u64), TrainError> {
        fs::create_dir_all(folder).map_err(TrainError::file(folder, "cannot be made"))?;
        // Two processes would write into the same logs.
        let lock = files::lock(folder)
            .ok_or_else(|| TrainError::InUse { folder: folder.to_path_buf() })?;
        write_configuration(folder, configuration)?;
        let checkpoints = Checkpoints::new(folder.join(CHECKPOINTS), steps_per_epoch);
        checkpoints.tidy()?;
        let (files, steps) = match checkpoints.last()? {
            None => (NAMES.map(|name| LogFile::begin(folder.join(name))), 0),
            Some((_, path)) => {
                let position = restore(&path, network, optimizer)?;
                if position.configuration != configuration {
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
            events: if begins { EventFile::begin() } else { EventFile::go_on() },
            files: [metrics?, distributions?, events?],
            checkpoints,
            configuration: configuration.to_owned(),
            _lock: lock,
        };
        Ok((logs, steps))
    }

    /// Notes what was measured and seen.
    pub(super) fn add(&mut self, moment: &Moment<'_, f32>) -> Result<(), TrainError> {
        let measurement = &moment.measurement;
        let Measurement { step, epoch, loss, accuracy, .. } = *measurement;
        let [metrics_file, distributions_file, _] = &self.files;
        self.metrics.write(measurement).map_err(metrics_file.unwritable())?;
        match measurement.phase {
            Phase::Training => {
                self.events.scalars(step, &[("train/loss", loss), ("epoch", epoch as f64)]);
            }
            Phase::Validation => {
                self.events.scalars(step, &[("val/loss", loss), ("val/acc", accuracy)]);
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

    /// Writes what was noted, then the checkpoint that it belongs to. If not all of it can be
    /// written, nothing is.
    pub(super) fn commit(
        &mut self,
        network: &Network<f32>,
        optimizer: &Optimizer<f32>,
    ) -> Result<(), TrainError> {
        let before = self.files.each_ref().map(LogFile::written);
        self.write(network, optimizer).inspect_err(|_| {
            for (file, before) in self.files.iter_mut().zip(before) {
                file.cut(before);
            }
        })?;
        self.checkpoints.tidy()
    }

    fn write(
        &mut self,
        network: &Network<f32>,
        optimizer: &Optimizer<f32>,
    ) -> Result<(), TrainError> {
        let [metrics, distributions, events] = &mut self.files;
        let part = self.metrics.take().map_err(metrics.unwritable())?;
        metrics.append(&part)?;
        let part = self.distributions.take().map_err(distributions.unwritable())?;
        distributions.append(&part)?;
        events.append(&self.events.take())?;
        let named = NAMES.iter().zip(&self.files);
        let logs = named.map(|(name, file)| ((*name).to_owned(), file.state())).collect();
        let (steps, configuration) = (optimizer.steps(), self.configuration.clone());
        let position = Position { steps, configuration, logs };
        let bytes = checkpoint::to_bytes(network, optimizer, &position)?;
        self.checkpoints.write(steps, &bytes)
    }
}

/// Writes the configuration into a new folder, and refuses that of another run.
fn write_configuration(folder: &Path, configuration: &str) -> Result<(), TrainError> {
    let path = folder.join(HPARAMS);
    match files::read(&path) {
        Ok(found) if found == configuration.as_bytes() => Ok(()),
        Ok(_) => Err(TrainError::OtherRun { folder: folder.to_path_buf() }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            files::replace(&path, configuration.as_bytes())
                .map_err(TrainError::file(&path, "cannot be written"))
        }
        Err(error) => Err(TrainError::file(&path, "cannot be read")(error)),
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
            expected: format!("the state after {steps} steps, as its name says"),
            got: format!("that after {}", position.steps),
        }),
        _ => Ok(position),
    }
}
