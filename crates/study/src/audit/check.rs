//! Report, tables and lock held against each other, without data and without training.

use std::collections::BTreeSet;
use std::path::Path;

use trainer::run::CellId;

use super::fault::Fault;
use super::lock::{LOCK_FILE, StudyLock, data, name, numerics, study_hash};
use super::sha256;
use crate::cell::{Cell, cells};
use crate::config::{CONFIG_FILE, StudyConfig};
use crate::error::{Result, StudyError};
use crate::report;
use crate::tables::{Row, RunRow, TABLE_FILES, parse};

/// What a check of a report found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The files that the lock has.
    pub files: usize,
    /// The cells that the lock has.
    pub cells: usize,
    /// The SHA-256 of the lock itself.
    pub lock: String,
    /// What is wrong; empty if all is as it was made.
    pub faults: Vec<Fault>,
}

/// Checks the report in this folder: whether its lock is of its study, its numbers and its data, whether
/// every cell is in lock and tables, and whether every file is what was written.
///
/// It tells a report that was changed by mistake, or is not of one piece. Whether the numbers are what a
/// training gives only a training can tell: [`super::compare`].
///
/// # Errors
///
/// A folder without a lock, and a lock that cannot be read.
pub fn check(folder: &Path) -> Result<Checked> {
    let lock = StudyLock::read(folder)?.ok_or_else(|| StudyError::Folder {
        path: folder.to_path_buf(),
        fault: format!(
            ": found no {LOCK_FILE}, expected a report that `cargo xtask experiment` made"
        ),
    })?;
    let faults = match study(folder) {
        Ok(config) if study_hash(&config) != lock.study => {
            vec![Fault::OtherStudy { found: lock.study.clone(), expected: study_hash(&config) }]
        }
        Ok(config) => {
            let mut faults = of_files(Some(&config), &lock, folder);
            faults.extend(of_cells(&config, &lock, folder)?);
            faults
        }
        Err(fault) => {
            let mut faults = of_files(None, &lock, folder);
            faults.push(Fault::Unreadable { file: CONFIG_FILE, fault });
            faults
        }
    };
    let text = files::read(&folder.join(LOCK_FILE));
    let text = text.map_err(StudyError::file(&folder.join(LOCK_FILE), "cannot be read"))?;
    let (files, cells) = (lock.files.len(), lock.cells.len());
    Ok(Checked { files, cells, lock: sha256(&text), faults })
}

/// The study of the report.
fn study(folder: &Path) -> Result<StudyConfig, String> {
    let text = files::read_text(&folder.join(CONFIG_FILE)).map_err(|error| error.to_string())?;
    StudyConfig::read(&text)
}

/// What is wrong with numerics, data and cells.
fn of_cells(config: &StudyConfig, lock: &StudyLock, folder: &Path) -> Result<Vec<Fault>> {
    let cells = cells(config)?;
    let mut faults = of_program(&cells, config, lock)?;
    let rows = match files::read_text(&folder.join(RunRow::FILE)) {
        Ok(text) => parse::<RunRow>(&text, config),
        // Which the files tell.
        Err(_) => return Ok(faults),
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(fault) => {
            faults.push(Fault::Unreadable { file: RunRow::FILE, fault });
            return Ok(faults);
        }
    };
    // With other numbers or images, all cells have other hashes.
    if faults.is_empty() {
        faults.extend(of_each_cell(&cells, config, lock, &rows));
    }
    Ok(faults)
}

/// What the lock has that this program has otherwise.
fn of_program(cells: &[Cell], config: &StudyConfig, lock: &StudyLock) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let numerics = numerics(cells)?;
    if lock.numerics != numerics {
        let [found, expected] = [&lock.numerics, &numerics].map(|names| names.join(", "));
        faults.push(Fault::OtherNumerics { found, expected });
    }
    let expected = data(config);
    let none = "none".to_owned();
    let sets: BTreeSet<&String> = expected.keys().chain(lock.data.keys()).collect();
    for data_set in sets {
        let (here, there) = (expected.get(data_set), lock.data.get(data_set));
        let files: BTreeSet<&String> =
            [here, there].into_iter().flatten().flat_map(|files| files.keys()).collect();
        for file in files {
            let [expected, found] =
                [here, there].map(|files| files.and_then(|files| files.get(file)).unwrap_or(&none));
            if found != expected {
                let (data_set, file) = (data_set.clone(), file.clone());
                let (found, expected) = (found.clone(), expected.clone());
                faults.push(Fault::OtherData { data_set, file, found, expected });
            }
        }
    }
    Ok(faults)
}

/// What is wrong with the cells of this study in the lock and in these rows.
fn of_each_cell(
    cells: &[Cell],
    config: &StudyConfig,
    lock: &StudyLock,
    rows: &[RunRow],
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let locked: BTreeSet<(&CellId, u64)> =
        lock.cells.iter().map(|locked| (&locked.cell, locked.epochs)).collect();
    let mut known = BTreeSet::new();
    for cell in cells {
        let run = format!("{}, seed {}", config.label(&cell.key.arm), cell.key.seed);
        let is_first = known.insert((&cell.id, cell.run.epochs));
        if is_first && !locked.contains(&(&cell.id, cell.run.epochs)) {
            let (cell, run) = (cell.id.short().to_owned(), run.clone());
            faults.push(Fault::NotLocked { cell, run });
        }
        let file = RunRow::FILE;
        match rows.iter().find(|row| row.key == cell.key) {
            None => faults.push(Fault::NotReported { file, run }),
            Some(row) if !cell.id.as_str().starts_with(&row.cell) || row.cell.is_empty() => {
                let expected = cell.id.as_str().chars().take(row.cell.len().max(8)).collect();
                faults.push(Fault::OtherCell { file, run, found: row.cell.clone(), expected });
            }
            Some(_) => {}
        }
    }
    let unknown = locked.into_iter().filter(|locked| !known.contains(locked));
    faults.extend(unknown.map(|(cell, _)| Fault::UnknownCell { cell: cell.short().to_owned() }));
    faults
}

/// What is wrong with the files.
fn of_files(config: Option<&StudyConfig>, lock: &StudyLock, folder: &Path) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, expected) in &lock.files {
        let file = file.clone();
        match files::read(&folder.join(&file)) {
            Err(error) => faults.push(Fault::Missing { file, found: error.to_string() }),
            Ok(bytes) => {
                let (found, expected) = (sha256(&bytes), expected.clone());
                if found != expected {
                    faults.push(Fault::Changed { file, found, expected });
                }
            }
        }
    }
    let tables = TABLE_FILES.iter().map(|&file| file.to_owned());
    let rendered = config.into_iter().flat_map(report::files).map(|path| name(&path));
    for file in tables.chain(rendered) {
        if !lock.files.contains_key(&file) && folder.join(&file).exists() {
            faults.push(Fault::Unlocked { file });
        }
    }
    faults
}
