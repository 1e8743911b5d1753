//! What a folder of hand-ins holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::class::error::ClassError;
use crate::messages;

/// The largest hand-in, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;

/// How many folders deep the files of a hand-in are looked for.
const DEPTH_LIMIT: usize = 4;

/// A hand-in with more files than this is not searched.
const FILES_LIMIT: usize = 1_000;

/// The function by which a file among others is known as the one handed in.
const FUNCTION: &str = "def spatial_batchnorm_forward";

/// A hand-in: a Python file, whose name without `.py` is its id, or a folder, whose name is its id.
/// In an id, escapes such as `\n` stand for characters that would not stay where they are written.
#[derive(Debug)]
pub struct HandIn {
    /// Its name in the table, which no other has.
    pub id: String,
    /// What to grade, or why there is nothing.
    pub source: Result<Source, String>,
}

/// A Python file that is handed in.
#[derive(Debug)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name, which its messages may have, with `_` for what would not stay where it is written.
    pub name: String,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// The hand-ins of a folder, by id. Files of other kinds are skipped, and so is what begins with a dot
/// or with two underscores.
///
/// # Errors
///
/// [`ClassError`] if the folder cannot be read, or holds no hand-ins or two of one name.
pub fn find_hand_ins(folder: &Path) -> Result<Vec<HandIn>, ClassError> {
    let unusable = |found: &str, expected| ClassError::Unusable {
        path: folder.to_owned(),
        found: found.to_owned(),
        expected,
    };
    if !folder.is_dir() {
        return Err(unusable("no folder", "a folder of hand-ins"));
    }
    let mut found: BTreeMap<String, HandIn> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(ClassError::read(folder))? {
        let entry = entry.map_err(ClassError::read(folder))?;
        let path = entry.path();
        let name = messages::distinct(&entry.file_name());
        if is_skipped(&name) {
            continue;
        }
        let (id, source) = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            (name, within(&path))
        } else if let Some(id) = name.strip_suffix(".py") {
            (id.to_owned(), read(&path))
        } else {
            continue;
        };
        if found.contains_key(&id) {
            let found = format!("two hand-ins called {id}");
            return Err(unusable(&found, "one; rename one of them"));
        }
        found.insert(id.clone(), HandIn { id, source });
    }
    if found.is_empty() {
        return Err(unusable("no hand-ins", ".py files or folders"));
    }
    Ok(found.into_values().collect())
}

fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || name.starts_with("__")
}

/// The one Python file of a folder; of several, the one that defines the function asked for.
fn within(folder: &Path) -> Result<Source, String> {
    let mut files = Vec::new();
    list(folder, DEPTH_LIMIT, &mut files)?;
    files.sort();
    if let [only] = files.as_slice() {
        return read(only);
    }
    let none = files.is_empty();
    let defines = |source: &Source| {
        let text = String::from_utf8_lossy(&source.bytes);
        text.lines().any(|line| line.starts_with(FUNCTION))
    };
    let mut defining = files.iter().filter_map(|file| read(file).ok()).filter(defines);
    // One at a time: together they may be more than fits into memory.
    match (defining.next(), defining.count()) {
        (Some(one), 0) => Ok(one),
        (Some(_), others) => Err(format!(
            "found {} files that define spatial_batchnorm_forward, expected one",
            others + 1
        )),
        (None, _) if none => Err("found no .py file, expected one".to_owned()),
        (None, _) => Err(format!(
            "found {} .py files, none of which defines spatial_batchnorm_forward, expected one \
             that does",
            files.len()
        )),
    }
}

/// The Python files below a folder. Links are not followed: they may lead to anything.
fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error| format!("{} cannot be read: {error}", messages::path(folder));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(unreadable)?;
        if is_skipped(&name) {
            continue;
        }
        if kind.is_dir() && depth > 0 {
            list(&entry.path(), depth - 1, files)?;
        } else if kind.is_file() && name.ends_with(".py") {
            files.push(entry.path());
        }
        if files.len() > FILES_LIMIT {
            return Err(format!("found more than {FILES_LIMIT} .py files, expected one"));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Source, String> {
    let name = path.file_name().map_or_else(String::new, messages::flat_name);
    let unreadable = |error| format!("{name} cannot be read: {error}");
    let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(format!("{name}: found something that is no regular file, expected one"));
    }
    if metadata.len() > SIZE_LIMIT {
        return Err(format!(
            "{name}: found {} bytes, expected at most {SIZE_LIMIT}",
            metadata.len()
        ));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    Ok(Source { path: path.to_owned(), name, bytes })
}
