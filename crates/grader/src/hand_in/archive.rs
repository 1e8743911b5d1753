//! Files in a `.zip`. Nothing that its headers say is believed: bytes are counted as they come.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::hand_in::collected::Collected;
use crate::hand_in::kind::{ENVIRONMENT, Kind, is_of_system};
use crate::hand_in::limits::{DEPTH_LIMIT, ENTRIES_LIMIT, too_deep, too_large, too_many_entries};
use crate::hand_in::paths::{folders, normal};
use crate::hand_in::problem::Problem;
use crate::messages::flat_name;

/// What each file has in the table at the end of a `.zip`.
const ENTRY: &[u8] = b"PK\x01\x02";

/// The kind of a file among its rights, and that of a regular file; 0 where none is told.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// Adds the Python files and notebooks of an archive.
pub(super) fn read(name: &str, file: &mut File, collected: &mut Collected) -> Result<(), Problem> {
    let unreadable = |error| Problem::unreadable(name, &error);
    let limit = Kind::Archive.size_limit();
    if file.metadata().map_err(unreadable)?.len() > limit {
        return Err(too_large(name, limit));
    }
    // The table is read into memory as a whole, so that its length is looked at before.
    let entries = entries(file).map_err(unreadable)?;
    if entries > ENTRIES_LIMIT {
        return Err(too_many_entries(name));
    }
    file.rewind().map_err(unreadable)?;
    let broken = |error: &ZipError| {
        if let ZipError::Io(error) = error
            && error.raw_os_error().is_some()
        {
            return Problem::unreadable(name, error);
        }
        Problem::new(name, format!("no .zip that can be read ({error})"), "one")
    };
    let mut archive = ZipArchive::new(file).map_err(|error| broken(&error))?;
    // Of two files of one name, only one would be seen.
    if archive.has_duplicate_names() {
        return Err(Problem::new(name, "two files with the same path", "one"));
    }
    let (mut entries, mut environments) = (Vec::new(), HashSet::new());
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| broken(&error))?;
        let path = path(name, &entry.name().map_err(|error| broken(&error))?)?;
        if let Some((folder, ENVIRONMENT)) = path.rsplit_once('/') {
            environments.insert(folder.to_owned());
        }
        entries.push((index, path));
    }
    for (index, path) in entries {
        let is_left_out = path.split('/').any(is_of_system)
            || folders(&path).any(|folder| environments.contains(folder));
        if is_left_out {
            continue;
        }
        if folders(&path).count() > DEPTH_LIMIT {
            return Err(too_deep(name, DEPTH_LIMIT));
        }
        let Some(kind) = Kind::of(&path) else { continue };
        let entry = archive.by_index_raw(index).map_err(|error| broken(&error))?;
        let is_file = entry.is_file()
            && entry.unix_mode().is_none_or(|mode| matches!(mode & KIND, 0 | REGULAR));
        if !is_file {
            continue;
        }
        if entry.encrypted() {
            return Err(Problem::new(path, "an encrypted file", "one that is not"));
        }
        drop(entry);
        let mut entry = archive.by_index(index).map_err(|error| {
            Problem::new(
                &path,
                format!("a file that cannot be unpacked ({error})"),
                "a .zip by Deflate",
            )
        })?;
        collected.add(kind, &path, &mut entry)?;
    }
    Ok(())
}

/// Where an entry lies in the hand-in.
fn path(archive: &str, entry: &str) -> Result<String, Problem> {
    // Some programs write the other slash.
    let path = entry.replace('\\', "/");
    let first = path.split('/').next().unwrap_or_default();
    if path.starts_with('/') || first.ends_with(':') || path.split('/').any(|part| part == "..") {
        let entry = flat_name(entry.as_ref());
        let found = format!("a file outside of it: {entry}");
        return Err(Problem::new(archive, found, "files inside"));
    }
    Ok(normal(&path))
}

/// How many files the table of an archive can have at most.
fn entries(file: &mut File) -> std::io::Result<usize> {
    let (mut found, mut kept) = (0, Vec::<u8>::new());
    let mut bytes = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            return Ok(found);
        }
        kept.extend(&bytes[..read]);
        found += kept.windows(ENTRY.len()).filter(|window| *window == ENTRY).count();
        // A mark may begin here and end in what is read next.
        kept.drain(..kept.len().saturating_sub(ENTRY.len() - 1));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_environment_and_what_systems_leave_are_left_out_however_deep() {
        let deep = "a/".repeat(DEPTH_LIMIT);
        let read_with = |paths: &[&str]| {
            let mut archive = zip::ZipWriter::new(tempfile::tempfile().unwrap());
            for path in paths {
                archive.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
                archive.write_all(b"x = 1\n").unwrap();
            }
            let mut collected = Collected::default();
            read("hw.zip", &mut archive.finish().unwrap(), &mut collected)?;
            collected.python("hw.zip").map(|python| python.files.into_keys().collect::<Vec<_>>())
        };
        let environment = format!("hw/env/{deep}b.py");
        let of_git = format!("hw/.git/{deep}x");
        let paths = ["hw//a.py", &environment, "hw\\env\\pyvenv.cfg", "hw/env/c.py", &of_git];
        assert_eq!(read_with(&paths).unwrap(), ["hw/a.py"]);
        let problem = read_with(&["hw/a.py", &environment]).unwrap_err().to_string();
        assert_eq!(
            problem,
            "hw.zip: found more than 16 folders in each other, expected at most 16"
        );
    }
}
