//! The files of a folder. Links are not followed: they may lead to anything.

use std::fs;
use std::path::{Path, PathBuf};

use crate::hand_in::kind::{ENVIRONMENT, is_of_system};
use crate::hand_in::limits::{
    DEPTH_LIMIT, ENTRIES_LIMIT, WHOLE_DEPTH_LIMIT, too_deep, too_many_entries,
};
use crate::hand_in::paths::within;
use crate::hand_in::problem::Problem;
use crate::messages::flat_name;

/// A file in a folder.
pub(super) struct Found {
    /// Its path in the folder, with `_` for what would not stay where it is written.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Whether it is a link.
    pub(super) is_link: bool,
    /// Whether it is, or lies in, what systems and programs leave.
    pub(super) is_left_out: bool,
}

/// The regular files of a folder, in the order of their paths, without what systems and programs leave.
pub(super) fn files(folder: &Path) -> Result<Vec<Found>, Problem> {
    let mut files = in_order(folder, false, DEPTH_LIMIT)?;
    files.retain(|file| !file.is_link);
    Ok(files)
}

/// All regular files and links of a folder, in the order of their paths.
pub(super) fn everything(folder: &Path) -> Result<Vec<Found>, Problem> {
    in_order(folder, true, WHOLE_DEPTH_LIMIT)
}

fn in_order(folder: &Path, is_whole: bool, depth_limit: usize) -> Result<Vec<Found>, Problem> {
    let mut listing = Listing { is_whole, depth_limit, entries: 0, files: Vec::new() };
    listing.list(folder, "", 0, false)?;
    listing.files.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    Ok(listing.files)
}

/// What is found so far.
struct Listing {
    /// Whether what systems and programs leave is listed, too.
    is_whole: bool,
    depth_limit: usize,
    entries: usize,
    files: Vec<Found>,
}

impl Listing {
    fn list(
        &mut self,
        folder: &Path,
        name: &str,
        depth: usize,
        is_left_out: bool,
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
            let is_left_out = is_left_out || is_of_system(&own) || path.join(ENVIRONMENT).exists();
            if is_left_out && !self.is_whole {
                continue;
            }
            self.entries += 1;
            if self.entries > ENTRIES_LIMIT {
                return Err(too_many_entries(&shown()));
            }
            let name = within(name, &own);
            if kind.is_dir() {
                if depth == self.depth_limit {
                    return Err(too_deep(&name, self.depth_limit));
                }
                self.list(&path, &name, depth + 1, is_left_out)?;
            } else if kind.is_file() || kind.is_symlink() {
                self.files.push(Found { name, path, is_link: kind.is_symlink(), is_left_out });
            }
        }
        Ok(())
    }
}
