//! Why a program could not answer.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a program could not answer. A function that fails is an answer.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// It was not called as the grader calls it.
    #[error("expected two arguments, INPUTS OUTPUTS; the grader starts this program itself")]
    Arguments,
    /// A file could not be read or written, or a script is none.
    #[error("{}: {reason}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// A `main` that returns an error shows it so.
impl fmt::Debug for ProgramError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl ProgramError {
    pub(crate) fn of(path: &Path, error: impl Error) -> Self {
        Self::File { path: path.to_owned(), reason: error.to_string() }
    }

    pub(crate) fn line(path: &Path, line: &str) -> Self {
        Self::File { path: path.to_owned(), reason: format!("{line:?} is no line of a script") }
    }
}
