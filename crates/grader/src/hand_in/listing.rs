//! The files of a folder. Links are not followed: they may lead to anything.

use std::fs;
use std::path::{Path, PathBuf};

use crate::hand_in::kind::is_of_system;
use crate::hand_in::limits::{DEPTH_LIMIT, ENTRIES_LIMIT, too_many_entries};
use crate::hand_in::paths::within;
use crate::hand_in::problem::Problem;
use crate::messages::flat_name;

/// A file in a folder.
pub(super) struct Found {
    /// Its path in the folder, with `_` for what would not stay where it is written.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
}

/// The regular files of a folder, in the order of their paths, without what systems and programs leave.
pub(super) fn files(folder: &Path) -> Result<Vec<Found>, Problem> {
    let mut files = Vec::new();
    let mut entries = 0;
    list(folder, "", DEPTH_LIMIT, &mut entries, &mut files)?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn list(
    folder: &Path,
    name: &str,
    depth: usize,
    entries: &mut usize,
    files: &mut Vec<Found>,
) -> Result<(), Problem> {
    let shown = || match name {
        "" => folder.file_name().map_or_else(|| ".".to_owned(), flat_name),
        name => name.to_owned(),
    };
    let unreadable = |error| Problem::unreadable(&shown(), &error);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let (path, own) = (entry.path(), flat_name(&entry.file_name()));
        // A virtual environment has thousands of files, none of which is handed in.
        let is_left_out = is_of_system(&own) || path.join("pyvenv.cfg").exists();
        if is_left_out {
            continue;
        }
        *entries += 1;
        if *entries > ENTRIES_LIMIT {
            return Err(too_many_entries(&shown()));
        }
        let name = within(name, &own);
        if kind.is_dir() {
            let Some(depth) = depth.checked_sub(1) else {
                let found = format!("more than {DEPTH_LIMIT} folders in each other");
                return Err(Problem::new(name, found, "at most that"));
            };
            list(&path, &name, depth, entries, files)?;
        } else if kind.is_file() {
            files.push(Found { name, path });
        }
    }
    Ok(())
}
