//! The files of a hand-in, as they are found: bounded, and without those that are not needed.

use std::collections::BTreeMap;
use std::io::Read;

use crate::hand_in::kind::Kind;
use crate::hand_in::limits::{FILES_LIMIT, KEPT_LIMIT, READ_LIMIT, too_large};
use crate::hand_in::paths::within;
use crate::hand_in::problem::Problem;
use crate::hand_in::python_files::PythonFiles;
use crate::hand_in::{main_file, notebook, text};

/// The files of a hand-in so far.
#[derive(Debug, Default)]
pub(super) struct Collected {
    files: BTreeMap<String, Vec<u8>>,
    kept: usize,
    read: u64,
}

impl Collected {
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
