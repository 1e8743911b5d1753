//! How long a training took, in a file of its own beside the report: the report is the same on every
//! machine, and this is not.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use bench::Machine;
use serde::Serialize;

/// The file, in the folder of a study's results.
const FILE: &str = "time.toml";

/// What the last training into a folder took.
#[derive(Serialize)]
struct Timing {
    /// The cells that were trained then, or trained to their end.
    cells: usize,
    /// The runs side by side.
    threads: usize,
    seconds: f64,
    machine: Machine,
}

/// Writes how long the training of so many cells took.
pub(super) fn write(folder: &Path, cells: usize, threads: usize, time: Duration) -> Result<()> {
    let seconds = (time.as_secs_f64() * 10.0).round() / 10.0;
    let timing = Timing { cells, threads, seconds, machine: Machine::here()? };
    let text = toml::to_string(&timing).context("the time of the training cannot be written")?;
    let path = folder.join(FILE);
    files::replace(&path, text.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))
}
