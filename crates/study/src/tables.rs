//! The tables of a study: all that its figures and its report are made from.
//!
//! They lie in the folder of the report, small enough to be committed: `study.toml`, a CSV file per
//! table, and the transcript of `grade`. Numbers are the shortest decimals that read back as the
//! same `f64`, so that a report made from the files is the one made from the runs, byte for byte.
//! Accuracies are shares of images (higher is better); losses are cross-entropies in nats, means
//! over images (lower is better); steps are optimiser steps over all epochs, counted from 0;
//! epochs are counted from 1. The first columns say which run or arm a row belongs to: the compared
//! axes and the seed, in `runs.csv` every axis. A column is
//! added by a line in its table in `rows.rs`, and by what fills it in `collect.rs`.

mod column;
mod csv_file;
mod damage;
mod dictionary;
mod key;
mod optional;
mod rows;
mod study;

use std::path::{Path, PathBuf};

use crate::config::{CONFIG_FILE, StudyConfig};
use crate::discussion::Discussion;
use crate::error::{Result, StudyError};

pub use column::{
    Accuracy, Column, Count, Index, Loss, Name, Optional, Place, Real, RunState, Statistic,
};
pub use csv_file::{Row, bytes};
pub(crate) use csv_file::{parse, read};
pub use dictionary::{DICTIONARY_FILE, columns, dictionary};
pub use key::{Key, RunKey};
pub use optional::{OPTIONAL_TABLES, OptionalRows, OptionalTable};
pub(crate) use rows::table;
pub use rows::{
    ActivationRow, BatchNormRow, ConfusionRow, EpochRow, LandscapeRow, RunRow, StepRow, UnitRow,
    VarianceShiftRow,
};
pub use study::Study;

/// The transcript of the grade, in the study's folder.
pub const GRADE_FILE: &str = "grade.txt";

/// The files of tables that every study has, by their names in its folder.
pub const TABLE_FILES: &[&str] =
    &[CONFIG_FILE, RunRow::FILE, EpochRow::FILE, StepRow::FILE, ConfusionRow::FILE, GRADE_FILE];

/// All files of the tables of this study.
pub fn table_files(config: &StudyConfig) -> Vec<&'static str> {
    let optional = OptionalTable::of(config).map(|table| table.file);
    TABLE_FILES.iter().copied().chain(optional).collect()
}

/// Whether a file of this name is a table that a study can have.
pub(crate) fn is_table(file: &str) -> bool {
    TABLE_FILES.contains(&file) || OPTIONAL_TABLES.iter().any(|table| table.file == file)
}

impl Study {
    /// Reads a study from its folder.
    ///
    /// # Errors
    ///
    /// [`StudyError`] for a file that is missing, cut or contradicts another, with line and column
    /// where there is one.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |file: &str| {
            let path = folder.join(file);
            let action = "cannot be read; `cargo xtask experiment` writes it";
            let text = files::read_text(&path).map_err(StudyError::file(&path, action))?;
            Ok::<_, StudyError>((path, text))
        };
        fn damaged<T>(path: PathBuf, found: Result<T, String>) -> Result<T> {
            found.map_err(|fault| StudyError::Damaged { path, fault })
        }
        fn table<R: Row>(file: Result<(PathBuf, String)>, config: &StudyConfig) -> Result<Vec<R>> {
            let (path, text) = file?;
            damaged(path, parse(&text, config))
        }
        let (path, text) = read(CONFIG_FILE)?;
        let config = damaged(path, StudyConfig::read(&text))?;
        let mut study = Self {
            runs: table(read(RunRow::FILE), &config)?,
            epochs: table(read(EpochRow::FILE), &config)?,
            steps: table(read(StepRow::FILE), &config)?,
            confusion: table(read(ConfusionRow::FILE), &config)?,
            optional: OptionalRows::default(),
            grade: read(GRADE_FILE)?.1,
            discussion: Discussion::None,
            config,
        };
        let optional: Vec<_> = OptionalTable::of(&study.config).collect();
        for table in optional {
            let (path, text) = read(table.file)?;
            damaged(path, (table.read)(&mut study.optional, &text, &study.config))?;
        }
        match damage::find(&study) {
            Some((file, fault)) => damaged(folder.join(file), Err(fault)),
            None => {
                study.discussion = Discussion::read(folder, &study.files()?)?;
                Ok(study)
            }
        }
    }

    /// The files of a study, by their names in its folder.
    ///
    /// # Errors
    ///
    /// What CSV or TOML cannot hold.
    pub fn files(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let config = &self.config;
        let mut files = vec![
            (CONFIG_FILE.into(), config.to_toml().into_bytes()),
            (RunRow::FILE.into(), bytes(&self.runs, config)?),
            (EpochRow::FILE.into(), bytes(&self.epochs, config)?),
            (StepRow::FILE.into(), bytes(&self.steps, config)?),
            (ConfusionRow::FILE.into(), bytes(&self.confusion, config)?),
            (GRADE_FILE.into(), self.grade.clone().into_bytes()),
        ];
        for table in OptionalTable::of(config) {
            files.push((table.file.into(), (table.bytes)(&self.optional, config)?));
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests;
