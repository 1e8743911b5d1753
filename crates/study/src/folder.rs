//! The folder of a study's results, and which files in it the study wrote.
//!
//! A study lists every file in `.study-files` before it writes it, and writes only what is listed or
//! not there yet. A file that is in the way and not listed belongs to somebody else: the study then
//! stops before it writes anything. What an earlier study wrote and this one does not is removed at the
//! end. What was trained lies elsewhere: [`crate::store`].

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use files::FolderLock;

use crate::error::{Result, StudyError};
use crate::tables::{Row, RunRow};

/// The list of what a study wrote: after [`LIST_HEADER`] a path per line.
pub(crate) const LIST_FILE: &str = ".study-files";

const LIST_HEADER: &str = "# What `cargo xtask experiment` wrote into this folder";

/// The folder of one study's results.
#[derive(Debug)]
pub struct StudyFolder {
    path: PathBuf,
    /// Paths from the folder, as they are listed.
    listed: BTreeSet<String>,
    /// Keeps other processes out while this lives.
    _lock: FolderLock,
}

impl StudyFolder {
    /// Opens the folder for a study that is to write these files.
    ///
    /// # Errors
    ///
    /// A folder that cannot be worked in, or holds a file in the place of one of these that no study
    /// wrote.
    pub fn open(path: &Path, files: &[PathBuf]) -> Result<Self> {
        const OR: &str = ", or give another folder with --out";
        // A folder that cannot be written to should show before the training, not after.
        let action = "cannot be made; --out gives another";
        fs::create_dir_all(path).map_err(StudyError::file(path, action))?;
        let action = "cannot be written into; --out gives another";
        files::expect_writable(path).map_err(StudyError::file(path, action))?;
        let mut folder = Self::locked(path, OR)?;
        folder.listed = read_list(path)?;
        folder.add_or(files, OR)?;
        Ok(folder)
    }

    /// Enters the folder of a finished study, to read its tables and to write a report of them.
    ///
    /// # Errors
    ///
    /// A folder that another process works in.
    pub fn enter(path: &Path) -> Result<Self> {
        Self::locked(path, "")
    }

    /// Adds files that are to be written to those of the study. Its tables, `own`, are of it, whether an
    /// earlier program listed them or not.
    ///
    /// # Errors
    ///
    /// A file in the place of one of these that no study wrote, and a list that cannot be read or written.
    pub fn add(&mut self, own: &[&str], files: &[PathBuf]) -> Result<()> {
        self.listed = read_list(&self.path)?;
        if self.listed.is_empty() {
            self.listed.extend(own.iter().map(|&file| file.to_owned()));
        }
        self.add_or(files, "")
    }

    fn locked(path: &Path, or: &str) -> Result<Self> {
        let lock = files::lock(path).ok_or_else(|| {
            refusal(path, format!(": another process works on a study here; wait for it{or}"))
        })?;
        Ok(Self { path: path.to_path_buf(), listed: BTreeSet::new(), _lock: lock })
    }

    fn add_or(&mut self, files: &[PathBuf], or: &str) -> Result<()> {
        let mut wanted: BTreeSet<String> = files.iter().map(|file| name(file)).collect();
        wanted.insert(LIST_FILE.to_owned());
        for entry in wanted.difference(&self.listed) {
            self.expect_free(entry, or)?;
        }
        self.list(self.listed.union(&wanted).cloned().collect())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that the folder was opened for.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn write(&self, file: &Path, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(file);
        let action = "cannot be written; with this mended, the same command goes on from here";
        files::replace(&path, bytes).map_err(StudyError::file(&path, action))
    }

    /// Removes a file that the folder was opened for, if it is there.
    ///
    /// # Errors
    ///
    /// A file that cannot be removed.
    pub(crate) fn remove(&self, file: &Path) -> Result<()> {
        let path = self.path.join(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(StudyError::file(&path, "of an earlier study cannot be removed")(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Removes what an earlier study wrote and this one, with these files, did not.
    ///
    /// # Errors
    ///
    /// A file that cannot be removed, or a list that cannot be written.
    pub fn keep_only(&mut self, files: &[PathBuf]) -> Result<()> {
        let mut kept: BTreeSet<String> = files.iter().map(|file| name(file)).collect();
        kept.insert(LIST_FILE.to_owned());
        // Lists of older programs have the folders of runs, too, which end in a slash: these stay.
        let gone = self.listed.difference(&kept).filter(|entry| !entry.ends_with('/'));
        for entry in gone {
            self.remove(Path::new(entry))?;
            let file = self.path.join(entry);
            let folders = file.ancestors().skip(1).take_while(|folder| *folder != self.path);
            for folder in folders {
                // One that is not empty holds what is not ours, or what stays.
                let _ = fs::remove_dir(folder);
            }
        }
        self.list(kept)
    }

    fn expect_free(&self, entry: &str, or: &str) -> Result<()> {
        let place = self.path.join(entry);
        // A file in the place of a folder is in the way, too.
        let mut above = place.ancestors().skip(1).take_while(|folder| *folder != self.path);
        let is_file = |path: &Path| path.symlink_metadata().is_ok() && !path.is_dir();
        let in_the_way = above.find(|folder| is_file(folder)).map(Path::to_path_buf);
        let place = in_the_way.unwrap_or_else(|| place.clone());
        if place.symlink_metadata().is_ok() {
            let fault = format!(" is there already and not of a study; move it away{or}");
            return Err(refusal(&place, fault));
        }
        Ok(())
    }

    fn list(&mut self, listed: BTreeSet<String>) -> Result<()> {
        if listed != self.listed {
            write_list(&self.path, &listed)?;
            self.listed = listed;
        }
        Ok(())
    }
}

/// Whether a study came to its end here: the table that comes last is there.
pub fn is_finished(folder: &Path) -> bool {
    folder.join(RunRow::FILE).exists()
}

/// The files that the study of this folder wrote and that are there, in order, with their sizes in bytes.
///
/// # Errors
///
/// A list that cannot be read.
pub fn listed(folder: &Path) -> Result<Vec<(String, u64)>> {
    let with_size = |entry: String| {
        let file = folder.join(&entry).metadata().ok().filter(|file| file.is_file())?;
        Some((entry, file.len()))
    };
    Ok(read_list(folder)?.into_iter().filter_map(with_size).collect())
}

fn write_list(folder: &Path, listed: &BTreeSet<String>) -> Result<()> {
    let lines: String = listed.iter().map(|path| format!("{path}\n")).collect();
    let path = folder.join(LIST_FILE);
    let text = format!("{LIST_HEADER}\n{lines}");
    let action = "cannot be written; --out gives another folder";
    files::replace(&path, text.as_bytes()).map_err(StudyError::file(&path, action))
}

fn read_list(folder: &Path) -> Result<BTreeSet<String>> {
    let path = folder.join(LIST_FILE);
    let text = match files::read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(StudyError::file(&path, "cannot be read")(error)),
    };
    let Some(paths) = text.strip_prefix(LIST_HEADER).and_then(|rest| rest.split_once('\n')) else {
        let fault = format!(": found another first line than {LIST_HEADER:?}; move it away");
        return Err(refusal(&path, fault));
    };
    let paths = paths.1;
    for line in paths.lines() {
        let mut place = folder.to_path_buf();
        let stays_below = Path::new(line).components().all(|part| {
            // A link on the way would lead out of the folder.
            place.push(part);
            matches!(part, Component::Normal(_)) && !place.is_symlink()
        });
        if line.is_empty() || !stays_below {
            let fault = format!(
                ": found {line:?}, expected only paths below this folder; what it lists would be \
                 removed"
            );
            return Err(refusal(&path, fault));
        }
    }
    Ok(paths.lines().map(str::to_owned).collect())
}

fn refusal(path: &Path, fault: impl Into<String>) -> StudyError {
    StudyError::Folder { path: path.to_path_buf(), fault: fault.into() }
}

/// A path as it is listed, with slashes on every system.
pub(crate) fn name(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_files(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                let name = name(path.strip_prefix(folder).unwrap());
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(name);
                }
            }
        }
        found.sort();
        found
    }

    fn paths(files: &[&str]) -> Vec<PathBuf> {
        files.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn what_another_study_wrote_goes_and_nothing_else() {
        let out = tempfile::tempdir().unwrap();
        let one = paths(&["runs.csv", "figures/loss.svg", "figures/old.svg"]);
        let mut folder = StudyFolder::open(out.path(), &one).unwrap();
        one.iter().for_each(|file| folder.write(file, b"one").unwrap());
        folder.keep_only(&one).unwrap();
        drop(folder);
        for own in ["notes.txt", "figures/notes.txt"] {
            files::replace(&out.path().join(own), b"mine").unwrap();
        }
        let other = paths(&["runs.csv", "figures/loss.svg", "new.csv"]);
        let mut folder = StudyFolder::open(out.path(), &other).unwrap();
        assert!(out.path().join("figures/old.svg").exists());
        other.iter().for_each(|file| folder.write(file, b"other").unwrap());
        folder.keep_only(&other).unwrap();
        let expected = [
            LIST_FILE,
            "figures/loss.svg",
            "figures/notes.txt",
            "new.csv",
            "notes.txt",
            "runs.csv",
        ];
        assert_eq!(all_files(out.path()), expected);
        assert_eq!(fs::read(out.path().join("runs.csv")).unwrap(), b"other");
    }

    #[test]
    fn what_is_not_of_a_study_stops_it_before_anything_is_written() {
        for own in [RunRow::FILE, "figures/loss.svg"] {
            let out = tempfile::tempdir().unwrap();
            files::replace(&out.path().join(own), b"mine").unwrap();
            let wanted = paths(&[RunRow::FILE, "figures/loss.svg"]);
            let message = StudyFolder::open(out.path(), &wanted).unwrap_err().to_string();
            assert!(message.contains("is there already and not of a study"), "{message}");
            assert_eq!(all_files(out.path()), [own]);
        }
    }

    #[test]
    fn a_report_of_a_finished_study_takes_the_place_of_what_the_study_wrote_and_of_nothing_else() {
        let (one, more) = (paths(&["runs.csv"]), paths(&["runs.csv", "columns.csv", "arm/new"]));
        // A folder that came without its list has only the tables of the study.
        for has_list in [true, false] {
            let out = tempfile::tempdir().unwrap();
            let write = |file: &str| files::replace(&out.path().join(file), b"mine").unwrap();
            if has_list {
                StudyFolder::open(out.path(), &one).unwrap().keep_only(&one).unwrap();
            }
            write("runs.csv");
            for own in ["columns.csv", "arm/new"] {
                write(own);
                let before = all_files(out.path());
                let mut folder = StudyFolder::enter(out.path()).unwrap();
                for _ in 0..2 {
                    let message = folder.add(&["runs.csv"], &more).unwrap_err().to_string();
                    assert!(message.ends_with("and not of a study; move it away"), "{message}");
                }
                assert_eq!(all_files(out.path()), before);
                fs::remove_file(out.path().join(own)).unwrap();
            }
            let mut folder = StudyFolder::enter(out.path()).unwrap();
            assert!(StudyFolder::enter(out.path()).is_err());
            folder.add(&["runs.csv"], &more).unwrap();
            more.iter().for_each(|file| folder.write(file, b"new").unwrap());
            drop(folder);
            StudyFolder::enter(out.path()).unwrap().add(&["runs.csv"], &more).unwrap();
            StudyFolder::open(out.path(), &more).unwrap();
            write("own");
            assert!(StudyFolder::open(out.path(), &paths(&["own"])).is_err());
        }
    }

    #[test]
    fn a_list_that_is_not_ours_or_leads_out_of_the_folder_is_refused() {
        let out = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            files::replace(&out.path().join(path), text.as_bytes()).unwrap();
        };
        let open = || StudyFolder::open(out.path(), &paths(&[RunRow::FILE]));
        write("thesis.tex", "mine");
        write(LIST_FILE, "thesis.tex\n");
        assert!(open().is_err());
        for line in ["../precious", "/etc/precious", "a/../../precious"] {
            write(LIST_FILE, &format!("{LIST_HEADER}\n{line}\n"));
            let error = open().unwrap_err();
            assert!(error.to_string().contains("expected only paths below"), "{error}");
        }
        #[cfg(unix)]
        {
            let elsewhere = tempfile::tempdir().unwrap();
            std::os::unix::fs::symlink(elsewhere.path(), out.path().join("linked")).unwrap();
            write(LIST_FILE, &format!("{LIST_HEADER}\nlinked/precious\n"));
            let error = open().unwrap_err();
            assert!(error.to_string().contains("expected only paths below"), "{error}");
        }
        assert!(out.path().join("thesis.tex").exists());
    }

    #[test]
    fn a_second_process_is_kept_out() {
        let out = tempfile::tempdir().unwrap();
        let first = StudyFolder::open(out.path(), &[]).unwrap();
        let message = StudyFolder::open(out.path(), &[]).unwrap_err().to_string();
        assert!(message.contains("another process works on a study here"), "{message}");
        drop(first);
        StudyFolder::open(out.path(), &[]).unwrap();
    }
}
