//! The folder of all cells: what was trained, for every study that has it.
//!
//! A cell's folder follows from how the cell is trained, so a study finds what another one trained, and
//! one that changes only adds. Nothing here is removed. The folder of a cell that a program with other
//! numerics trained stays, too: the new one is put beside it.

use std::path::{Path, PathBuf};

use trainer::run::{diverged, identity, saved_steps};

use crate::cell::Cell;
use crate::error::{Result, StudyError};

/// The folder of all cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    path: PathBuf,
}

/// How far a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing of it is trained.
    Missing,
    /// So many steps of it are trained.
    Begun {
        /// The steps.
        steps: u64,
    },
    /// All its epochs are trained.
    Trained,
    /// Its loss was not finite any more in this step, within its epochs.
    Diverged {
        /// The step, counted from 0.
        step: u64,
    },
}

impl State {
    /// Whether there is nothing left to train.
    pub fn is_complete(self) -> bool {
        match self {
            Self::Trained | Self::Diverged { .. } => true,
            Self::Missing | Self::Begun { .. } => false,
        }
    }
}

impl Store {
    /// The store in this folder, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of a cell: the one of its name, or beside it if that one belongs to another.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn folder(&self, cell: &Cell) -> Result<PathBuf> {
        let usual = self.path.join(&cell.folder);
        match identity(&usual)? {
            Some(found) if found != cell.id => {
                let mut name = usual.file_name().unwrap_or_default().to_owned();
                name.push(format!(",cell={}", cell.id.short()));
                Ok(usual.with_file_name(name))
            }
            Some(_) | None => Ok(usual),
        }
    }

    /// How far a cell is.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read, and one that belongs to another cell.
    pub fn state(&self, cell: &Cell) -> Result<State> {
        let folder = self.folder(cell)?;
        if identity(&folder)?.is_some_and(|found| found != cell.id) {
            let fault = format!(": found another run, expected that of the cell {}", cell.id);
            return Err(StudyError::Folder { path: folder, fault });
        }
        let arm = &cell.key.arm;
        if let Some(step) = diverged(&folder)?.filter(|step| *step < arm.steps()) {
            return Ok(State::Diverged { step });
        }
        Ok(match saved_steps(&folder, arm.steps_per_epoch())? {
            0 => State::Missing,
            steps if steps >= arm.steps() => State::Trained,
            steps => State::Begun { steps },
        })
    }
}
