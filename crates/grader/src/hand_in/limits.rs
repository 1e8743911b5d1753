//! How much a hand-in may have, and what is said of more.

use std::fmt::Display;

use crate::hand_in::problem::Problem;

/// The largest number of Python files and notebooks of a hand-in.
pub(super) const FILES_LIMIT: usize = 1_000;

/// What is kept of all files together, in bytes.
pub(super) const KEPT_LIMIT: usize = 8 << 20;

/// What is read of all files together, in bytes.
pub(super) const READ_LIMIT: u64 = 256 << 20;

/// The largest number of folders in each other.
pub(super) const DEPTH_LIMIT: usize = 16;

/// The largest number of folders in each other, where all of them count.
pub(super) const WHOLE_DEPTH_LIMIT: usize = 64;

/// The largest number of files and folders of all kinds.
pub(super) const ENTRIES_LIMIT: usize = 50_000;

/// The longest name of a file or folder, in bytes: systems allow no more.
const NAME_LIMIT: usize = 255;

/// The longest path in a hand-in, in bytes. Systems allow 4096 with the folder that it is copied to.
const PATH_LIMIT: usize = 2048;

/// More than the limit of what is named.
pub(super) fn more_than(limit: impl Display, of: &str, name: &str) -> Problem {
    Problem::new(name, format!("more than {limit}{of}"), format!("at most {limit}"))
}

/// A file that is larger than its kind may be.
pub(super) fn too_large(name: &str, limit: u64) -> Problem {
    more_than(format_args!("{} MiB", limit >> 20), "", name)
}

/// A folder or archive with more than a hand-in has.
pub(super) fn too_many_entries(name: &str) -> Problem {
    more_than(ENTRIES_LIMIT, " files and folders", name)
}

/// A folder or archive that is too deep.
pub(super) fn too_deep(name: &str, limit: usize) -> Problem {
    more_than(limit, " folders in each other", name)
}

/// That a file of this path can be written. What is shown of a path that is too long is its beginning.
pub(super) fn ensure_writable(path: &str) -> Result<(), Problem> {
    let shown = || match path.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path.to_owned(),
    };
    if path.len() > PATH_LIMIT {
        return Err(more_than(PATH_LIMIT, " bytes of path", &shown()));
    }
    if path.split('/').any(|part| part.len() > NAME_LIMIT) {
        return Err(more_than(NAME_LIMIT, " bytes in a name", &shown()));
    }
    Ok(())
}
