//! A study: its runs, its tables, and what they say.

pub mod figures;
pub mod folder;
pub mod grid;
pub mod harvest;
#[cfg(test)]
mod made_up;
pub mod published;
pub mod report;
pub mod side_by_side;
pub mod statistics;
pub mod tables;

use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file whole or not at all, by [`trainer::file::replace`].
fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    trainer::file::replace(path, bytes)
        .with_context(|| format!("{} cannot be written", path.display()))
}
