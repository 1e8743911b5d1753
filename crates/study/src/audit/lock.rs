//! `study.lock`: what a report was made of, and the hash of each of its files.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trainer::dataset::{DataSet, DataSetContents};
use trainer::run::CellId;

use super::sha256;
use crate::cell::Cell;
use crate::collect::CellFingerprint;
use crate::config::StudyConfig;
use crate::error::{Result, StudyError};
use crate::folder::name;
use crate::tables::is_table;

/// The file, in the folder of a report.
pub const LOCK_FILE: &str = "study.lock";

const HEADER: &str = "\
# What this report was made of. `cargo xtask reproduce` holds it against the report, and against cells that
# it trains anew. Hashes are SHA-256; a fingerprint is that of a training: every step's loss, what was
# observed of layers, and the weights and running statistics at the end.
";

/// The program that made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The compiler, as `rustc --version` tells it.
    pub rustc: String,
    /// The SHA-256 of `Cargo.lock`, which has the version of every dependency.
    pub cargo_lock: String,
}

/// A cell of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedCell {
    /// Which run it is.
    pub cell: CellId,
    /// The epochs that were asked for.
    pub epochs: u64,
    /// What it computed, as [`trainer::run::fingerprint`] tells.
    pub fingerprint: String,
}

/// What a report was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyLock {
    /// The SHA-256 of the study's file with all values, as [`StudyConfig::to_toml`] writes it.
    pub study: String,
    /// The names of the numbers that its networks compute.
    pub numerics: Vec<String>,
    /// The cells, in the order of the study.
    pub cells: Vec<LockedCell>,
    /// The program that trained the last of them, or found them trained.
    pub program: Program,
    /// What fixes each byte of the images, by data set.
    pub data: BTreeMap<String, BTreeMap<String, String>>,
    /// The SHA-256 of each file of the report, by its path.
    pub files: BTreeMap<String, String>,
}

impl StudyLock {
    /// The lock of a report with these files. None if the weights of a cell are gone: what it computed
    /// cannot be told any more.
    ///
    /// # Errors
    ///
    /// A cell that cannot be built.
    pub fn of(
        config: &StudyConfig,
        cells: &[Cell],
        fingerprints: Vec<CellFingerprint>,
        program: &Program,
        files: &[(PathBuf, Vec<u8>)],
    ) -> Result<Option<Self>> {
        let locked = |CellFingerprint { cell, epochs, fingerprint }| {
            Some(LockedCell { cell, epochs, fingerprint: fingerprint? })
        };
        let locked: Option<Vec<LockedCell>> = fingerprints.into_iter().map(locked).collect();
        let Some(locked) = locked else { return Ok(None) };
        Ok(Some(Self {
            study: study_hash(config),
            numerics: numerics(cells)?,
            cells: locked,
            program: program.clone(),
            data: data(config),
            files: files.iter().map(|(path, bytes)| (name(path), sha256(bytes))).collect(),
        }))
    }

    /// Reads the lock in this folder, if there is one.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is no lock.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(LOCK_FILE);
        let text = match files::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StudyError::file(&path, "cannot be read")(error)),
        };
        Self::parse(&text).map(Some).map_err(|fault| StudyError::Damaged { path, fault })
    }

    /// The lock with this text, or the line at fault.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
            format!("line {line}: {}", error.message().replace('\n', " "))
        })
    }

    /// The text of its file.
    pub fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        let mut line = |line: String| {
            text += &line;
            text.push('\n');
        };
        line(format!("study = {}", quoted(&self.study)));
        let numerics: Vec<String> = self.numerics.iter().map(|name| quoted(name)).collect();
        line(format!("numerics = [{}]", numerics.join(", ")));
        line("cells = [".to_owned());
        for LockedCell { cell, epochs, fingerprint } in &self.cells {
            let (cell, fingerprint) = (quoted(cell.as_str()), quoted(fingerprint));
            line(format!("  {{ cell = {cell}, epochs = {epochs}, fingerprint = {fingerprint} }},"));
        }
        line("]".to_owned());
        let Program { rustc, cargo_lock } = &self.program;
        let program = [("rustc", rustc), ("cargo_lock", cargo_lock)];
        let program = program.map(|(name, value)| (name.to_owned(), value.clone()));
        add_table(&mut text, "program", &BTreeMap::from(program));
        for (data_set, files) in &self.data {
            add_table(&mut text, &format!("data.{}", key(data_set)), files);
        }
        add_table(&mut text, "files", &self.files);
        text
    }
}

/// Adds a table of texts.
fn add_table(text: &mut String, name: &str, entries: &BTreeMap<String, String>) {
    *text += &format!("\n[{name}]\n");
    for (name, value) in entries {
        *text += &format!("{} = {}\n", key(name), quoted(value));
    }
}

/// The rendered files of a report with its lock, if it has one: with the hashes of these files, and those
/// that it had of the tables, which a report only reads. A changed table, drawn here, so stays noticed
/// until it is put back and drawn again.
///
/// # Errors
///
/// A lock that cannot be read.
pub fn with_lock(
    folder: &Path,
    mut rendered: Vec<(PathBuf, Vec<u8>)>,
) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    if let Some(mut lock) = StudyLock::read(folder)? {
        lock.files.retain(|file, _| is_table(file));
        lock.files.extend(rendered.iter().map(|(path, bytes)| (name(path), sha256(bytes))));
        rendered.push((LOCK_FILE.into(), lock.text().into_bytes()));
    }
    Ok(rendered)
}

/// The hash of a study's file, however it is laid out.
pub(super) fn study_hash(config: &StudyConfig) -> String {
    sha256(config.to_toml().as_bytes())
}

/// The names of the numbers that these cells compute, each once.
pub(super) fn numerics(cells: &[Cell]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for cell in cells {
        let name = cell.run.numerics()?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// What fixes each byte of the images of a study.
pub(super) fn data(config: &StudyConfig) -> BTreeMap<String, BTreeMap<String, String>> {
    let contents = |data_set: DataSet| {
        let contents = DataSetContents::from(data_set);
        let fixed = contents.fixed().iter();
        let fixed = fixed.map(|&(file, hash)| (file.to_owned(), hash.to_owned()));
        (data_set.entry().argument.to_owned(), fixed.collect())
    };
    config.data_sets().into_iter().map(contents).collect()
}

/// A key as TOML writes it.
fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
