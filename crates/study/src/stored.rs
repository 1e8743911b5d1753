//! A cell in its folder, known by nothing but what lies there: how large it is, and how it is removed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use trainer::TrainError;
use trainer::run::{self, CellId, diverged};

use crate::error::{Result, StudyError};

/// A cell in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCell {
    /// What it is.
    pub id: CellId,
    /// Where it lies.
    pub folder: PathBuf,
    /// The bytes of what its run wrote.
    pub bytes: u64,
    /// The epochs that are trained.
    pub epochs: u64,
    /// Whether its run diverged.
    pub is_diverged: bool,
}

impl StoredCell {
    /// The cell of this identity in this folder.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn read(id: CellId, folder: PathBuf) -> Result<Self> {
        let files = run::files(&folder)?;
        let bytes = files.iter().filter_map(|file| Some(fs::metadata(file).ok()?.len())).sum();
        let epochs = files.iter().filter_map(|file| epochs_of_weights(file)).max().unwrap_or(0);
        let is_diverged = diverged(&folder)?.is_some();
        Ok(Self { id, folder, bytes, epochs, is_diverged })
    }

    /// Whether a process works on it.
    pub fn is_in_use(&self) -> bool {
        files::lock(&self.folder).is_none()
    }

    /// Removes what its run wrote, and the folders up to that of the store that are empty then. Returns
    /// whether nothing is left of its folder: a file that no run wrote stays.
    ///
    /// # Errors
    ///
    /// A cell that a process works on, and a file that cannot be removed.
    pub fn remove(&self, store: &Path) -> Result<bool> {
        let in_use = || TrainError::InUse { folder: self.folder.clone() };
        let _lock = files::lock(&self.folder).ok_or_else(in_use)?;
        for file in run::files(&self.folder)? {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(StudyError::file(&file, "cannot be removed")(error));
                }
                Ok(()) | Err(_) => {}
            }
            // Those that have nothing else in them; the others stay.
            if let Some(folder) = file.parent().filter(|folder| *folder != self.folder) {
                let _ = fs::remove_dir(folder);
            }
        }
        let above = self.folder.ancestors().take_while(|folder| *folder != store);
        for folder in above {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(!self.folder.exists())
    }
}

/// The number of epochs in the name of a file of weights.
fn epochs_of_weights(file: &Path) -> Option<u64> {
    let is_of_weights = file.parent()?.file_name()? == "weights";
    let name = file.file_name()?.to_str()?.strip_suffix(".safetensors")?;
    name.strip_prefix("epoch=").filter(|_| is_of_weights)?.parse().ok()
}
