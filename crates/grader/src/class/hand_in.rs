//! What a folder of hand-ins holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::class::error::ClassError;

/// The largest hand-in, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;

/// How many folders deep the files of a hand-in are looked for.
const DEPTH_LIMIT: usize = 4;

/// A hand-in with more files than this is not searched.
const FILES_LIMIT: usize = 1_000;

/// The function by which a file among others is known as the one handed in.
const FUNCTION: &str = "def spatial_batchnorm_forward";

/// A hand-in: a Python file, whose name without `.py` is its id, or a folder, whose name is its id.
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
    /// Its name, which its messages may have.
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
    if !folder.is_dir() {
        return Err(ClassError::NotAFolder { folder: folder.to_owned() });
    }
    let mut found: BTreeMap<String, HandIn> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(ClassError::read(folder))? {
        let entry = entry.map_err(ClassError::read(folder))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_skipped(&name) {
            continue;
        }
        let kind = entry.file_type().map_err(ClassError::read(&path))?;
        let (id, source) = if kind.is_dir() {
            (name, within(&path))
        } else if let Some(id) = name.strip_suffix(".py") {
            (id.to_owned(), read(&path))
        } else {
            continue;
        };
        if found.contains_key(&id) {
            return Err(ClassError::SameName { folder: folder.to_owned(), id });
        }
        found.insert(id.clone(), HandIn { id, source });
    }
    if found.is_empty() {
        return Err(ClassError::NoHandIns { folder: folder.to_owned() });
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
    let mut defining: Vec<Source> = files
        .iter()
        .filter_map(|file| read(file).ok())
        .filter(|source| {
            let text = String::from_utf8_lossy(&source.bytes);
            text.lines().any(|line| line.starts_with(FUNCTION))
        })
        .collect();
    match (defining.pop(), defining.len()) {
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
    let unreadable = |error| format!("{} cannot be read: {error}", folder.display());
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
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_ins_are_files_or_folders_with_one() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert!(
            find_hand_ins(folder.path()).unwrap_err().to_string().contains("found no hand-ins")
        );
        write("anna.py", "a");
        write("ben/anything.py", "b");
        write("ben/__pycache__/x.py", "");
        write("cleo/cs231n/layers.py", "def spatial_batchnorm_forward(x, gamma, beta, p):");
        write("cleo/cs231n/optim.py", "# calls\n  def spatial_batchnorm_forward");
        write("dora/readme.txt", "");
        write("emil/a.py", "def spatial_batchnorm_forward(");
        write("emil/b.py", "def spatial_batchnorm_forward(");
        write("fred/a.py", "");
        write("fred/b.py", "");
        write("gina.py", &" ".repeat(1 + SIZE_LIMIT as usize));
        write("notes.txt", "");
        write(".hidden.py", "");
        let found: Vec<String> = find_hand_ins(folder.path())
            .unwrap()
            .iter()
            .map(|HandIn { id, source }| match source {
                Ok(source) => format!("{id}: {}", source.name),
                Err(problem) => format!("{id}! {problem}"),
            })
            .collect();
        let expected = [
            "anna: anna.py",
            "ben: anything.py",
            "cleo: layers.py",
            "dora! found no .py file, expected one",
            "emil! found 2 files that define spatial_batchnorm_forward, expected one",
            "fred! found 2 .py files, none of which defines spatial_batchnorm_forward, expected \
             one that does",
            "gina! gina.py: found 1048577 bytes, expected at most 1048576",
        ];
        assert_eq!(found, expected);
        write("anna/b.py", "");
        assert!(
            find_hand_ins(folder.path())
                .unwrap_err()
                .to_string()
                .contains("two hand-ins called anna")
        );
    }

    #[test]
    #[cfg(unix)]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret.txt");
        fs::write(&secret, "").unwrap();
        let hand_ins = folder.path().join("hand_ins");
        fs::create_dir_all(hand_ins.join("eve")).unwrap();
        std::os::unix::fs::symlink(&secret, hand_ins.join("mallory.py")).unwrap();
        std::os::unix::fs::symlink(&secret, hand_ins.join("eve/a.py")).unwrap();
        let found = find_hand_ins(&hand_ins).unwrap();
        assert!(found.len() == 2 && found.iter().all(|hand_in| hand_in.source.is_err()));
    }
}
