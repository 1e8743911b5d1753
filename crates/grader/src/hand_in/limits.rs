//! How much a hand-in may have, and what is said of more.

use crate::hand_in::kind;
use crate::hand_in::problem::Problem;

/// The largest number of Python files and notebooks of a hand-in.
pub(super) const FILES_LIMIT: usize = 1_000;

/// What is kept of all files together, in bytes.
pub(super) const KEPT_LIMIT: usize = 8 << 20;

/// What is read of all files together, in bytes.
pub(super) const READ_LIMIT: u64 = 256 << 20;

/// The largest number of folders in each other.
pub(super) const DEPTH_LIMIT: usize = 16;

/// The largest number of files and folders of all kinds.
pub(super) const ENTRIES_LIMIT: usize = 50_000;

/// A file that is larger than its kind may be.
pub(super) fn too_large(name: &str, limit: u64) -> Problem {
    let limit = match limit >> 20 {
        0 | 1 => format!("{limit} bytes"),
        mebibytes => format!("{mebibytes} MiB"),
    };
    Problem::new(name, format!("more than {limit}"), "at most that")
}

/// A folder or archive with more than a hand-in has.
pub(super) fn too_many_entries(name: &str) -> Problem {
    let found = format!("more than {ENTRIES_LIMIT} files and folders");
    Problem::new(name, found, kind::EXPECTED)
}
