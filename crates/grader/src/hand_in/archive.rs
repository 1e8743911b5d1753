//! Files in a `.zip`, and in a `.zip` within it. Nothing that headers say is believed: bytes are counted as
//! they come.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::hand_in::collected::Collected;
use crate::hand_in::kind::{ENVIRONMENT, Kind, is_of_system};
use crate::hand_in::limits::{DEPTH_LIMIT, too_deep, too_large};
use crate::hand_in::paths::{folders, normal};
use crate::hand_in::problem::Problem;
use crate::messages::flat_name;

/// What each file has in the table at the end of a `.zip`.
const ENTRY: &[u8] = b"PK\x01\x02";

/// The kind of a file among its rights, and that of a regular file; 0 where none is told.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// Adds the Python files and notebooks of an archive; if there are none, those of the only archive in it.
pub(super) fn read(name: &str, file: &mut File, collected: &mut Collected) -> Result<(), Problem> {
    let Some((name, mut inner)) = read_one(name, file, collected)? else { return Ok(()) };
    // One in that is opened by nobody.
    if let Some((name, _)) = read_one(&name, &mut inner, collected)? {
        collected.pass_over(&name);
    }
    Ok(())
}

/// Adds the files of an archive. If it has nothing to add but one archive, returns that one, unpacked.
fn read_one(
    name: &str,
    file: &mut File,
    collected: &mut Collected,
) -> Result<Option<(String, File)>, Problem> {
    let unreadable = |error| Problem::unreadable(name, &error);
    let limit = Kind::Archive.size_limit();
    if file.metadata().map_err(unreadable)?.len() > limit {
        return Err(too_large(name, limit));
    }
    // The table is read into memory as a whole, so that its length is looked at before.
    collected.count_entries(name, entries(file).map_err(unreadable)?)?;
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
    let (mut entries, mut environments, mut archives) = (Vec::new(), HashSet::new(), Vec::new());
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
        let kind = Kind::of(&path);
        let entry = archive.by_index_raw(index).map_err(|error| broken(&error))?;
        let is_file = entry.is_file()
            && entry.unix_mode().is_none_or(|mode| matches!(mode & KIND, 0 | REGULAR));
        if !is_file {
            continue;
        }
        if kind.is_some() && entry.encrypted() {
            return Err(Problem::new(path, "an encrypted file", "one that is not"));
        }
        drop(entry);
        match kind {
            Some(kind @ (Kind::Python | Kind::Notebook)) => {
                let mut entry = archive.by_index(index).map_err(|error| packed(&path, &error))?;
                collected.add(kind, &path, &mut entry)?;
            }
            Some(Kind::Archive) => archives.push((index, path)),
            None => collected.pass_over(&path),
        }
    }
    if let (true, [(index, path)]) = (collected.is_empty(), archives.as_slice()) {
        let mut entry = archive.by_index(*index).map_err(|error| packed(path, &error))?;
        let inner = unpacked(path, &mut entry, collected)?;
        return Ok(Some((path.clone(), inner)));
    }
    archives.iter().for_each(|(_, path)| collected.pass_over(path));
    Ok(None)
}

/// That a file cannot be unpacked.
fn packed(path: &str, error: &ZipError) -> Problem {
    let found = format!("a file that cannot be unpacked ({error})");
    Problem::new(path, found, "a .zip by Deflate")
}

/// An archive within another, in a file that nobody else sees.
fn unpacked(path: &str, entry: &mut dyn Read, collected: &mut Collected) -> Result<File, Problem> {
    let unreadable = |error| Problem::unreadable(path, &error);
    let limit = Kind::Archive.size_limit();
    let mut file = tempfile::tempfile().map_err(unreadable)?;
    let length = io::copy(&mut entry.take(limit + 1), &mut file).map_err(unreadable)?;
    if length > limit {
        return Err(too_large(path, limit));
    }
    collected.count_read(path, length)?;
    file.rewind().map_err(unreadable)?;
    Ok(file)
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
fn entries(file: &mut File) -> io::Result<usize> {
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
    use crate::hand_in::limits::ENTRIES_LIMIT;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (path, content) in files {
            archive.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn read_bytes(bytes: &[u8], collected: &mut Collected) -> Result<(), String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        read("hw.zip", &mut file, collected).map_err(|error| error.to_string())
    }

    #[test]
    fn an_archive_in_an_archive_is_read_where_there_is_nothing_else_and_none_in_that() {
        let files = |bytes: &[u8]| {
            let mut collected = Collected::default();
            read_bytes(bytes, &mut collected)?;
            let python = collected.python("hw.zip").map_err(|error| error.to_string())?;
            Ok::<_, String>(python.files.into_keys().collect::<Vec<_>>())
        };
        let one = zipped(&[("src/layers.py", b"x = 1\n")]);
        let two = zipped(&[("a/hw.zip", &one), ("report.pdf", b"%PDF")]);
        assert_eq!(files(&two).unwrap(), ["src/layers.py"]);
        let beside = zipped(&[("hw.zip", &one), ("other.py", b"x = 2\n")]);
        assert_eq!(files(&beside).unwrap(), ["other.py"]);
        for (bytes, passed_over) in [
            (zipped(&[("two.zip", &two)]), "a/hw.zip"),
            (zipped(&[("a.zip", &one), ("b.zip", &one)]), "a.zip, b.zip"),
        ] {
            let found = files(&bytes).unwrap_err();
            assert!(found.contains("no .py or .ipynb file but "), "{found}");
            assert!(found.contains(passed_over), "{found}");
        }
        let broken = zipped(&[("a.zip", b"PK and then nothing")]);
        let found = files(&broken).unwrap_err();
        assert!(found.starts_with("a.zip: found no .zip that can be read ("), "{found}");
    }

    #[test]
    fn archives_in_each_other_have_one_limit_together() {
        let bytes = zipped(&[("hw.zip", &zipped(&[("layers.py", b"x = 1\n")]))]);
        let mut collected = Collected::default();
        collected.count_entries("x", ENTRIES_LIMIT - 2).unwrap();
        assert_eq!(read_bytes(&bytes, &mut collected), Ok(()));
        let mut collected = Collected::default();
        collected.count_entries("x", ENTRIES_LIMIT - 1).unwrap();
        let found = read_bytes(&bytes, &mut collected).unwrap_err();
        assert!(found.starts_with("hw.zip: found more than 50000 files"), "{found}");
    }

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
