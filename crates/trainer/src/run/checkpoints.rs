//! The files of a run's checkpoints.

use std::fs;
use std::path::{Path, PathBuf};

use super::epoch_files::files_in;
use crate::TrainError;
use crate::checkpoint::{self, Damage};

/// The checkpoints of a run: files `epoch=E-step=S.safetensors`, with the epoch that the last step
/// belongs to, counted from 0, and the number of steps taken, as PyTorch Lightning names them. There
/// is one at the end of each epoch; one within an epoch, which an interrupt leaves, goes when the
/// next is written.
#[derive(Debug)]
pub(super) struct Checkpoints {
    folder: PathBuf,
    steps_per_epoch: u64,
}

impl Checkpoints {
    pub(super) fn new(folder: PathBuf, steps_per_epoch: u64) -> Self {
        Self { folder, steps_per_epoch }
    }

    /// The one with the most steps, and its number of steps.
    pub(super) fn last(&self) -> Result<Option<(u64, PathBuf)>, TrainError> {
        Ok(self.list()?.pop())
    }

    /// Refuses a checkpoint before the last that is not what was written. None of them is needed to go
    /// on, but whoever keeps them may need one.
    pub(super) fn expect_earlier_whole(&self) -> Result<(), TrainError> {
        let mut earlier = self.list()?;
        earlier.pop();
        for (steps, path) in earlier {
            let bytes = files::read(&path).map_err(TrainError::file(&path, "cannot be read"))?;
            let refuse = |expected: String, got: String| TrainError::EarlierCheckpoint {
                path: path.clone(),
                expected,
                got,
            };
            let found = checkpoint::position(&bytes)
                .map_err(|Damage { expected, got }| refuse(expected, got))?;
            if found.steps != steps {
                let expected = expected_after(steps);
                return Err(refuse(expected, format!("that after {}", found.steps)));
            }
        }
        Ok(())
    }

    /// Where the one with this number of steps belongs.
    pub(super) fn path(&self, steps: u64) -> PathBuf {
        let epoch = steps.saturating_sub(1) / self.steps_per_epoch;
        self.folder.join(format!("epoch={epoch}-step={steps}.safetensors"))
    }

    /// Writes the one with this number of steps.
    pub(super) fn write(&self, steps: u64, bytes: &[u8]) -> Result<(), TrainError> {
        let path = self.path(steps);
        files::replace(&path, bytes).map_err(TrainError::file(&path, "cannot be written"))
    }

    /// Removes what a process that was killed can have left behind: parts of files, and checkpoints
    /// within an epoch where there is a later one.
    pub(super) fn tidy(&self) -> Result<(), TrainError> {
        let mut superfluous = self.list()?;
        superfluous.pop();
        self.remove_within_epochs(superfluous)
    }

    /// As [`Self::tidy`], for a run that diverged and goes on from no checkpoint within an epoch.
    pub(super) fn tidy_to_epochs(&self) -> Result<(), TrainError> {
        self.remove_within_epochs(self.list()?)
    }

    /// Removes those of these that lie within an epoch, and all parts.
    fn remove_within_epochs(&self, mut superfluous: Vec<(u64, PathBuf)>) -> Result<(), TrainError> {
        superfluous.retain(|(steps, _)| !steps.is_multiple_of(self.steps_per_epoch));
        let parts = files_in(&self.folder)?.into_iter().filter(|path| is_part(path));
        for path in superfluous.into_iter().map(|(_, path)| path).chain(parts) {
            fs::remove_file(&path).map_err(TrainError::file(&path, "cannot be removed"))?;
        }
        Ok(())
    }

    /// All, the fewest steps first.
    fn list(&self) -> Result<Vec<(u64, PathBuf)>, TrainError> {
        let files = files_in(&self.folder)?;
        let mut checkpoints: Vec<_> =
            files.into_iter().filter_map(|path| Some((steps_of(&path)?, path))).collect();
        checkpoints.sort();
        Ok(checkpoints)
    }
}

/// Every checkpoint in a folder and every part of one, those with the most steps first.
pub(super) fn own_files(folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let mut files = files_in(folder)?;
    files.retain(|path| steps_of(path).is_some() || is_part(path));
    files.sort_by_key(|path| std::cmp::Reverse(steps_of(path)));
    Ok(files)
}

/// What is expected of a file of this number of steps.
pub(super) fn expected_after(steps: u64) -> String {
    let noun = if steps == 1 { "step" } else { "steps" };
    format!("the state after {steps} {noun}, as its name says")
}

/// The number of steps in the name of a checkpoint.
pub(super) fn steps_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".safetensors")?;
    let (epoch, steps) = name.strip_prefix("epoch=")?.split_once("-step=")?;
    epoch.parse::<u64>().ok()?;
    steps.parse().ok()
}

/// Whether a process that was killed left this half-written checkpoint.
fn is_part(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "part")
        && steps_of(&path.with_extension("")).is_some()
}
