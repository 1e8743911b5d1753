//! A folder with a program, which speaks the protocol.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::hand_in::content::Content;
use crate::hand_in::paths::absolute;
use crate::hand_in::problem::Problem;

/// The name of the program in its folder.
pub(super) const FILE: &str = "run";

/// A folder with a program, which may read all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramFolder {
    /// Where it lies, from the root.
    pub(crate) folder: PathBuf,
    /// A hash of all files in it.
    pub(crate) sha256: String,
}

impl ProgramFolder {
    /// The program.
    pub(crate) fn program(&self) -> PathBuf {
        self.folder.join(FILE)
    }
}

/// The program of a folder, if it has one.
pub(super) fn find(folder: &Path) -> Result<Option<ProgramFolder>, Problem> {
    let program = folder.join(FILE);
    if !fs::symlink_metadata(&program).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let unreadable = |error| Problem::unreadable(FILE, &error);
    let file = File::open(&program).map_err(unreadable)?;
    if !is_executable(&file).map_err(unreadable)? {
        return Err(Problem::new(
            FILE,
            "a file that is not executable",
            "a program; run `chmod +x run`",
        ));
    }
    let content = Content::of(folder)?;
    content.ensure_open()?;
    Ok(Some(ProgramFolder { folder: absolute(folder)?, sha256: content.sha256 }))
}

#[cfg(unix)]
fn is_executable(file: &File) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &File) -> std::io::Result<bool> {
    Ok(true)
}
