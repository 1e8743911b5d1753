//! The logs of a run, read back up to its last checkpoint.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::checkpoints::Checkpoints;
use super::divergence::Divergence;
use super::names::{CHECKPOINTS, DISTRIBUTIONS, DIVERGED, METRICS};
use super::sealed;
use crate::checkpoint::{self, Damage, LogState};
use crate::log::{DistributionRow, rows_of_csv};
use crate::{Measurement, TrainError};

/// The measurements of the run in this folder up to its last checkpoint, or to where it diverged, of all
/// epochs that it was ever trained for. Where neither knows the log, all that there are.
///
/// # Errors
///
/// [`TrainError`] naming the file at fault: one that cannot be read, that is not what was written up to
/// there, or a line that is no row.
pub fn read_metrics(folder: &Path) -> Result<Vec<Measurement>, TrainError> {
    read(folder, METRICS)
}

/// The observed distributions of the run in this folder, as far as [`read_metrics`] reads.
///
/// # Errors
///
/// As for [`read_metrics`].
pub fn read_distributions(folder: &Path) -> Result<Vec<DistributionRow>, TrainError> {
    read(folder, DISTRIBUTIONS)
}

fn read<R: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<R>, TrainError> {
    // Before the log, which then holds at least what this knows: it is written first.
    let known = known(folder)?;
    let path = folder.join(name);
    let bytes = files::read(&path).map_err(TrainError::file(&path, "cannot be read"))?;
    let Some(LogState { length, sha256 }) = known.get(name) else {
        return rows_of_csv(&path, &bytes);
    };
    let Some(written) = bytes.get(..usize::try_from(*length).unwrap_or(usize::MAX)) else {
        let (expected, found) = (*length, bytes.len() as u64);
        return Err(TrainError::ShortLog { path, expected, found });
    };
    let found = hex::encode(Sha256::digest(written));
    if found != *sha256 {
        let (length, expected) = (*length, sha256.clone());
        return Err(TrainError::ChangedLog { path, length, expected, found });
    }
    // What follows is of an epoch that was not finished.
    rows_of_csv(&path, written)
}

/// What the logs held when the run diverged, or else at its last checkpoint; nothing where there is neither.
fn known(folder: &Path) -> Result<BTreeMap<String, LogState>, TrainError> {
    let diverged: Option<Divergence> = sealed::read(&folder.join(DIVERGED))?;
    if let Some(diverged) = diverged {
        return Ok(diverged.logs);
    }
    // Which one is the last does not depend on how long an epoch is.
    let checkpoints = Checkpoints::new(folder.join(CHECKPOINTS), 1);
    let Some((_, mut path)) = checkpoints.last()? else {
        return Ok(BTreeMap::new());
    };
    let bytes = loop {
        match files::read(&path) {
            Ok(bytes) => break bytes,
            Err(error) => match checkpoints.last()? {
                // Another process has gone on from it, and removed it.
                Some((_, later)) if error.kind() == ErrorKind::NotFound && later != path => {
                    path = later
                }
                Some(_) | None => return Err(TrainError::file(&path, "cannot be read")(error)),
            },
        }
    };
    let refuse = |Damage { expected, got }| TrainError::Checkpoint { path, expected, got };
    checkpoint::position(&bytes).map(|position| position.logs).map_err(refuse)
}
