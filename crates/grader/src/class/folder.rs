//! The folder of reports, locked.

use std::fs;
use std::path::Path;

use files::FolderLock;

use crate::class::error::ClassError;

/// The folder of reports, which one batch at a time writes into. The system unlocks it when the batch
/// ends, however it ends.
pub(super) struct Folder<'a> {
    path: &'a Path,
    is_new: bool,
    _lock: FolderLock,
}

impl<'a> Folder<'a> {
    pub(super) fn lock(path: &'a Path) -> Result<Self, ClassError> {
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(ClassError::write(path))?;
        let lock = files::lock(path).ok_or_else(|| ClassError::Taken { path: path.to_owned() })?;
        Ok(Self { path, is_new, _lock: lock })
    }

    pub(super) fn remove_if_new(&self) {
        if self.is_new {
            // What is not empty stays.
            let _ = fs::remove_dir(self.path);
        }
    }
}
