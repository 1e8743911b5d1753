//! What is said of a report that was checked.

use std::path::Path;

use anyhow::Result;
use study::audit::{Checked, Fault};
use terminal::count::counted;
use terminal::output::say;
use terminal::workspace::relative;

/// The faults of a report that are told.
const TOLD: usize = 10;

/// Says what a check found.
pub(super) fn tell(folder: &Path, Checked { lock, sha256, faults, .. }: &Checked) -> Result<()> {
    let shown = relative(folder).display();
    match lock {
        Some(lock) if faults.is_empty() => {
            let files = counted(lock.files.len(), "file");
            let cells = counted(lock.cells.len(), "cell");
            say(format_args!(
                "{shown}: {files} and {cells} are as study.lock has them; its own SHA-256 is {sha256}"
            ))
        }
        Some(_) | None => {
            say(format_args!("{shown}: {} found", counted(faults.len(), "fault")))?;
            tell_faults(faults)
        }
    }
}

/// Says some of these faults, and how many more there are.
pub(super) fn tell_faults(faults: &[Fault]) -> Result<()> {
    faults.iter().take(TOLD).try_for_each(|fault| say(format_args!("  {fault}")))?;
    match faults.len().checked_sub(TOLD) {
        None | Some(0) => Ok(()),
        Some(more) => say(format_args!("  and {more} more")),
    }
}
