//! The tables of a study: all that its figures and its report are made from.
//!
//! They lie in the folder of the report, small enough to be committed: `study.toml`, a CSV file a
//! table, and the transcript of `grade`. Numbers are the shortest decimals that read back as the
//! same `f64`, so that a report made from the files is the one made from the runs, byte for byte.
//! Accuracies are shares of images (higher is better); losses are cross-entropies in nats, means
//! over images (lower is better); steps are optimiser steps over all epochs, counted from 0;
//! epochs are counted from 1. Networks go by the names of their folders, as in `simple_network`.

mod config;
mod csv_file;
mod damage;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use config::{DataSetName, Head, StudyConfig, network_name};

#[cfg(test)]
use crate::replace_file;

/// The configuration of a study, in its folder.
pub const CONFIG_FILE: &str = "study.toml";

/// The transcript of `cargo xtask grade`, in the study's folder.
pub const GRADE_FILE: &str = "grade.txt";

/// All files of a study's tables, by their names in its folder.
pub const TABLE_FILES: &[&str] = &[
    CONFIG_FILE,
    RunRow::FILE,
    EpochRow::FILE,
    StepRow::FILE,
    ActivationRow::FILE,
    BatchNormRow::FILE,
    ConfusionRow::FILE,
    GRADE_FILE,
];

/// Everything that a study found.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    pub config: StudyConfig,
    pub runs: Vec<RunRow>,
    pub epochs: Vec<EpochRow>,
    pub steps: Vec<StepRow>,
    pub activations: Vec<ActivationRow>,
    pub batch_norm: Vec<BatchNormRow>,
    pub confusion: Vec<ConfusionRow>,
    /// The transcript of `cargo xtask grade`.
    pub grade: String,
}

/// A row of a table.
pub trait Row: Serialize + DeserializeOwned {
    /// The file of its table.
    const FILE: &str;

    /// The names of its columns, in order.
    const COLUMNS: &[&str];

    /// Which part of the grid it belongs to; no seed where it is a sum over seeds.
    fn cell(&self) -> (&str, Head, Option<u64>);
}

macro_rules! table {
    ($(#[$doc:meta])* $row:ident in $file:literal, of $seed:expr;
     $($(#[$field_doc:meta])* $field:ident: $kind:ty,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $row {
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        impl Row for $row {
            const FILE: &str = $file;
            const COLUMNS: &[&str] = &[$(stringify!($field)),*];

            fn cell(&self) -> (&str, Head, Option<u64>) {
                let seed: fn(&Self) -> Option<u64> = $seed;
                (&self.network, self.head, seed(self))
            }
        }
    };
}

table! {
    /// What came out of a run.
    RunRow in "runs.csv", of |row| Some(row.seed);
    network: String,
    head: Head,
    seed: u64,
    epochs: u64,
    steps: u64,
    /// Mean over the last epoch's steps, each before its step.
    train_loss: f64,
    val_loss: f64,
    val_accuracy: f64,
    /// On the test images, after the last epoch; empty if they were not looked at.
    test_loss: Option<f64>,
    test_accuracy: Option<f64>,
}

table! {
    /// What a run had come to after an epoch.
    EpochRow in "epochs.csv", of |row| Some(row.seed);
    network: String,
    head: Head,
    seed: u64,
    /// From 1.
    epoch: u64,
    /// The epoch's last.
    step: u64,
    /// Mean over the epoch's steps weighted by images, each before its step.
    train_loss: f64,
    /// As `train_loss`.
    train_accuracy: f64,
    val_loss: f64,
    val_accuracy: f64,
}

table! {
    /// Means over a window of steps, a twentieth of an epoch, of what a batch gave before its step.
    StepRow in "steps.csv", of |row| Some(row.seed);
    network: String,
    head: Head,
    seed: u64,
    /// The window's last.
    step: u64,
    loss: f64,
    accuracy: f64,
    /// Images in the window.
    count: u64,
}

table! {
    /// Percentiles over all values that one training batch has at a place in the network.
    ActivationRow in "activations.csv", of |row| Some(row.seed);
    network: String,
    head: Head,
    seed: u64,
    step: u64,
    /// The convolution block, 1 or 2.
    block: u64,
    place: Place,
    p15: f64,
    p50: f64,
    p85: f64,
}

table! {
    /// Percentiles over the channels of a parameter or running statistic of batch norm.
    BatchNormRow in "batch_norm.csv", of |row| Some(row.seed);
    network: String,
    head: Head,
    seed: u64,
    step: u64,
    /// The convolution block, 1 or 2.
    block: u64,
    quantity: Quantity,
    min: f64,
    p25: f64,
    p50: f64,
    p75: f64,
    max: f64,
}

table! {
    /// How many test images of a class were taken for another, summed over seeds.
    ConfusionRow in "confusion.csv", of |_| None;
    network: String,
    head: Head,
    true_class: u64,
    predicted_class: u64,
    count: u64,
}

/// Rows that are only written as CSV, with their fields' names as the header.
pub fn csv_of<R: Serialize>(rows: &[R]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.serialize(row))?;
    writer.into_inner().context("a table cannot be finished")
}

/// Where in a convolution block values were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// What goes into batch norm.
    BeforeBatchNorm,
    /// What goes into the ReLU.
    PreActivation,
}

/// A parameter or running statistic of batch norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    Gamma,
    Beta,
    RunningMean,
    RunningVar,
}

impl Study {
    /// Reads a study from its folder.
    ///
    /// # Errors
    ///
    /// A file that is missing, cut or contradicts another, named with line and column where there
    /// is one.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |file: &str| {
            let path = folder.join(file);
            let text = std::fs::read_to_string(&path).with_context(|| {
                format!("{} cannot be read; `cargo xtask experiment` writes it", path.display())
            })?;
            Ok::<_, anyhow::Error>((path, text))
        };
        let (path, text) = read(CONFIG_FILE)?;
        let config = StudyConfig::parse(&text).with_context(|| path.display().to_string())?;
        fn table<R: Row>(file: Result<(PathBuf, String)>, config: &StudyConfig) -> Result<Vec<R>> {
            let (path, text) = file?;
            csv_file::parse(&text, config).with_context(|| path.display().to_string())
        }
        let study = Self {
            runs: table(read(RunRow::FILE), &config)?,
            epochs: table(read(EpochRow::FILE), &config)?,
            steps: table(read(StepRow::FILE), &config)?,
            activations: table(read(ActivationRow::FILE), &config)?,
            batch_norm: table(read(BatchNormRow::FILE), &config)?,
            confusion: table(read(ConfusionRow::FILE), &config)?,
            grade: read(GRADE_FILE)?.1,
            config,
        };
        if let Some((file, fault)) = damage::find(&study) {
            bail!("{}: {fault}", folder.join(file).display());
        }
        Ok(study)
    }

    /// The heads that there are runs of, in the order of the report.
    pub fn heads(&self) -> Vec<Head> {
        let has_run = |head: &Head| self.runs.iter().any(|row| row.head == *head);
        self.config.heads.iter().copied().filter(has_run).collect()
    }

    /// The files of a study, by their names in its folder.
    pub fn files(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let config = toml::to_string(&self.config).context("the configuration is not TOML")?;
        Ok(vec![
            (CONFIG_FILE.into(), config.into_bytes()),
            (RunRow::FILE.into(), csv_file::bytes(&self.runs)?),
            (EpochRow::FILE.into(), csv_file::bytes(&self.epochs)?),
            (StepRow::FILE.into(), csv_file::bytes(&self.steps)?),
            (ActivationRow::FILE.into(), csv_file::bytes(&self.activations)?),
            (BatchNormRow::FILE.into(), csv_file::bytes(&self.batch_norm)?),
            (ConfusionRow::FILE.into(), csv_file::bytes(&self.confusion)?),
            (GRADE_FILE.into(), self.grade.clone().into_bytes()),
        ])
    }

    /// Writes a study into its folder, each file whole.
    #[cfg(test)]
    pub fn write(&self, folder: &Path) -> Result<()> {
        self.files()?.iter().try_for_each(|(file, bytes)| replace_file(&folder.join(file), bytes))
    }
}

#[cfg(test)]
mod tests;
