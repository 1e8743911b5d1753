//! The folders and files of a script, and why they could not be written.

use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

/// Why scripts could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A file or folder could not be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An array could not be put into a file.
    #[error("an array of a script cannot be written as .npy: {0}")]
    Array(String),
}

pub(crate) fn make_folder(path: &Path) -> Result<(), ProtocolError> {
    let to_error = |source| ProtocolError::Write { path: path.to_owned(), source };
    fs::create_dir_all(path).map_err(to_error)
}

pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ProtocolError> {
    let to_error = |source| ProtocolError::Write { path: path.to_owned(), source };
    fs::write(path, bytes).map_err(to_error)
}
