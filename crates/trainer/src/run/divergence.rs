//! The end of a run whose loss or state became infinite or NaN.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::names::DIVERGED;
use super::record::CellId;
use super::sealed;
use crate::TrainError;
use crate::checkpoint::LogState;

/// Where a run diverged, as its file has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Divergence {
    /// The run.
    pub(super) cell: CellId,
    /// The step, counted from 0 over all epochs.
    pub(super) step: u64,
    /// What was not finite: the training loss, the validation loss, or a parameter or running
    /// statistic by its name in PyTorch.
    pub(super) what: String,
    /// What each log holds, by its file name.
    pub(super) logs: BTreeMap<String, LogState>,
}

impl Divergence {
    /// The step of an error that says that a run diverged, and what was not finite.
    pub(super) fn told_by(error: &TrainError) -> Option<(u64, String)> {
        if let TrainError::LossNotFinite { phase, step, .. } = error {
            return Some((*step, format!("{phase} loss")));
        }
        if let TrainError::StateNotFinite { name, step, .. } = error {
            return Some((*step, name.clone()));
        }
        None
    }

    /// What the file in this folder says of this run, if it diverged.
    pub(super) fn read(folder: &Path, cell: &CellId) -> Result<Option<Self>, TrainError> {
        let found: Option<Self> = sealed::read(&folder.join(DIVERGED))?;
        match found {
            Some(found) if found.cell != *cell => {
                Err(TrainError::OtherRun { folder: folder.to_path_buf() })
            }
            other => Ok(other),
        }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), TrainError> {
        sealed::write(&folder.join(DIVERGED), self)
    }
}

/// The step at which the run in this folder diverged, counted from 0 over all epochs: the first whose
/// loss was not finite, or the last of an epoch after which the validation loss, a parameter or a
/// running statistic was not. `None` for a run that has not diverged so far.
///
/// # Errors
///
/// [`TrainError::Damaged`] for a file that is not what a run wrote, and [`TrainError::File`] for one
/// that cannot be read.
pub fn diverged(folder: &Path) -> Result<Option<u64>, TrainError> {
    let found: Option<Divergence> = sealed::read(&folder.join(DIVERGED))?;
    Ok(found.map(|found| found.step))
}
