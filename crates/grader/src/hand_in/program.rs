//! A folder with a program, which speaks the protocol.

use std::fs::{self, Metadata};
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

/// What has the name of a program in a folder.
pub(super) enum Candidate {
    /// A program.
    Program(ProgramFolder),
    /// A file that cannot be run.
    NotExecutable(Problem),
    /// Nothing, or no regular file.
    None,
}

/// The program of a folder, if it has one.
pub(super) fn find(folder: &Path) -> Result<Candidate, Problem> {
    let metadata = match fs::symlink_metadata(folder.join(FILE)) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) | Err(_) => return Ok(Candidate::None),
    };
    if !is_executable(&metadata) {
        return Ok(Candidate::NotExecutable(Problem::new(
            FILE,
            "a file that is not executable",
            "a program; run `chmod +x run`",
        )));
    }
    let content = Content::of(folder)?;
    content.ensure_open()?;
    let (folder, sha256) = (absolute(folder)?, content.sha256);
    Ok(Candidate::Program(ProgramFolder { folder, sha256 }))
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    true
}
