//! What is handed in, found at a path: a Python file, a notebook, a `.zip`, a folder of these, or a folder
//! with a program.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::hand_in::collected::Collected;
use crate::hand_in::download::without_student;
use crate::hand_in::kind::Kind;
use crate::hand_in::listing::Found;
use crate::hand_in::program::Candidate;
use crate::messages::{flat_name, path as shown};

mod archive;
mod collected;
mod content;
mod course;
mod download;
mod file;
mod folder;
mod kind;
mod limits;
mod listing;
mod main_file;
mod notebook;
mod paths;
mod problem;
mod program;
mod python_files;
mod text;

pub use course::Course;
pub(crate) use download::{Download, of_canvas, of_moodle, of_platform};
pub(crate) use kind::{is_of_system, without_ending};
pub use problem::Problem;
pub use program::ProgramFolder;
pub use python_files::PythonFiles;

/// What is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandIn {
    /// Python, whose functions are called.
    Python(PythonFiles),
    /// A program, which speaks the protocol.
    Program(ProgramFolder),
}

impl HandIn {
    /// What is handed in at `path`.
    ///
    /// # Errors
    ///
    /// [`Problem`], which says why there is nothing to grade.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let name = path.file_name().map_or_else(|| shown(path), flat_name);
        let metadata = fs::metadata(path).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                Problem::new(&name, "no such file", kind::EXPECTED).of_reading()
            } else {
                Problem::unreadable(&name, &error)
            }
        })?;
        if metadata.is_dir() {
            return match program::find(path)? {
                Candidate::Program(program) => Ok(Self::Program(program)),
                Candidate::NotExecutable(problem) => {
                    folder::read(path, Some(problem)).map(Self::Python)
                }
                Candidate::None => folder::read(path, None).map(Self::Python),
            };
        }
        if !metadata.is_file() {
            return Err(Problem::new(name, "something that is no regular file", kind::EXPECTED));
        }
        let kind = Kind::of(&name)
            .ok_or_else(|| Problem::new(&name, kind::found(&name), kind::EXPECTED))?;
        let mut collected = Collected::default();
        let own_name = if kind == Kind::Archive { &name } else { without_student(&name) };
        file::read(kind, own_name, path, &mut collected)?;
        collected.python(&name).map(Self::Python)
    }

    /// What is handed in by these files and folders together, which a platform has given out one by one. They
    /// are called `name` in messages.
    ///
    /// # Errors
    ///
    /// As for [`HandIn::read`].
    pub(crate) fn read_together(name: &str, paths: &[PathBuf]) -> Result<Self, Problem> {
        let mut found = Vec::new();
        for path in paths {
            let own_name = path.file_name().map_or_else(|| shown(path), flat_name);
            let metadata = fs::symlink_metadata(path)
                .map_err(|error| Problem::unreadable(&own_name, &error))?;
            if metadata.is_dir() {
                found.extend(listing::files(path)?);
            } else if metadata.is_file() {
                let (path, own_name) = (path.clone(), without_student(&own_name).to_owned());
                found.push(Found { name: own_name, path, is_link: false, is_left_out: false });
            }
        }
        folder::read_files(name, found, None).map(Self::Python)
    }

    /// Whether it has the functions that are graded, as far as that can be seen without running it.
    pub(crate) fn answers_spatial(&self) -> bool {
        match self {
            Self::Python(python) => python.answers_spatial(),
            Self::Program(_) => true,
        }
    }

    /// Whether both have the same files, wherever they lie.
    pub(crate) fn has_files_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Python(one), Self::Python(other)) => one.files.values().eq(other.files.values()),
            (Self::Program(one), Self::Program(other)) => one.sha256 == other.sha256,
            (Self::Python(_), Self::Program(_)) | (Self::Program(_), Self::Python(_)) => false,
        }
    }

    /// The name of its main file, which its messages may have.
    pub fn file_name(&self) -> &str {
        match self {
            Self::Python(python) => python.file_name(),
            Self::Program(_) => program::FILE,
        }
    }
}
