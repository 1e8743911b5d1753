//! The files of a hand-in, as they are found: bounded, and without those that are not needed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::hand_in::kind::Kind;
use crate::hand_in::problem::Problem;
use crate::hand_in::{PythonFiles, archive, kind, main_file, notebook, text, within};

/// The largest number of Python files and notebooks of a hand-in.
const FILES_LIMIT: usize = 1_000;

/// What is kept of all files together, in bytes.
const KEPT_LIMIT: usize = 8 << 20;

/// What is read of all files together, in bytes.
const READ_LIMIT: u64 = 256 << 20;

/// The largest number of folders in each other.
pub(super) const DEPTH_LIMIT: usize = 16;

/// The largest number of files and folders of all kinds.
pub(super) const ENTRIES_LIMIT: usize = 50_000;

/// The files of a hand-in so far.
#[derive(Debug, Default)]
pub(super) struct Collected {
    files: BTreeMap<String, Vec<u8>>,
    kept: usize,
    read: u64,
}

impl Collected {
    /// Adds the file at `path`, or the files that are packed in it.
    pub(super) fn open(&mut self, kind: Kind, name: &str, path: &Path) -> Result<(), Problem> {
        let unreadable = |error| Problem::unreadable(name, &error);
        let mut file = File::open(path).map_err(unreadable)?;
        match kind {
            Kind::Python | Kind::Notebook => self.add(kind, name, &mut file),
            Kind::Archive => archive::read(name, &mut file, self),
        }
    }

    /// Adds a Python file or a notebook, by its path in the hand-in. Bytes are counted as they come: what
    /// a header says of them need not be true.
    pub(super) fn add(
        &mut self,
        kind: Kind,
        name: &str,
        content: &mut dyn Read,
    ) -> Result<(), Problem> {
        let limit = kind.size_limit();
        let mut bytes = Vec::new();
        content
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Problem::unreadable(name, &error))?;
        if bytes.len() as u64 > limit {
            return Err(too_large(name, limit));
        }
        self.read += bytes.len() as u64;
        if self.read > READ_LIMIT {
            return Err(Problem::new(
                name,
                format!("files of more than {} MiB together", READ_LIMIT >> 20),
                "at most that",
            ));
        }
        match kind {
            Kind::Python => self.keep(name, text::for_python(bytes)),
            Kind::Notebook => {
                let notebook = notebook::read(name, &bytes)?;
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                for (path, content) in notebook.files {
                    self.keep(&within(folder, &path), content)?;
                }
                self.keep(name, notebook.cells)
            }
            // A packed folder in another is opened by nobody.
            Kind::Archive => Ok(()),
        }
    }

    fn keep(&mut self, name: &str, content: Vec<u8>) -> Result<(), Problem> {
        self.kept += content.len();
        if self.kept > KEPT_LIMIT {
            let found = format!("more than {} MiB of code", KEPT_LIMIT >> 20);
            return Err(Problem::new(name, found, "at most that"));
        }
        if self.files.insert(name.to_owned(), content).is_some() {
            return Err(Problem::new(name, "two files of this name", "one"));
        }
        if self.files.len() > FILES_LIMIT {
            let found = format!("more than {FILES_LIMIT} .py files");
            return Err(Problem::new(name, found, "at most that"));
        }
        Ok(())
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The hand-in of these files, found in what is called `name`.
    pub(super) fn python(self, name: &str) -> Result<PythonFiles, Problem> {
        let Self { files, .. } = self;
        let main = main_file::choose(&files)
            .map_err(|(found, expected)| Problem::new(name, found, expected))?
            .to_owned();
        Ok(PythonFiles { main, files })
    }
}

/// A file that is larger than its kind may be.
pub(super) fn too_large(name: &str, limit: u64) -> Problem {
    let limit = match limit >> 20 {
        0 | 1 => format!("{limit} bytes"),
        mebibytes => format!("{mebibytes} MiB"),
    };
    Problem::new(name, format!("more than {limit}"), "at most that")
}

/// Something that is not a file of a hand-in's.
pub(super) fn too_many_entries(name: &str) -> Problem {
    let found = format!("more than {ENTRIES_LIMIT} files and folders");
    Problem::new(name, found, kind::EXPECTED)
}
