//! What is handed in, found at a path: a Python file, a notebook, a `.zip`, a folder of these, or a folder
//! with a program.

use std::path::Path;
use std::{fs, io};

use crate::hand_in::collected::Collected;
use crate::hand_in::kind::Kind;
use crate::hand_in::program::Candidate;
use crate::messages::{flat_name, path as shown};

mod archive;
mod collected;
mod content;
mod course;
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
        file::read(kind, &name, path, &mut collected)?;
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
