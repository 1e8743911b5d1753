//! The temporary folder of one grading.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The temporary folder of one grading.
pub(super) struct Stage {
    folder: TempDir,
}

impl Stage {
    pub(super) fn new(scratch: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", scratch.display());
        let scratch = scratch.canonicalize().map_err(failed)?;
        let folder = tempfile::Builder::new().prefix("grade-").tempdir_in(&scratch);
        let folder = folder.map_err(failed)?;
        // Without a root of its own, a program that is somebody else must get in.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))
                .map_err(failed)?;
        }
        Ok(Self { folder })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Removes what a program has filled, even what it has closed to others.
    pub(super) fn remove(&self, folder: &Path) {
        if fs::remove_dir_all(folder).is_err() {
            open_all(folder);
            // What remains now goes with the whole stage, or not at all.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn open_all(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_all(&entry.path());
        }
    }
}
