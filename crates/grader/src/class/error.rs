//! Why a class could not be graded.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::fixture::FixtureError;

/// Why a class could not be graded. What is wrong with one hand-in stands in its line of the table.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClassError {
    /// There is no such folder.
    #[error("{}: expected a folder of hand-ins", folder.display())]
    NotAFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder is there and has no hand-in.
    #[error("{}: found no hand-ins, expected .py files or folders", folder.display())]
    NoHandIns {
        /// The folder.
        folder: PathBuf,
    },
    /// Two hand-ins would have one line in the table.
    #[error("{}: found two hand-ins called {id}, expected one; rename one of them", folder.display())]
    SameName {
        /// The folder.
        folder: PathBuf,
        /// Their name.
        id: String,
    },
    /// The table would lie where the reports go.
    #[error("--csv: found {}, expected a name that ends in .csv", table.display())]
    TableName {
        /// The table.
        table: PathBuf,
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
    /// The table or a record could not be put into text.
    #[error("{} cannot be written: {problem}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// The writer's own words.
        problem: String,
    },
    /// The manifest of the fixtures could not be made.
    #[error(transparent)]
    Fixtures(#[from] FixtureError),
}

impl ClassError {
    /// The error of writing `path`, as a function to map errors with.
    pub(super) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Write { path, source }
    }

    /// The error of reading `path`, as a function to map errors with.
    pub(super) fn read(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }
}
