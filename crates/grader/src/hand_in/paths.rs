//! Paths within a hand-in, and to one.

use std::path::{Path, PathBuf};

use crate::hand_in::problem::Problem;
use crate::messages::path as shown;

/// The path of `folder` and a name in it, within the hand-in.
pub(super) fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A path that programs which start elsewhere can use.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Problem> {
    path.canonicalize().map_err(|error| Problem::unreadable(&shown(path), &error))
}
