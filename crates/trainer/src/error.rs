//! The errors of this crate.

mod data_file;
mod weights;

use std::io;
use std::path::{Path, PathBuf};

use kernels::KernelError;
use thiserror::Error;

pub use data_file::{IdxError, Mismatch};
pub use weights::WeightsError;

/// Why a data set could not be loaded or a network not be trained. Each message names what is at
/// fault, what was expected, what was found, and where it helps what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A kernel refused its input.
    #[error(transparent)]
    Kernel(#[from] KernelError),

    /// A file or folder could not be read or written.
    #[error("{}: {action}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },

    /// A file of a data set is not there.
    #[error(
        "{}: no such file; the folder must hold the four files of {data_set} as published, still compressed",
        .path.display()
    )]
    DataFileMissing {
        /// The file.
        path: PathBuf,
        /// The data set that it belongs to.
        data_set: &'static str,
    },

    /// A file of a data set is not the published one.
    #[error("{}: {mismatch}; the file is damaged or not the published one, replace it", .path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        mismatch: Mismatch,
    },

    /// A file is not in the IDX format, or does not hold what its header says.
    #[error("{}: not the IDX file expected", .path.display())]
    Idx {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: IdxError,
    },

    /// The parts of a data set do not fit together.
    #[error("{data_set}: {what} must be {expected}, got {got}")]
    DataSet {
        /// The data set, or the operation on it.
        data_set: &'static str,
        /// What is at fault.
        what: &'static str,
        /// What was expected.
        expected: String,
        /// What was found.
        got: String,
    },

    /// A parameter of a configuration is out of range.
    #[error("{parameter} must be {expected}, got {got}")]
    Config {
        /// The parameter at fault.
        parameter: &'static str,
        /// The range that it must lie in.
        expected: &'static str,
        /// The value found.
        got: String,
    },

    /// Nothing of a network would be trained.
    #[error(
        "{trains} trains nothing of this network, expected {needed}; choose another network, or train something else of it"
    )]
    NothingTrains {
        /// What was to be trained.
        trains: &'static str,
        /// What the network lacks.
        needed: &'static str,
    },

    /// The tape or the gradients of another network were handed in.
    #[error("{operation}: made for another network: {expected} expected, got {got}")]
    OtherNetwork {
        /// The operation that refused.
        operation: &'static str,
        /// What fits.
        expected: String,
        /// What was found.
        got: String,
    },

    /// A file is not the checkpoint of this network.
    #[error(
        "{}: expected {expected}, found {got}; remove it to continue from the one before, or the run's folder to start anew",
        .path.display()
    )]
    Checkpoint {
        /// The file, or the folder of checkpoints.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        got: String,
    },

    /// A checkpoint before the last is not what was written. The run does not need it to go on.
    #[error(
        "{}: an earlier checkpoint: expected {expected}, found {got}; remove it, and the run goes on from its last one",
        .path.display()
    )]
    EarlierCheckpoint {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        got: String,
    },

    /// A checkpoint does not say what the logs held, so they cannot be trusted.
    #[error(
        "{}: saved by an earlier program, which did not note the hashes of the run's logs; remove the run's folder to start anew",
        .path.display()
    )]
    UnknownLogs {
        /// The checkpoint.
        path: PathBuf,
    },

    /// A checkpoint or a record is of a program that computes other numbers, which would not fit
    /// together.
    #[error(
        "{}: saved by a program that computes other numbers ({found}, this one {expected}); continue with that one, or remove the run's folder to start anew",
        .path.display()
    )]
    OtherNumerics {
        /// The checkpoint, or the run's record.
        path: PathBuf,
        /// The name of the numbers that this program computes for this run.
        expected: String,
        /// The other's; `"unnamed"` of one that did not note them.
        found: String,
    },

    /// Weights do not fit a network, or are damaged.
    #[error("{}: cannot be loaded", .path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: WeightsError,
    },

    /// Weights cannot be saved.
    #[error(transparent)]
    Save(#[from] WeightsError),

    /// A log lost a part that the checkpoint says it had.
    #[error(
        "{}: expected at least the {expected} bytes of the last checkpoint, found {found}; remove the run's folder to start anew",
        .path.display()
    )]
    ShortLog {
        /// The log.
        path: PathBuf,
        /// Its length by the checkpoint.
        expected: u64,
        /// Its length.
        found: u64,
    },

    /// A log is not what was written up to the checkpoint.
    #[error(
        "{}: its first {length} bytes were changed since the last checkpoint: found SHA-256 {found}, expected {expected}; restore the file, or remove the run's folder to start anew",
        .path.display()
    )]
    ChangedLog {
        /// The log.
        path: PathBuf,
        /// Its length by the checkpoint.
        length: u64,
        /// The SHA-256 by the checkpoint.
        expected: String,
        /// The SHA-256 of these bytes.
        found: String,
    },

    /// A file of a run that only this program writes is not what was written.
    #[error(
        "{}: expected {expected}, found {found}; restore the file, or remove it and it is made again",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },

    /// A run was tested before, on other images.
    #[error(
        "{}: expected the test on these {expected} images, found one on other images, {found} of them; a run is tested once, so use another folder for another test",
        .path.display()
    )]
    TestedOnOthers {
        /// The file with the result.
        path: PathBuf,
        /// The number of images to test on.
        expected: usize,
        /// The number of images of the result.
        found: usize,
    },

    /// A run is to be evaluated with population statistics that were not computed.
    #[error(
        "{}: found no population statistics after {epochs} epochs; the experiment that trained the run computes them",
        .folder.display()
    )]
    NotValidated {
        /// The folder of the run.
        folder: PathBuf,
        /// The epochs trained.
        epochs: u64,
    },

    /// A folder holds a run with another configuration.
    #[error(
        "{}: expected a run with this configuration, found another's; use another folder, or remove this one whole",
        .folder.display()
    )]
    OtherRun {
        /// The run's folder.
        folder: PathBuf,
    },

    /// Another process trains in the folder.
    #[error("{}: another process trains here; wait for it, or use another folder", .folder.display())]
    InUse {
        /// The run's folder.
        folder: PathBuf,
    },

    /// A CSV file does not have the rows expected.
    #[error("{}: expected rows of a log, found {found}", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line.
        found: String,
    },

    /// The loss became infinite or NaN.
    #[error(
        "the {phase} loss became {loss} at step {step} (epoch {epoch}, both from 0); a smaller learning rate may help"
    )]
    LossNotFinite {
        /// `"training"` or `"validation"`.
        phase: &'static str,
        /// The step, counted from 0 over all epochs.
        step: u64,
        /// The epoch, counted from 0.
        epoch: u64,
        /// The loss.
        loss: f64,
    },

    /// A run of which this cannot be used diverged.
    #[error(
        "the run diverged at step {step} (from 0): its loss, a parameter or a running statistic became infinite or NaN; a smaller learning rate may help"
    )]
    Diverged {
        /// The step, counted from 0 over all epochs.
        step: u64,
    },

    /// A parameter or running statistic became infinite or NaN.
    #[error(
        "{name} has values that are not finite at step {step} (epoch {epoch}, both from 0); a smaller learning rate may help"
    )]
    StateNotFinite {
        /// Its name in PyTorch.
        name: String,
        /// The step, counted from 0 over all epochs.
        step: u64,
        /// The epoch, counted from 0.
        epoch: u64,
    },
}

impl TrainError {
    /// For `map_err` on what is done with `path`.
    pub(crate) fn file(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { path: path.to_path_buf(), action, source }
    }
}
