//! The Python files of a folder.

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
    let mut collected = Collected::default();
    let mut archives = Vec::new();
    for Found { name, path, .. } in files(folder)? {
        match Kind::of(&name) {
            Some(kind @ (Kind::Python | Kind::Notebook)) => {
                file::read(kind, &name, &path, &mut collected)?;
            }
            Some(Kind::Archive) => archives.push((name, path)),
            None => {}
        }
    }
    if let (true, [(name, path)]) = (collected.is_empty(), archives.as_slice()) {
        file::read(Kind::Archive, name, path, &mut collected)?;
    }
    match without_python.filter(|_| collected.is_empty()) {
        Some(problem) => Err(problem),
        None => collected.python(&name),
    }
}
