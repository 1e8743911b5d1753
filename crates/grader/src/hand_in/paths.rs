//! Paths within a hand-in, and to one.

use std::path::{Path, PathBuf};

use crate::hand_in::problem::Problem;
use crate::messages::{flat_name, path as shown};

/// The path of `folder` and a name in it, within the hand-in.
pub(super) fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A path without what does not count in it, and with `_` for what would not stay where it is written.
pub(super) fn normal(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.map(|part| flat_name(part.as_ref())).collect::<Vec<_>>().join("/")
}

/// The folders around a file of the hand-in, from the outermost to its own.
pub(super) fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// A path that programs which start elsewhere can use.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Problem> {
    path.canonicalize().map_err(|error| Problem::unreadable(&shown(path), &error))
}
