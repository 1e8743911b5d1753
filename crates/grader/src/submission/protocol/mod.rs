//! The protocol for submissions in other processes: folders of .npy files, which `README.md` of this
//! crate describes for those who write such a program.

mod answers;
mod encoding;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub(crate) use self::answers::{DONE, one_line, read_outputs};
use self::encoding::Encoded;
use crate::submission::Script;

/// The file that lists the scripts, by the names of their folders.
const SCRIPTS: &str = "scripts.txt";

/// Why scripts could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A file or folder could not be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An array could not be put into a file.
    #[error("an array of a script cannot be written as .npy: {0}")]
    Array(String),
}

/// Writes the inputs of scripts into a folder, which may be there already; the result is the names
/// of their folders, in order.
///
/// A name follows from what is in the folder, so that outputs made once belong to the same scripts
/// ever after; the second of two equal scripts ends in `-2`.
///
/// # Errors
///
/// [`ProtocolError`].
pub fn write_inputs(folder: &Path, scripts: &[Script]) -> Result<Vec<String>, ProtocolError> {
    let encoded = scripts.iter().map(Encoded::new).collect::<Result<Vec<_>, _>>()?;
    let names = distinct(encoded.iter().map(Encoded::name));
    for (encoded, name) in encoded.iter().zip(&names) {
        let folder = folder.join(name);
        make_folder(&folder)?;
        for (file, bytes) in &encoded.files {
            write_file(&folder.join(file), bytes)?;
        }
    }
    list_scripts(folder, &names)?;
    Ok(names)
}

/// The names of the folders of scripts, in order.
///
/// # Errors
///
/// [`ProtocolError::Array`].
pub(crate) fn names(scripts: &[Script]) -> Result<Vec<String>, ProtocolError> {
    let names = scripts.iter().map(|script| Ok(Encoded::new(script)?.name()));
    Ok(distinct(names.collect::<Result<Vec<_>, ProtocolError>>()?.into_iter()))
}

/// Lists the scripts that are to be answered, out of those that are there.
pub(crate) fn list_scripts(folder: &Path, names: &[String]) -> Result<(), ProtocolError> {
    let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
    write_file(&folder.join(SCRIPTS), lines.as_bytes())
}

fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeMap::new();
    names
        .map(|name| {
            let times = seen.entry(name.clone()).or_insert(0_usize);
            *times += 1;
            if *times == 1 { name } else { format!("{name}-{times}") }
        })
        .collect()
}

pub(crate) fn make_folder(path: &Path) -> Result<(), ProtocolError> {
    let to_error = |source| ProtocolError::Write { path: path.to_owned(), source };
    fs::create_dir_all(path).map_err(to_error)
}

pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ProtocolError> {
    let to_error = |source| ProtocolError::Write { path: path.to_owned(), source };
    fs::write(path, bytes).map_err(to_error)
}
