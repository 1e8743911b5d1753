//! Why a class could not be graded.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a class could not be graded. What is wrong with one hand-in stands in its line of the table.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClassError {
    /// The folder of hand-ins, or the name of the table, is not as it must be.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Unusable {
        /// The folder or the table.
        path: PathBuf,
        /// What it is.
        found: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A file or folder could not be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ClassError {
    /// The error of reading `path`, as a function to map errors with.
    pub(super) fn read(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    /// The error of writing `path`, as a function to map errors with.
    pub(super) fn write<E: Into<io::Error>>(path: &Path) -> impl Fn(E) -> Self {
        move |source| Self::Write { path: path.to_owned(), source: source.into() }
    }
}
