//! The folder of all cells: what was trained, for every study that has it.
//!
//! A cell is known by what it is, so a study finds what another one trained, whatever its folder is
//! called, and one that changes only adds. The folder of a cell that a program with other numerics trained
//! stays, too: the new one is put beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use trainer::evaluation::EvaluationStatistics;
use trainer::fingerprint::Fingerprint;
use trainer::run::{CellId, diverged, identity, saved_steps};

use crate::cell::Cell;
use crate::config::StudyConfig;
use crate::error::{Result, StudyError};

/// The folder, in that of all cells, of the studies that are begun.
const BEGUN: &str = "begun";

/// The digits of the hash that ends the name of such a study.
const DIGITS: usize = 8;

/// The folder of all cells.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// The folders of the cells as they were when one was first searched for.
    index: OnceLock<BTreeMap<CellId, Vec<PathBuf>>>,
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

    /// How far the cell in this folder is; nothing of it is trained where there is no such folder. A cell
    /// that is trained and not yet evaluated with its arm's statistics, or of which the shift of variance is
    /// wanted and not measured, is begun. If that evaluation
    /// gave a loss that is not finite, the cell diverged for this arm.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read, and one that belongs to another cell.
    pub(crate) fn of(cell: &Cell, folder: &Path) -> Result<Self> {
        if identity(folder)?.is_some_and(|found| found != cell.id) {
            let fault = format!(": found another run, expected that of the cell {}", cell.id);
            return Err(StudyError::Folder { path: folder.to_path_buf(), fault });
        }
        let arm = &cell.key.arm;
        let trained = match diverged(folder)?.filter(|step| *step < arm.steps()) {
            Some(step) => Self::Diverged { step },
            None => match saved_steps(folder, arm.steps_per_epoch())? {
                0 => Self::Missing,
                steps if steps >= arm.steps() => Self::Trained,
                steps => Self::Begun { steps },
            },
        };
        let epochs = match trained {
            Self::Missing | Self::Begun { .. } => return Ok(trained),
            Self::Trained => arm.run.epochs,
            Self::Diverged { step } => step / arm.steps_per_epoch(),
        };
        let is_measured = !cell.measures_variance_shift
            || trained != Self::Trained
            || cell.run.measured_variance_shift(folder)?.is_some();
        if !is_measured {
            return Ok(Self::Begun { steps: arm.steps() });
        }
        if arm.run.statistics == EvaluationStatistics::Running {
            return Ok(trained);
        }
        let steps_of = |epochs: u64| epochs.saturating_mul(arm.steps_per_epoch());
        let Some(scores) = cell.run.validated(epochs, folder)? else {
            return Ok(Self::Begun { steps: steps_of(epochs) });
        };
        let diverged = (1..).zip(&scores).find(|(_, score)| !score.mean_loss().is_finite());
        Ok(diverged.map_or(trained, |(epoch, _)| Self::Diverged { step: steps_of(epoch) - 1 }))
    }
}

impl Store {
    /// The store in this folder, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self { path, index: OnceLock::new() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of a cell: the one of its name, else whichever has it. A cell that is nowhere yet gets
    /// the one of its name, or one beside it if that one belongs to another.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn folder(&self, cell: &Cell) -> Result<PathBuf> {
        let usual = self.path.join(&cell.folder);
        let found = identity(&usual)?;
        if found.as_ref() == Some(&cell.id) {
            return Ok(usual);
        }
        for folder in self.copies(&cell.id)? {
            if identity(folder)?.as_ref() == Some(&cell.id) {
                return Ok(folder.clone());
            }
        }
        if found.is_none() {
            return Ok(usual);
        }
        let mut name = usual.file_name().unwrap_or_default().to_owned();
        name.push(format!(",cell={}", cell.id.short()));
        Ok(usual.with_file_name(name))
    }

    /// Every folder that has this cell, in order of their names, whatever they are called.
    ///
    /// # Errors
    ///
    /// A store that cannot be read.
    pub fn copies(&self, cell: &CellId) -> Result<&[PathBuf]> {
        Ok(self.index()?.get(cell).map_or(&[], Vec::as_slice))
    }

    /// All cells with their folders, as they were when one was first searched for.
    ///
    /// # Errors
    ///
    /// A store that cannot be read. A folder in it that cannot be read is left out.
    pub fn index(&self) -> Result<&BTreeMap<CellId, Vec<PathBuf>>> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let mut index: BTreeMap<CellId, Vec<PathBuf>> = BTreeMap::new();
        let mut to_visit = Vec::new();
        if self.path.exists() {
            fs::read_dir(&self.path).map_err(StudyError::file(&self.path, "cannot be read"))?;
            to_visit.push(self.path.clone());
        }
        while let Some(folder) = to_visit.pop() {
            if let Ok(Some(cell)) = identity(&folder) {
                index.entry(cell).or_default().push(folder);
                continue;
            }
            // A link is not followed, so that a circle of them is no endless walk.
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            to_visit.extend(folders.map(|entry| entry.path()));
        }
        index.values_mut().for_each(|folders| folders.sort());
        Ok(self.index.get_or_init(|| index))
    }

    /// How far a cell is.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn state(&self, cell: &Cell) -> Result<State> {
        State::of(cell, &self.folder(cell)?)
    }

    /// Refuses a store that these cells cannot be written into, by writing a file into what there is of
    /// their folders and removing it.
    ///
    /// # Errors
    ///
    /// A folder that cannot be written into.
    pub fn expect_writable<'a>(&self, cells: impl IntoIterator<Item = &'a Cell>) -> Result<()> {
        let mut folders = BTreeSet::new();
        for cell in cells {
            folders.insert(files::deepest_existing(&self.folder(cell)?).to_path_buf());
        }
        for folder in folders {
            let shown = if folder.starts_with(&self.path) { &folder } else { &self.path };
            let action = "cannot be written into; --cells gives another folder of cells";
            files::expect_writable(&folder).map_err(StudyError::file(shown, action))?;
        }
        Ok(())
    }

    /// Notes that a study is begun whose cells are trained into the store, until [`Self::forget`]: a part
    /// of it may be all that this program is asked for, and nothing else says who its cells are for.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn note(&self, name: &str, config: &StudyConfig) -> Result<()> {
        let text = config.to_toml();
        let mut hash = Fingerprint::default();
        hash.add_text(&text);
        let hash: String = hash.finish().chars().take(DIGITS).collect();
        let path = self.path.join(BEGUN).join(format!("{name}_{hash}.toml"));
        let is_there = || files::read_text(&path).is_ok_and(|found| found == text);
        if is_there() {
            return Ok(());
        }
        match files::replace(&path, text.as_bytes()) {
            // Another process that begins the same study may write it at the same time.
            Err(error) if !is_there() => Err(StudyError::file(&path, "cannot be written")(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The files of the studies that are begun, in order of their names.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn begun(&self) -> Result<Vec<PathBuf>> {
        let folder = self.path.join(BEGUN);
        let unreadable = || StudyError::file(&folder, "cannot be read");
        let mut found = Vec::new();
        if folder.exists() {
            for entry in fs::read_dir(&folder).map_err(unreadable())? {
                let path = entry.map_err(unreadable())?.path();
                if path.extension().is_some_and(|ending| ending == "toml") {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Removes the notes that this study is begun.
    ///
    /// # Errors
    ///
    /// As for [`Self::begun`] and [`Self::forget`].
    pub fn forget_study(&self, config: &StudyConfig) -> Result<()> {
        let text = config.to_toml();
        for path in self.begun()? {
            if files::read_text(&path).is_ok_and(|found| found == text) {
                self.forget(&path)?;
            }
        }
        Ok(())
    }

    /// Removes one of the files of [`Self::begun`].
    ///
    /// # Errors
    ///
    /// A file that cannot be removed.
    pub fn forget(&self, begun: &Path) -> Result<()> {
        match fs::remove_file(begun) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(StudyError::file(begun, "cannot be removed")(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether two processes that train in the store keep out of each other's way.
    pub fn locks_work(&self) -> bool {
        files::locks_work(files::deepest_existing(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cell::cells, made_up};

    #[test]
    fn a_cell_is_found_by_what_it_is_whatever_its_folder_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let mut cells = cells(&made_up::config()).unwrap();
        let record = |name: &Path, text: &str| {
            files::replace(&folder.path().join(name).join("hparams.yaml"), text.as_bytes())
                .unwrap();
            identity(&folder.path().join(name)).unwrap().unwrap()
        };
        let store = || Store::new(folder.path().to_path_buf());
        let usual = folder.path().join(&cells[0].folder);
        assert_eq!(store().folder(&cells[0]).unwrap(), usual);
        // Under the name that an earlier program gave it.
        cells[0].id = record(Path::new("fashion-mnist/norm=batch/seed=3"), "a cell");
        let found = store().folder(&cells[0]).unwrap();
        assert_eq!(found, folder.path().join("fashion-mnist/norm=batch/seed=3"));
        // Another cell has its name.
        record(&cells[1].folder.clone(), "another");
        let beside = store().folder(&cells[1]).unwrap();
        assert!(beside.to_str().unwrap().ends_with(&format!(",cell={}", cells[1].id.short())));
        assert_eq!(store().index().unwrap().len(), 2);
        assert!(Store::new(folder.path().join("none")).index().unwrap().is_empty());
    }
}
