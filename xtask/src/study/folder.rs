//! The folder of a study: whose files are whose.
//!
//! A study lists all that it writes in `files.txt`, before it writes it, and a new one removes what
//! is listed there and nothing else. A file in its place that is not listed is somebody's own: the
//! study then stops rather than write over it.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use trainer::run;

use super::grid::Cell;
use super::tables::{CONFIG_FILE, Row, RunRow};
use crate::output::replace_file;

/// The list of what a study wrote: a path a line, with a slash at the end for the folder of a run.
const LIST_FILE: &str = "files.txt";

/// The folder of one study.
#[derive(Debug)]
pub struct StudyFolder {
    path: PathBuf,
    /// Paths from the folder, as they are listed.
    listed: BTreeSet<String>,
}

/// Whether a study begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing of it is there yet.
    New,
    /// An earlier call was stopped before the end.
    Unfinished,
}

impl StudyFolder {
    /// Makes the folder ready for the study with this configuration. If a study with the same one
    /// was stopped there before it was finished, and `anew` does not ask otherwise, what it has
    /// stays; else what an earlier study wrote is removed.
    pub fn open(path: &Path, config: &str, anew: bool) -> Result<(Self, State)> {
        // A folder that cannot be written to should show before the training, not after.
        fs::create_dir_all(path)
            .with_context(|| format!("{} cannot be made; --out gives another", path.display()))?;
        let mut folder = Self { path: path.to_path_buf(), listed: read_list(path)? };
        let is_same = fs::read_to_string(path.join(CONFIG_FILE)).is_ok_and(|found| found == config);
        let is_finished = path.join(RunRow::FILE).exists();
        if is_same && !is_finished && !anew && folder.listed.contains(CONFIG_FILE) {
            return Ok((folder, State::Unfinished));
        }
        folder.clear()?;
        Ok((folder, State::New))
    }

    /// Lists files that are about to be written, all below the folder.
    pub fn claim<'a>(&mut self, files: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        let mut listed = self.listed.clone();
        listed.insert(LIST_FILE.to_owned());
        for file in files {
            let name = name(file);
            if listed.insert(name) {
                self.expect_free(file)?;
            }
        }
        self.list(listed)
    }

    /// Lists the folders of runs that are about to be trained.
    pub fn claim_runs(&mut self, cells: &[Cell]) -> Result<()> {
        let mut listed = self.listed.clone();
        for cell in cells {
            if listed.insert(format!("{}/", name(&cell.folder))) {
                self.expect_free(&cell.folder)?;
            }
        }
        self.list(listed)
    }

    fn expect_free(&self, place: &Path) -> Result<()> {
        let place = self.path.join(place);
        if place.exists() {
            bail!(
                "{} is there already and not of a study; move it away, or give another folder with \
                 --out",
                place.display()
            );
        }
        Ok(())
    }

    fn list(&mut self, listed: BTreeSet<String>) -> Result<()> {
        if listed != self.listed {
            let text: String = listed.iter().map(|path| format!("{path}\n")).collect();
            replace_file(&self.path.join(LIST_FILE), text.as_bytes())
                .context("--out gives another folder")?;
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
                    return Err(error).with_context(|| {
                        format!("{}, of an earlier study, cannot be removed", file.display())
                    });
                }
                _ => {}
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

fn read_list(folder: &Path) -> Result<BTreeSet<String>> {
    let path = folder.join(LIST_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", path.display()));
        }
    };
    for line in text.lines() {
        let stays_below =
            Path::new(line).components().all(|part| matches!(part, Component::Normal(_)));
        if line.is_empty() || !stays_below {
            bail!(
                "{}: found {line:?}, expected only paths below this folder; what it lists would be \
                 removed",
                path.display()
            );
        }
    }
    Ok(text.lines().map(str::to_owned).collect())
}

/// A path as it is listed, with slashes on every system.
fn name(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::grid::cells;
    use crate::study::made_up;

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

    #[test]
    fn a_new_study_removes_what_an_old_one_wrote_and_nothing_else() {
        let out = tempfile::tempdir().unwrap();
        let cells = cells(&made_up::config()).unwrap();
        let (mut folder, state) = StudyFolder::open(out.path(), "one", false).unwrap();
        assert_eq!(state, State::New);
        folder.claim([CONFIG_FILE, "figures/loss.svg"].map(Path::new)).unwrap();
        folder.claim_runs(&cells).unwrap();
        let write = |path: &str| replace_file(&out.path().join(path), b"one").unwrap();
        write(CONFIG_FILE);
        write("figures/loss.svg");
        write("simple_network/version_0/metrics.csv");
        write("simple_network/version_0/checkpoints/epoch=0-step=5.safetensors");
        write("simple_network/version_0/checkpoints/epoch=1-step=7.safetensors.part");
        for own in [
            "notes.txt",
            "simple_network/version_0/notes.txt",
            "simple_network/version_9/metrics.csv",
        ] {
            write(own);
        }
        // The same configuration goes on, and nothing is lost.
        let before = all_files(out.path());
        let (_, state) = StudyFolder::open(out.path(), "one", false).unwrap();
        assert_eq!(state, State::Unfinished);
        assert_eq!(all_files(out.path()), before);
        // Another one, or the same one anew, begins.
        let (_, state) = StudyFolder::open(out.path(), "two", false).unwrap();
        assert_eq!(state, State::New);
        assert_eq!(
            all_files(out.path()),
            [
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
    fn a_finished_study_begins_anew_and_so_does_one_that_is_asked_to() {
        for (anew, finished, expected) in [
            (false, false, State::Unfinished),
            (true, false, State::New),
            (false, true, State::New),
        ] {
            let out = tempfile::tempdir().unwrap();
            let (mut folder, _) = StudyFolder::open(out.path(), "one", false).unwrap();
            folder.claim([CONFIG_FILE, RunRow::FILE].map(Path::new)).unwrap();
            replace_file(&out.path().join(CONFIG_FILE), b"one").unwrap();
            if finished {
                replace_file(&out.path().join(RunRow::FILE), b"").unwrap();
            }
            assert_eq!(StudyFolder::open(out.path(), "one", anew).unwrap().1, expected);
            assert_eq!(all_files(out.path()).is_empty(), expected == State::New);
        }
    }

    #[test]
    fn what_is_not_of_a_study_stays_and_a_list_that_leads_out_of_the_folder_is_refused() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join("README.md"), "mine").unwrap();
        let (mut folder, _) = StudyFolder::open(out.path(), "one", false).unwrap();
        let error = folder.claim(["README.md"].map(Path::new)).unwrap_err();
        assert!(error.to_string().contains("README.md is there already"), "{error}");
        fs::create_dir_all(out.path().join("simple_network/version_0")).unwrap();
        let cells = cells(&made_up::config()).unwrap();
        assert!(folder.claim_runs(&cells).is_err());
        assert_eq!(fs::read(out.path().join("README.md")).unwrap(), b"mine");
        for line in ["../precious", "/etc/precious", "a/../../precious", ""] {
            fs::write(out.path().join(LIST_FILE), format!("{line}\n")).unwrap();
            let error = StudyFolder::open(out.path(), "one", false).unwrap_err();
            assert!(error.to_string().contains("expected only paths below"), "{error}");
        }
    }
}
