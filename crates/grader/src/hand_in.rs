//! What is handed in, found at a path: a Python file, a notebook, a `.zip`, a folder of these, or a folder
//! with a program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::hand_in::collected::Collected;
use crate::hand_in::kind::Kind;
use crate::messages::{flat_name, path as shown};

mod archive;
mod collected;
mod content;
mod course;
mod folder;
mod kind;
mod main_file;
mod notebook;
mod problem;
mod program;
mod text;

pub use course::Course;
pub(crate) use kind::{is_of_system, without_ending};
pub use problem::Problem;
pub use program::ProgramFolder;

/// What is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandIn {
    /// Python, whose functions are called.
    Python(PythonFiles),
    /// A program, which speaks the protocol.
    Program(ProgramFolder),
}

/// Files in Python, one of which has the functions that are graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonFiles {
    /// The file that has the functions, by its path in the hand-in.
    pub(crate) main: String,
    /// All files, by their paths in the hand-in: Python files as they are, and of a notebook its cells.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl HandIn {
    /// What is handed in at `path`.
    ///
    /// # Errors
    ///
    /// [`Problem`], which says why there is nothing to grade.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let name = path.file_name().map_or_else(|| shown(path), flat_name);
        let metadata = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Problem::new(&name, "no such file", kind::EXPECTED),
            _ => Problem::unreadable(&name, &error),
        })?;
        if metadata.is_dir() {
            return folder::read(path);
        }
        if !metadata.is_file() {
            return Err(Problem::new(name, "something that is no file", kind::EXPECTED));
        }
        let kind = Kind::of(&name).ok_or_else(|| Problem::new(&name, kind::found(&name), kind::EXPECTED))?;
        let mut collected = Collected::default();
        collected.open(kind, &name, path)?;
        collected.python(&name).map(Self::Python)
    }

    /// The name of its main file, which its messages may have.
    pub fn file_name(&self) -> &str {
        match self {
            Self::Python(python) => python.file_name(),
            Self::Program(_) => program::FILE,
        }
    }
}

impl PythonFiles {
    /// One file alone.
    pub fn single(name: &str, content: &[u8]) -> Self {
        let main = name.to_owned();
        Self { files: BTreeMap::from([(main.clone(), content.to_vec())]), main }
    }

    /// The name of the main file.
    pub(crate) fn file_name(&self) -> &str {
        self.main.rsplit('/').next().unwrap_or(&self.main)
    }

    /// Whether the main file has both functions of plain batch norm, or the class that has them.
    pub(crate) fn answers_plain(&self) -> bool {
        self.files.get(&self.main).is_some_and(|main| main_file::has_plain(&self.main, main))
    }
}

/// The path of `folder` and a name in it, within the hand-in.
fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A path that programs which start elsewhere can use.
fn absolute(path: &Path) -> Result<PathBuf, Problem> {
    path.canonicalize().map_err(|error| Problem::unreadable(&shown(path), &error))
}
