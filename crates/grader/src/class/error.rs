//! Why a class could not be graded.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::messages::path as shown;
use crate::self_check::SelfCheckError;

/// Why a class could not be graded. What is wrong with one hand-in stands in its line of the table.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClassError {
    /// The folder of hand-ins, or the name of the table, is not as it must be.
    #[error("{}: found {found}, expected {expected}", shown(path))]
    Unusable {
        /// The folder or the table.
        path: PathBuf,
        /// What it is.
        found: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A file or folder could not be read.
    #[error("{} cannot be read", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("{} cannot be written", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file that lists the students is not as it must be.
    #[error("{}: {flaw}", shown(path))]
    Roster {
        /// The file.
        path: PathBuf,
        /// Where in it, what was found and what was expected.
        flaw: String,
    },
    /// A format of the table lacks what it needs.
    #[error("--csv-format {format}: found {found}, expected {expected}")]
    TableFormat {
        /// The name of the format.
        format: &'static str,
        /// What there is.
        found: String,
        /// What it needs.
        expected: String,
    },
    /// Another batch writes the same table.
    #[error(
        "{}: found another batch that is grading into this folder, expected none; wait until it has \
         ended, or name another table",
        shown(path)
    )]
    Taken {
        /// The folder of reports.
        path: PathBuf,
    },
    /// There was no thread or process to start.
    #[error(
        "{what} cannot be started: {cause}; end other programs, raise the limit of `ulimit -u`, or \
         grade fewer hand-ins at a time with --threads"
    )]
    Start {
        /// What was to be started.
        what: &'static str,
        /// What the system said.
        cause: io::Error,
    },
    /// A worker process cannot judge.
    #[error("a worker process cannot grade: {0}")]
    Worker(String),
    /// The machine cannot grade.
    #[error("{}", gets_no_mark(during.as_deref()))]
    Machine {
        /// The hand-in in which that was noticed; none before the first.
        during: Option<String>,
        /// What is wrong with the machine.
        source: SelfCheckError,
    },
}

/// What a machine that cannot grade means for the batch.
fn gets_no_mark(during: Option<&str>) -> String {
    match during {
        None => "nobody gets a mark".to_owned(),
        Some(id) => format!("the batch ends at the hand-in {id}, which gets no mark"),
    }
}

impl ClassError {
    /// The error of reading `path`, as a function to map errors with.
    pub(super) fn read(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    /// The error of a file that lists students.
    pub(super) fn roster(path: &Path, flaw: impl ToString) -> Self {
        Self::Roster { path: path.to_owned(), flaw: flaw.to_string() }
    }

    /// The error of writing `path`, as a function to map errors with.
    pub(super) fn write<E: Into<io::Error>>(path: &Path) -> impl Fn(E) -> Self {
        move |source| Self::Write { path: path.to_owned(), source: source.into() }
    }
}
