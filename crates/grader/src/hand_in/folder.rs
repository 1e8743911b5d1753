//! The Python files of a folder, or of files that are handed in together.

use std::path::Path;

use crate::hand_in::collected::Collected;
use crate::hand_in::file;
use crate::hand_in::kind::Kind;
use crate::hand_in::listing::{Found, files};
use crate::hand_in::problem::Problem;
use crate::hand_in::python_files::PythonFiles;
use crate::messages::flat_name;

/// The Python files and notebooks of a folder; if there are none, those in its only `.zip`. If there is
/// nothing at all, the problem may be `without_python`.
pub(super) fn read(folder: &Path, without_python: Option<Problem>) -> Result<PythonFiles, Problem> {
    let name = folder.file_name().map_or_else(|| ".".to_owned(), flat_name);
    read_files(&name, files(folder)?, without_python)
}

/// The same of these files.
pub(super) fn read_files(
    name: &str,
    files: Vec<Found>,
    without_python: Option<Problem>,
) -> Result<PythonFiles, Problem> {
    let mut collected = Collected::default();
    let mut archives = Vec::new();
    for Found { name, path, .. } in files {
        match Kind::of(&name) {
            Some(kind @ (Kind::Python | Kind::Notebook)) => {
                file::read(kind, &name, &path, &mut collected)?;
            }
            Some(Kind::Archive) => archives.push((name, path)),
            None => collected.pass_over(&name),
        }
    }
    if let (true, [(name, path)]) = (collected.is_empty(), archives.as_slice()) {
        file::read(Kind::Archive, name, path, &mut collected)?;
    } else {
        archives.iter().for_each(|(name, _)| collected.pass_over(name));
    }
    match without_python.filter(|_| collected.is_empty()) {
        Some(problem) => Err(problem),
        None => collected.python(name),
    }
}
