//! What a class's folder holds: an entry for each file and folder in it, and what systems left there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use crate::class::error::ClassError;
use crate::hand_in::{HandIn, Problem, is_of_system, without_ending};
use crate::messages;

/// A file or folder in a class's folder.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the table, which no other has: the name of the file, without the ending that its kind
    /// has, or of the folder. Escapes such as `\n` stand for characters that would not stay where they are
    /// written.
    pub id: String,
    /// The name of its file or folder.
    pub path: PathBuf,
    /// What to grade, or why there is nothing.
    pub hand_in: Result<HandIn, Problem>,
}

/// What a class's folder holds.
#[derive(Debug)]
pub struct Entries {
    /// By their ids.
    pub entries: Vec<Entry>,
    /// The names of what systems and programs leave in folders, which nobody hands in.
    pub of_system: Vec<String>,
}

/// The entries of a class's folder, without the files and folders `written`, which grading the class
/// writes.
///
/// # Errors
///
/// [`ClassError`] if the folder cannot be read, or holds no entries.
pub fn find_entries(folder: &Path, written: &[PathBuf]) -> Result<Entries, ClassError> {
    let found = find_any_entries(folder, written)?;
    if found.entries.is_empty() {
        let expected = "Python files, notebooks, .zip files or folders";
        return Err(unusable(folder, "no hand-ins", expected));
    }
    Ok(found)
}

/// As [`find_entries`], but the folder may hold none: where the class is known, that says who handed in
/// nothing.
///
/// # Errors
///
/// [`ClassError`] if the folder cannot be read.
pub fn find_any_entries(folder: &Path, written: &[PathBuf]) -> Result<Entries, ClassError> {
    if !folder.is_dir() {
        return Err(unusable(folder, "no folder", "a folder of hand-ins"));
    }
    let written: Vec<PathBuf> =
        written.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let (mut found, mut of_system) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(ClassError::read(folder))? {
        let entry = entry.map_err(ClassError::read(folder))?;
        let is_written = entry.path().canonicalize().is_ok_and(|path| written.contains(&path));
        let name = messages::distinct(&entry.file_name());
        if is_of_system(&name) {
            of_system.push(name);
        } else if !is_written {
            found.push((name, entry));
        }
    }
    of_system.sort();
    let names: Vec<(String, bool)> = found
        .iter()
        .map(|(name, entry)| (name.clone(), entry.file_type().is_ok_and(|kind| kind.is_dir())))
        .collect();
    let mut entries: Vec<Entry> = found
        .iter()
        .zip(ids(&names))
        .map(|((_, entry), id)| Entry { id, path: entry.file_name().into(), hand_in: read(entry) })
        .collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Entries { entries, of_system })
}

fn unusable(folder: &Path, found: &str, expected: &'static str) -> ClassError {
    ClassError::Unusable { path: folder.to_owned(), found: found.to_owned(), expected }
}

/// The ids of files and folders: names without endings, but for those that would then be the same.
fn ids(names: &[(String, bool)]) -> Vec<String> {
    let mut in_full = BTreeSet::new();
    loop {
        let id = |(name, is_folder): &(String, bool)| match without_ending(name) {
            Some(stem) if !is_folder && !in_full.contains(name) => stem.to_owned(),
            Some(_) | None => name.clone(),
        };
        let ids: Vec<String> = names.iter().map(id).collect();
        let mut with_id: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, (name, _)) in ids.iter().zip(names) {
            with_id.entry(id).or_default().push(name);
        }
        let same: Vec<String> = with_id
            .into_values()
            .filter(|names| names.len() > 1)
            .flatten()
            .map(str::to_owned)
            .collect();
        if same.is_empty() {
            return ids;
        }
        in_full.extend(same);
    }
}

fn read(entry: &DirEntry) -> Result<HandIn, Problem> {
    if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
        let name = messages::flat_name(&entry.file_name());
        return Err(Problem::new(name, "a link", "the file itself"));
    }
    HandIn::read(&entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_ins_of_one_name_have_their_endings_in_their_ids() {
        let names = [
            ("ann.py", false, "ann.py"),
            ("ann.zip", false, "ann.zip"),
            ("ann.zip.py", false, "ann.zip.py"),
            ("ben", true, "ben"),
            ("ben.ipynb", false, "ben.ipynb"),
            ("cleo.py", true, "cleo.py"),
            ("cleo.PY.py", false, "cleo.PY"),
            ("dora.py", false, "dora"),
            ("dora.pdf", false, "dora.pdf"),
        ];
        let given = names.map(|(name, is_folder, _)| (name.to_owned(), is_folder));
        assert_eq!(ids(&given), names.map(|(_, _, id)| id));
    }
}
