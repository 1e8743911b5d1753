//! The folder of a study, and which files in it the study wrote.
//!
//! A study lists every file in `.study-files` before it writes it. A new study in the same folder
//! removes the files that are listed, and nothing else. A file that is in the way and not listed
//! belongs to somebody else: the study then stops before it removes or writes anything.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use files::FolderLock;
use trainer::run;

use crate::cell::Cell;
use crate::config::CONFIG_FILE;
use crate::error::{Result, StudyError};
use crate::tables::{Row, RunRow};

/// The list of what a study wrote: after [`LIST_HEADER`] a path per line, with a slash at the end
/// for the folder of a run.
const LIST_FILE: &str = ".study-files";

const LIST_HEADER: &str =
    "# What `cargo xtask experiment` wrote into this folder, and removes before it writes anew.";

/// The folder of one study.
#[derive(Debug)]
pub struct StudyFolder {
    path: PathBuf,
    /// Paths from the folder, as they are listed.
    listed: BTreeSet<String>,
    /// Keeps other processes out while this lives.
    _lock: FolderLock,
}

/// How far the study in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has not begun.
    New,
    /// An earlier call was stopped before the end.
    Unfinished,
    /// An earlier call came to the end.
    Finished,
}

impl StudyFolder {
    /// Opens the folder for the study with this configuration, which is to write these files and
    /// the folders of these runs. What a study with the same configuration has done there stays,
    /// unless `anew` is true. An unfinished study with another configuration is removed, a finished
    /// one only if `anew` is true.
    ///
    /// # Errors
    ///
    /// A folder that cannot be worked in, or holds what must not be removed.
    pub fn open(
        path: &Path,
        config: &str,
        files: &[PathBuf],
        cells: &[Cell],
        anew: bool,
    ) -> Result<(Self, State)> {
        // A folder that cannot be written to should show before the training, not after.
        let action = "cannot be made; --out gives another";
        fs::create_dir_all(path).map_err(StudyError::file(path, action))?;
        let lock = files::lock(path).ok_or_else(|| {
            let fault = ": another process works on a study here; wait for it, or give another \
                         folder with --out";
            refusal(path, fault)
        })?;
        let listed = read_list(path)?;
        let mut folder = Self { path: path.to_path_buf(), listed, _lock: lock };
        let mut wanted: BTreeSet<String> = files.iter().map(|file| name(file)).collect();
        wanted.extend(cells.iter().map(|cell| format!("{}/", name(&cell.folder))));
        wanted.insert(LIST_FILE.to_owned());
        for entry in wanted.difference(&folder.listed) {
            folder.expect_free(entry)?;
        }
        let is_same = files::read_text(&path.join(CONFIG_FILE)).is_ok_and(|found| found == config);
        let is_finished = folder.listed.contains(CONFIG_FILE) && is_finished(path);
        if is_same && folder.listed.contains(CONFIG_FILE) && !anew {
            folder.list(wanted)?;
            return Ok((folder, if is_finished { State::Finished } else { State::Unfinished }));
        }
        if is_finished && !anew {
            let fault = " holds a finished study with another configuration; give another folder \
                         with --out, or --anew to remove it";
            return Err(refusal(path, fault));
        }
        folder.clear()?;
        folder.list(wanted)?;
        Ok((folder, State::New))
    }

    fn expect_free(&self, entry: &str) -> Result<()> {
        let place = self.path.join(entry);
        if place.symlink_metadata().is_ok() {
            let fault = " is there already and not of a study; move it away, or give another folder \
                         with --out";
            return Err(refusal(&place, fault));
        }
        Ok(())
    }

    fn list(&mut self, listed: BTreeSet<String>) -> Result<()> {
        if listed != self.listed {
            let lines: String = listed.iter().map(|path| format!("{path}\n")).collect();
            let text = format!("{LIST_HEADER}\n{lines}");
            let path = self.path.join(LIST_FILE);
            files::replace(&path, text.as_bytes()).map_err(StudyError::file(
                &path,
                "cannot be written; --out gives another folder",
            ))?;
            self.listed = listed;
        }
        Ok(())
    }

    /// Removes what is listed, the configuration first and the list last, and the folders that are
    /// empty then.
    fn clear(&mut self) -> Result<()> {
        // Without its configuration no later call takes for unfinished what is half removed.
        let mut files = vec![self.path.join(CONFIG_FILE)];
        for entry in self.listed.iter().filter(|entry| *entry != LIST_FILE) {
            match entry.strip_suffix('/') {
                Some(run) => files.extend(run::files(&self.path.join(run))?),
                None => files.push(self.path.join(entry)),
            }
        }
        files.push(self.path.join(LIST_FILE));
        for file in files {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(StudyError::file(&file, "of an earlier study cannot be removed")(
                        error,
                    ));
                }
                Ok(()) | Err(_) => {}
            }
            let folders = file.ancestors().skip(1).take_while(|folder| *folder != self.path);
            for folder in folders {
                // One that is not empty holds what is not ours, or what is yet to be removed.
                let _ = fs::remove_dir(folder);
            }
        }
        self.listed.clear();
        Ok(())
    }
}

/// Whether a study came to its end here: the table that comes last is there.
pub fn is_finished(folder: &Path) -> bool {
    folder.join(RunRow::FILE).exists()
}

fn read_list(folder: &Path) -> Result<BTreeSet<String>> {
    let path = folder.join(LIST_FILE);
    let text = match files::read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(StudyError::file(&path, "cannot be read")(error)),
    };
    let Some(paths) = text.strip_prefix(LIST_HEADER) else {
        let fault = format!(": found another first line than {LIST_HEADER:?}; move it away");
        return Err(refusal(&path, fault));
    };
    let paths = paths.trim_start_matches('\n');
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
fn name(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::cells;
    use crate::made_up;

    fn all_files(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                let name = name(path.strip_prefix(folder).unwrap());
                if path.is_dir() {
                    folders.push(path);
                    found.push(format!("{name}/"));
                } else {
                    found.push(name);
                }
            }
        }
        found.sort();
        found
    }

    fn open(out: &Path, config: &str, anew: bool) -> Result<(StudyFolder, State)> {
        let cells = cells(&made_up::config()).unwrap();
        let files = [CONFIG_FILE, RunRow::FILE, "figures/loss.svg"].map(PathBuf::from);
        StudyFolder::open(out, config, &files, &cells, anew)
    }

    fn write(out: &Path, path: &str, text: &str) {
        files::replace(&out.join(path), text.as_bytes()).unwrap();
    }

    #[test]
    fn a_new_study_removes_what_an_old_one_wrote_and_nothing_else() {
        let out = tempfile::tempdir().unwrap();
        assert_eq!(open(out.path(), "one", false).unwrap().1, State::New);
        for file in [
            "figures/loss.svg",
            "simple_network/version_0/metrics.csv",
            "simple_network/version_0/checkpoints/epoch=0-step=5.safetensors",
            "simple_network/version_0/checkpoints/epoch=1-step=7.safetensors.part",
            "notes.txt",
            "simple_network/version_0/notes.txt",
            "simple_network/version_9/metrics.csv",
        ] {
            write(out.path(), file, "text");
        }
        write(out.path(), CONFIG_FILE, "one");
        // The same configuration goes on, and nothing is lost.
        let before = all_files(out.path());
        assert_eq!(open(out.path(), "one", false).unwrap().1, State::Unfinished);
        assert_eq!(all_files(out.path()), before);
        // Another one begins.
        assert_eq!(open(out.path(), "two", false).unwrap().1, State::New);
        assert_eq!(
            all_files(out.path()),
            [
                LIST_FILE,
                "notes.txt",
                "simple_network/",
                "simple_network/version_0/",
                "simple_network/version_0/notes.txt",
                "simple_network/version_9/",
                "simple_network/version_9/metrics.csv",
            ]
        );
    }

    #[test]
    fn a_finished_study_goes_only_when_asked_to() {
        let out = tempfile::tempdir().unwrap();
        open(out.path(), "one", false).unwrap();
        write(out.path(), CONFIG_FILE, "one");
        write(out.path(), RunRow::FILE, "rows");
        let before = all_files(out.path());
        assert_eq!(open(out.path(), "one", false).unwrap().1, State::Finished);
        let message = open(out.path(), "two", false).unwrap_err().to_string();
        assert!(message.contains("holds a finished study with another configuration"), "{message}");
        assert_eq!(all_files(out.path()), before);
        for config in ["one", "two"] {
            write(out.path(), RunRow::FILE, "rows");
            assert_eq!(open(out.path(), config, true).unwrap().1, State::New);
            assert_eq!(all_files(out.path()), [LIST_FILE]);
        }
    }

    #[test]
    fn what_is_not_of_a_study_stays_and_stops_it_before_anything_is_removed() {
        for own in [RunRow::FILE, "figures/loss.svg", "simple_network/version_0/notes.txt"] {
            let out = tempfile::tempdir().unwrap();
            write(out.path(), own, "mine");
            let before = all_files(out.path());
            let message = open(out.path(), "one", true).unwrap_err().to_string();
            assert!(message.contains("is there already and not of a study"), "{message}");
            assert_eq!(all_files(out.path()), before);
        }
        // One in the way of the new study alone, beside what an old one wrote.
        let out = tempfile::tempdir().unwrap();
        open(out.path(), "one", false).unwrap();
        write(out.path(), CONFIG_FILE, "one");
        write(out.path(), "new.csv", "mine");
        let files = [PathBuf::from(CONFIG_FILE), PathBuf::from("new.csv")];
        assert!(StudyFolder::open(out.path(), "two", &files, &[], true).is_err());
        assert!(out.path().join(CONFIG_FILE).exists());
    }

    #[test]
    fn a_list_that_is_not_ours_or_leads_out_of_the_folder_is_refused() {
        let out = tempfile::tempdir().unwrap();
        write(out.path(), "thesis.tex", "mine");
        write(out.path(), LIST_FILE, "thesis.tex\n");
        assert!(open(out.path(), "one", true).is_err());
        for line in ["../precious", "/etc/precious", "a/../../precious"] {
            write(out.path(), LIST_FILE, &format!("{LIST_HEADER}\n{line}\n"));
            let error = open(out.path(), "one", true).unwrap_err();
            assert!(error.to_string().contains("expected only paths below"), "{error}");
        }
        #[cfg(unix)]
        {
            let elsewhere = tempfile::tempdir().unwrap();
            std::os::unix::fs::symlink(elsewhere.path(), out.path().join("linked")).unwrap();
            write(out.path(), LIST_FILE, &format!("{LIST_HEADER}\nlinked/precious\n"));
            let error = open(out.path(), "one", true).unwrap_err();
            assert!(error.to_string().contains("expected only paths below"), "{error}");
        }
        assert!(out.path().join("thesis.tex").exists());
    }

    #[test]
    fn a_second_process_is_kept_out() {
        let out = tempfile::tempdir().unwrap();
        let first = open(out.path(), "one", false).unwrap();
        let message = open(out.path(), "two", true).unwrap_err().to_string();
        assert!(message.contains("another process works on a study here"), "{message}");
        drop(first);
        open(out.path(), "two", true).unwrap();
    }
}
