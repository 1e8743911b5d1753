//! The protocol for submissions in other processes: folders of .npy files, which `README.md` of this
//! crate describes for those who write such a program.

mod answers;
mod encoding;
mod files;
mod room;

use std::collections::BTreeMap;
use std::path::Path;

use kernels::Convention;

pub(crate) use self::answers::{DONE, one_line, read_outputs};
use self::encoding::Encoded;
pub use self::files::ProtocolError;
pub(crate) use self::files::{make_folder, write_file};
use crate::submission::script::{Kind, Script};

/// The file that lists the scripts, by the names of their folders.
const SCRIPTS: &str = "scripts.txt";

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

/// Why the protocol does not ask this script; plain batch norm is asked if `answers_plain`.
pub(crate) fn declines(script: &Script, answers_plain: bool) -> Option<&'static str> {
    if script.config.convention() != Convention::Notebook {
        Some("in PyTorch's convention")
    } else if script.kind == Kind::Plain && !answers_plain {
        Some("of plain batch norm, which is not handed in")
    } else {
        None
    }
}
