//! Saves, noticed by looking at the files again and again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files of a folder that are watched, by what their names end with.
const ENDINGS: [&str; 5] = ["rs", "py", "ipynb", "toml", "zip"];

/// Files of a folder that are looked at, at most.
const MOST: usize = 1000;

/// A file that is gone is waited for during so many looks.
const LOOKS: usize = 20;

/// One state of what is watched: for each file its path, its length and when it was written.
type State = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// A file or folder, and which of its states were seen.
pub(super) struct Saves {
    path: PathBuf,
    graded: State,
    last: State,
    /// The number of looks since a file is gone.
    gone_for: usize,
}

impl Saves {
    /// From now on, where the state of this moment is graded already.
    pub(super) fn of(path: PathBuf) -> Self {
        let state = state(&path);
        Self { path, graded: state.clone(), last: state, gone_for: 0 }
    }

    /// Whether there is a new state since the last that this has told. A file that is being written or
    /// renamed is waited for: a state must be there twice in a row, and no file be gone that was there.
    pub(super) fn is_new(&mut self) -> bool {
        let now = state(&self.path);
        let is_there = |file: &PathBuf| now.iter().any(|(other, ..)| other == file);
        let is_gone = !self.graded.iter().all(|(file, ..)| is_there(file));
        self.gone_for = if is_gone { self.gone_for + 1 } else { 0 };
        let is_complete = !is_gone || self.gone_for > LOOKS;
        let is_stable = now == self.last && !now.is_empty() && is_complete;
        self.last = now;
        let is_new = is_stable && self.last != self.graded;
        if is_new {
            self.graded.clone_from(&self.last);
        }
        is_new
    }
}

fn state(path: &Path) -> State {
    let mut state = State::new();
    if path.is_dir() {
        add_folder(path, &mut state)
    } else {
        add(path.to_owned(), &mut state)
    }
    state.sort();
    state
}

fn add(path: PathBuf, state: &mut State) {
    if let Ok(metadata) = fs::metadata(&path) {
        state.push((path, metadata.len(), metadata.modified().ok()));
    }
}

fn add_folder(folder: &Path, state: &mut State) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        if is_hidden || state.len() >= MOST {
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        // A link may lead round in a circle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            add_folder(&path, state);
        } else if ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
            add(path, state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_is_seen_when_it_is_over_and_a_file_that_is_gone_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rs");
        fs::write(&file, "one").unwrap();
        let mut saves = Saves::of(folder.path().to_owned());
        assert!(!saves.is_new());
        fs::write(&file, "one, two").unwrap();
        assert!(!saves.is_new() && saves.is_new() && !saves.is_new());
        // An editor moves it away, and writes a new one.
        fs::rename(&file, folder.path().join("a.rs~")).unwrap();
        assert!(!saves.is_new() && !saves.is_new());
        fs::write(&file, "three").unwrap();
        assert!(!saves.is_new() && saves.is_new());
        fs::write(folder.path().join(".a.rs"), "an editor's own").unwrap();
        assert!(!saves.is_new() && !saves.is_new());
    }
}
