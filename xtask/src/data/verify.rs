use std::path::Path;

use anyhow::{Error, Result, ensure};
use trainer::dataset::{FashionMnist, PublishedFile};

use super::folder::DataFolder;
use crate::Outcome;
use crate::output::say;
use crate::workspace::relative;

/// Says of every file whether it is the published one.
///
/// # Errors
///
/// There is no such folder.
pub fn verify(folder: &DataFolder) -> Result<Outcome> {
    let path = relative(&folder.path);
    ensure!(
        path.is_dir(),
        "{path} ({origin}) is no folder; `cargo xtask data fetch --data-dir {path}` makes and fills it",
        path = path.display(),
        origin = folder.origin.text()
    );
    let mut wrong = 0;
    for file in FashionMnist::FILES {
        match check(&file, path) {
            Ok(()) => say(format_args!("{}: as published", path.join(file.name).display()))?,
            Err(error) => {
                wrong += 1;
                say(format_args!("{error:#}"))?;
            }
        }
    }
    let (files, path) = (FashionMnist::FILES.len(), path.display());
    if wrong == 0 {
        say(format_args!("All {files} files are as published."))?;
        return Ok(Outcome::Well);
    }
    say(format_args!(
        "{wrong} of {files} files are not as published; `cargo xtask data fetch --data-dir {path}` \
         replaces them."
    ))?;
    Ok(Outcome::FoundWrong)
}

fn check(file: &PublishedFile, folder: &Path) -> Result<(), Error> {
    Ok(file.read(folder, FashionMnist::NAME).map(drop)?)
}
