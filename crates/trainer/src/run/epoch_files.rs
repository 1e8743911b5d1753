//! Files of a run of which there is one per number of epochs trained.

use std::fs;
use std::path::{Path, PathBuf};

use crate::TrainError;
use crate::evaluation::EvaluationStatistics;

/// Files `epoch=N.EXTENSION` in a folder of a run's own, with the number of epochs trained.
#[derive(Debug, Clone, Copy)]
pub(super) struct EpochFiles {
    folder: &'static str,
    extension: &'static str,
}

/// The network after each epoch.
pub(super) const WEIGHTS: EpochFiles = EpochFiles { folder: "weights", extension: "safetensors" };

/// The shift of variance of the network's batch norms.
pub(super) const SHIFTS: EpochFiles = EpochFiles { folder: "variance-shift", extension: "toml" };

/// The evaluations on the test images with these statistics.
pub(super) fn tests(statistics: EvaluationStatistics) -> EpochFiles {
    let folder = match statistics {
        EvaluationStatistics::Running => "test",
        EvaluationStatistics::Population => "test-population",
        EvaluationStatistics::Batch => "test-batch",
    };
    EpochFiles { folder, extension: "toml" }
}

/// The evaluations on the validation images with these statistics. Those with the running statistics
/// are in the log.
pub(super) fn validations(statistics: EvaluationStatistics) -> Option<EpochFiles> {
    let folder = match statistics {
        EvaluationStatistics::Running => return None,
        EvaluationStatistics::Population => "validation-population",
        EvaluationStatistics::Batch => "validation-batch",
    };
    Some(EpochFiles { folder, extension: "toml" })
}

impl EpochFiles {
    /// The one after so many epochs, in the folder of this run.
    pub(super) fn path(self, run: &Path, epochs: u64) -> PathBuf {
        run.join(self.folder).join(format!("epoch={epochs}.{}", self.extension))
    }

    /// The one after the most epochs.
    pub(super) fn last(self, run: &Path) -> Result<Option<PathBuf>, TrainError> {
        let files = files_in(&run.join(self.folder))?.into_iter();
        let numbered = files.filter_map(|path| Some((self.epochs_of(&path)?, path)));
        Ok(numbered.max().map(|(_, path)| path))
    }

    /// All of a run, and every part of one.
    pub(super) fn own_files(self, run: &Path) -> Result<Vec<PathBuf>, TrainError> {
        let mut files = files_in(&run.join(self.folder))?;
        files.retain(|path| {
            let is_part = path.extension().is_some_and(|extension| extension == "part");
            let whole = if is_part { path.with_extension("") } else { path.clone() };
            self.epochs_of(&whole).is_some()
        });
        files.sort();
        Ok(files)
    }

    /// The number of epochs in the name of one.
    fn epochs_of(self, path: &Path) -> Option<u64> {
        let name = path.file_name()?.to_str()?.strip_suffix(self.extension)?;
        name.strip_prefix("epoch=")?.strip_suffix('.')?.parse().ok()
    }
}

/// The files in a folder; none where there is no such folder.
pub(super) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unlisted = || TrainError::file(folder, "cannot be listed");
    fs::read_dir(folder)
        .map_err(unlisted())?
        .map(|entry| Ok(entry.map_err(unlisted())?.path()))
        .collect()
}
