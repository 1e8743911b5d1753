//! The record of a run, which is its `hparams.yaml`, and the hash of it.

use std::fmt::{self, Display, Formatter};
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::names::HPARAMS;
use crate::TrainError;

/// How many digits [`CellId::short`] has.
const SHORT: usize = 8;

/// The identity of a run: the SHA-256 of its `hparams.yaml`, in 64 hexadecimal digits.
///
/// It has network, what trains of it, seeds, batches, optimiser, data, split, observations and
/// numerics. Runs that have the same leave the same bytes. For how many epochs it is trained, by how many
/// threads and in which folder is no part of it: with more epochs there is more of the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellId(String);

impl CellId {
    pub(super) fn of(record: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(record)))
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 digits, for names and messages.
    pub fn short(&self) -> &str {
        self.0.get(..SHORT).unwrap_or(&self.0)
    }
}

impl Display for CellId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The identity of the run in this folder, if there is one.
///
/// # Errors
///
/// [`TrainError::File`] for a record that cannot be read.
pub fn identity(folder: &Path) -> Result<Option<CellId>, TrainError> {
    let path = folder.join(HPARAMS);
    match files::read(&path) {
        Ok(record) => Ok(Some(CellId::of(&record))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TrainError::file(&path, "cannot be read")(error)),
    }
}

/// What the record of the run in this folder says of one of its parameters, such as `split_seed`; none
/// without a record, or if it says nothing of it.
///
/// # Errors
///
/// [`TrainError::File`] for a record that cannot be read.
pub fn recorded(folder: &Path, parameter: &str) -> Result<Option<String>, TrainError> {
    let path = folder.join(HPARAMS);
    if !path.exists() {
        return Ok(None);
    }
    let record = files::read_text(&path).map_err(TrainError::file(&path, "cannot be read"))?;
    let value = |line: &str| {
        let value = line.strip_prefix(parameter)?.strip_prefix(": ")?;
        Some(value.trim_matches('"').to_owned())
    };
    Ok(record.lines().find_map(value))
}

/// Writes the record into a new folder, and refuses that of another run.
pub(super) fn expect_record(folder: &Path, record: &str) -> Result<(), TrainError> {
    let path = folder.join(HPARAMS);
    let found = match files::read(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return files::replace(&path, record.as_bytes())
                .map_err(TrainError::file(&path, "cannot be written"));
        }
        Err(error) => return Err(TrainError::file(&path, "cannot be read")(error)),
    };
    let found = String::from_utf8_lossy(&found);
    if found == record {
        return Ok(());
    }
    let ([expected, others], [found, other_others]) = (parted(record), parted(&found));
    if others == other_others && found != expected {
        return Err(TrainError::OtherNumerics { path, expected, found });
    }
    Err(TrainError::OtherRun { folder: folder.to_path_buf() })
}

/// The name of the line of the numerics, which is the last.
pub(super) const NUMERICS: &str = "numerics";

/// The numerics of a record, and all before them.
fn parted(record: &str) -> [String; 2] {
    let line = format!("\n{NUMERICS}: ");
    let (rest, numerics) = record.rsplit_once(&line).unwrap_or((record, ""));
    [numerics.trim().trim_matches('"').to_owned(), rest.to_owned()]
}
