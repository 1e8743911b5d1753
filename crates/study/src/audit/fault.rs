//! What a check of a report can find wrong.

use thiserror::Error;

use super::lock::LOCK_FILE;
use crate::config::CONFIG_FILE;

/// The digits of a hash that a message shows.
const SHOWN: usize = 16;

/// What is wrong with a report. A message names the file, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Report and lock are of two studies. Nothing else of them can be compared.
    #[error(
        "{LOCK_FILE}: found the lock of the study {}, expected that of {CONFIG_FILE}, {}: one of the two \
         was changed or is of another study",
        short(.found), short(.expected)
    )]
    OtherStudy {
        /// The hash in the lock.
        found: String,
        /// That of the study.
        expected: String,
    },

    /// The report has numbers that this program would not compute.
    #[error(
        "{LOCK_FILE}: found the numerics {found}, expected {expected}, those of this program, which would \
         train other numbers"
    )]
    OtherNumerics {
        /// The names in the lock.
        found: String,
        /// Those of this program.
        expected: String,
    },

    /// The report is of other images than those that this program trains with.
    #[error("{LOCK_FILE}: {data_set}: {file}: found {}, expected {}, that of the published data",
        short(.found), short(.expected)
    )]
    OtherData {
        /// The data set.
        data_set: String,
        /// One of its files, or its generator.
        file: String,
        /// What the lock has.
        found: String,
        /// What this program has.
        expected: String,
    },

    /// A cell of the study that the lock does not have.
    #[error(
        "{LOCK_FILE}: found no cell {cell}, expected every cell of the study: {run} is missing"
    )]
    NotLocked {
        /// The first digits of its hash.
        cell: String,
        /// Its arm and its seed.
        run: String,
    },

    /// A cell of the study without a row.
    #[error("{file}: found no row of {run}, expected every cell of the study")]
    NotReported {
        /// The table.
        file: &'static str,
        /// The arm and the seed of the cell.
        run: String,
    },

    /// A row with the hash of another cell.
    #[error("{file}: found the cell {found} for {run}, expected {expected}")]
    OtherCell {
        /// The table.
        file: &'static str,
        /// The arm and the seed of the row.
        run: String,
        /// The first digits of the hash in the row.
        found: String,
        /// Those of the cell.
        expected: String,
    },

    /// A cell that the lock has twice.
    #[error("{LOCK_FILE}: found the cell {cell} twice, expected each once")]
    RepeatedCell {
        /// The first digits of its hash.
        cell: String,
    },

    /// A cell of the lock that the study does not have.
    #[error("{LOCK_FILE}: found the cell {cell}, expected only cells of the study")]
    UnknownCell {
        /// The first digits of its hash.
        cell: String,
    },

    /// A file that is not what was written.
    #[error("{file}: found SHA-256 {}, expected {} as in {LOCK_FILE}: it was changed since",
        short(.found), short(.expected)
    )]
    Changed {
        /// The file.
        file: String,
        /// Its hash.
        found: String,
        /// The hash in the lock.
        expected: String,
    },

    /// A file that the lock has and the folder has not, or cannot be read.
    #[error("{file}: {found}, expected the file that {LOCK_FILE} has")]
    Missing {
        /// The file.
        file: String,
        /// Why it cannot be read.
        found: String,
    },

    /// A file that a report has and the lock does not.
    #[error("{LOCK_FILE}: found no hash of {file}, expected that of each file of the report")]
    Unlocked {
        /// The file.
        file: String,
    },

    /// A path in the lock that no file of the report has. It is not opened.
    #[error("{LOCK_FILE}: found the file {file:?}, expected only files of the report")]
    UnknownFile {
        /// The path.
        file: String,
    },

    /// A file that this program would make otherwise of the tables.
    #[error("{file}: found SHA-256 {}, expected {}, what this program makes of the tables",
        short(.found), short(.expected)
    )]
    NotOfTables {
        /// The file.
        file: String,
        /// The hash in the lock, or that there is none.
        found: String,
        /// The hash of what the tables give, or that they give no such file.
        expected: String,
    },

    /// A report that has no lock.
    #[error(
        "{LOCK_FILE}: found none, expected the one that `cargo xtask experiment` writes while the weights \
         of all cells are there"
    )]
    NoLock,

    /// A file whose contents are no table, or no study.
    #[error("{file}: {fault}")]
    Unreadable {
        /// The file.
        file: String,
        /// Where, what was found, and what was expected.
        fault: String,
    },
}

impl Fault {
    /// The page or figure that the tables do not give, if it is one.
    pub fn file_not_of_tables(&self) -> Option<&str> {
        if let Self::NotOfTables { file, .. } = self { Some(file) } else { None }
    }

    /// The file of the report that is not what was written, if it is one.
    pub(super) fn changed_file(&self) -> Option<&str> {
        if let Self::Changed { file, .. } | Self::Missing { file, .. } = self {
            Some(file)
        } else {
            None
        }
    }
}

/// The first digits of a hash.
fn short(hash: &str) -> &str {
    hash.get(..SHOWN).unwrap_or(hash)
}
