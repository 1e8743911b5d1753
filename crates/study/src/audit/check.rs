//! Files, tables and lock of a report held against each other, without data and without training.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use trainer::run::CellId;

use super::fault::Fault;
use super::lock::{LOCK_FILE, StudyLock, data, numerics, study_hash};
use super::sha256;
use crate::cell::{Cell, cells, distinct};
use crate::collect::DIGITS;
use crate::config::{CONFIG_FILE, StudyConfig};
use crate::error::{Result, StudyError};
use crate::folder::name;
use crate::report;
use crate::tables::{Row, RunRow, Study, TABLE_FILES, is_table, table_files};

/// What a check of a report found.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The lock, if it can be read.
    pub lock: Option<StudyLock>,
    /// The SHA-256 of its file.
    pub sha256: String,
    /// The tables, if they can be read and fit together.
    pub study: Option<Study>,
    /// What is wrong; empty if all is as it was made.
    pub faults: Vec<Fault>,
}

/// Checks the report in this folder: whether its lock is of its study, its numbers and its data, whether
/// the tables fit together and have every cell, and whether every file is what was written.
///
/// It tells a report that was changed by mistake, or is not of one piece. Whether the pages and figures are
/// what the tables give, [`of_tables`] tells, and whether the tables are what a training gives,
/// [`super::compare`].
///
/// # Errors
///
/// A study whose cells cannot be built.
pub fn check(folder: &Path) -> Result<Checked> {
    let mut checked =
        Checked { lock: None, sha256: String::new(), study: None, faults: Vec::new() };
    let lock = match files::read_text(&folder.join(LOCK_FILE)) {
        Ok(text) => {
            checked.sha256 = sha256(text.as_bytes());
            StudyLock::parse(&text)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            checked.faults.push(Fault::NoLock);
            return Ok(checked);
        }
        Err(error) => Err(error.to_string()),
    };
    let lock = match lock {
        Ok(lock) => lock,
        Err(fault) => {
            checked.faults.push(Fault::Unreadable { file: LOCK_FILE.to_owned(), fault });
            return Ok(checked);
        }
    };
    let config = files::read_text(&folder.join(CONFIG_FILE)).ok();
    let config = config.and_then(|text| StudyConfig::read(&text).ok());
    match &config {
        Some(config) if study_hash(config) != lock.study => {
            let (found, expected) = (lock.study.clone(), study_hash(config));
            checked.faults.push(Fault::OtherStudy { found, expected });
        }
        Some(_) | None => {
            checked.faults = of_files(config.as_ref(), &lock, folder);
            checked.study = match Study::read(folder) {
                Ok(study) => Some(study),
                Err(error) => {
                    let known = checked.faults.iter().filter_map(Fault::changed_file);
                    let fault = unreadable(folder, &error, &known.collect::<Vec<_>>());
                    checked.faults.extend(fault);
                    None
                }
            };
            if let Some(study) = &checked.study {
                checked.faults.extend(of_cells(study, &lock)?);
            }
        }
    }
    checked.lock = Some(lock);
    Ok(checked)
}

/// What is wrong with tables that cannot be read, unless these files are known to be wrong and one of them
/// is why.
fn unreadable(folder: &Path, error: &StudyError, known: &[&str]) -> Option<Fault> {
    let (path, fault) = if let StudyError::Damaged { path, fault } = error {
        (path.as_path(), fault.clone())
    } else if let StudyError::File { path, cause, .. } = error {
        (path.as_path(), cause.to_string())
    } else {
        (Path::new(CONFIG_FILE), error.to_string())
    };
    let file = name(path.strip_prefix(folder).unwrap_or(path));
    (!known.contains(&file.as_str())).then_some(Fault::Unreadable { file, fault })
}

/// What the pages and figures of a report have that this program would make otherwise of its tables.
///
/// # Errors
///
/// A figure that cannot be drawn.
pub fn of_tables(study: &Study, lock: &StudyLock) -> Result<Vec<Fault>> {
    let rendered = report::render(study)?;
    let expected: BTreeMap<String, String> =
        rendered.iter().map(|(path, bytes)| (name(path), sha256(bytes))).collect();
    let is_rendered = |file: &&String| !is_table(file);
    let names: BTreeSet<&String> =
        expected.keys().chain(lock.files.keys().filter(is_rendered)).collect();
    let none = || "none".to_owned();
    let of = |file: &String| {
        let found = lock.files.get(file).cloned().unwrap_or_else(none);
        let expected = expected.get(file).cloned().unwrap_or_else(none);
        let file = file.clone();
        (found != expected).then_some(Fault::NotOfTables { file, found, expected })
    };
    Ok(names.into_iter().filter_map(of).collect())
}

/// What is wrong with numerics, data and cells.
fn of_cells(study: &Study, lock: &StudyLock) -> Result<Vec<Fault>> {
    let config = &study.config;
    let cells = cells(config)?;
    let mut faults = of_program(&cells, config, lock)?;
    // With other numbers or images, all cells have other hashes.
    if faults.is_empty() {
        faults = of_lock(&cells, config, lock);
        faults.extend(of_rows(&cells, config, &study.runs));
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

/// What is wrong with the cells in the lock.
fn of_lock(cells: &[Cell], config: &StudyConfig, lock: &StudyLock) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut locked: BTreeSet<(&CellId, u64)> = BTreeSet::new();
    for cell in &lock.cells {
        if !locked.insert((&cell.cell, cell.epochs)) {
            faults.push(Fault::RepeatedCell { cell: cell.cell.short().to_owned() });
        }
    }
    for cell in distinct(cells, 0..cells.len()).into_iter().map(|at| &cells[at]) {
        if !locked.remove(&(&cell.id, cell.run.epochs)) {
            let (cell, run) = (cell.id.short().to_owned(), run(config, cell));
            faults.push(Fault::NotLocked { cell, run });
        }
    }
    let unknown = locked.into_iter().map(|(cell, _)| cell.short().to_owned());
    faults.extend(unknown.map(|cell| Fault::UnknownCell { cell }));
    faults
}

/// What is wrong with the cells in the rows of runs.
fn of_rows(cells: &[Cell], config: &StudyConfig, rows: &[RunRow]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let file = RunRow::FILE;
    for cell in cells {
        let run = run(config, cell);
        let expected: String = cell.id.as_str().chars().take(DIGITS).collect();
        match rows.iter().find(|row| row.key == cell.key) {
            None => faults.push(Fault::NotReported { file, run }),
            Some(row) if row.cell != expected => {
                faults.push(Fault::OtherCell { file, run, found: row.cell.clone(), expected });
            }
            Some(_) => {}
        }
    }
    faults
}

/// A cell in words.
fn run(config: &StudyConfig, cell: &Cell) -> String {
    format!("{}, seed {}", config.label(&cell.key.arm), cell.key.seed)
}

/// What is wrong with the files. Without its study, the pages of a report are not known.
fn of_files(config: Option<&StudyConfig>, lock: &StudyLock, folder: &Path) -> Vec<Fault> {
    let mut faults = Vec::new();
    let rendered: Vec<String> =
        config.into_iter().flat_map(report::files).map(|path| name(&path)).collect();
    let tables = config.map_or_else(|| TABLE_FILES.to_vec(), table_files);
    for file in tables.iter().map(|&file| file.to_owned()).chain(rendered.iter().cloned()) {
        let Some(expected) = lock.files.get(&file) else {
            // A figure that the study has no data for is in neither.
            let is_always_there = tables.contains(&file.as_str()) || !file.contains('/');
            if is_always_there || folder.join(&file).exists() {
                faults.push(Fault::Unlocked { file });
            }
            continue;
        };
        match read(&folder.join(&file)) {
            Err(found) => faults.push(Fault::Missing { file, found }),
            Ok(bytes) => {
                let (found, expected) = (sha256(&bytes), expected.clone());
                if found != expected {
                    faults.push(Fault::Changed { file, found, expected });
                }
            }
        }
    }
    let is_known = |file: &str| tables.contains(&file) || rendered.iter().any(|it| it == file);
    let unknown = lock.files.keys().filter(|file| config.is_some() && !is_known(file));
    faults.extend(unknown.map(|file| Fault::UnknownFile { file: file.clone() }));
    faults
}

/// A file that lies where its name says.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return Err("found a link".to_owned());
    }
    files::read(path).map_err(|error| error.to_string())
}
