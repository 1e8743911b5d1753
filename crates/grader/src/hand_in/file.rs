//! A file of any kind, read into the files of a hand-in.

use std::fs::File;
use std::path::Path;

use crate::hand_in::archive;
use crate::hand_in::collected::Collected;
use crate::hand_in::kind::Kind;
use crate::hand_in::problem::Problem;

/// Adds the file at `path`, or the files that are packed in it.
pub(super) fn read(
    kind: Kind,
    name: &str,
    path: &Path,
    collected: &mut Collected,
) -> Result<(), Problem> {
    let mut file = File::open(path).map_err(|error| Problem::unreadable(name, &error))?;
    match kind {
        Kind::Python | Kind::Notebook => collected.add(kind, name, &mut file),
        Kind::Archive => archive::read(name, &mut file, collected),
    }
}
