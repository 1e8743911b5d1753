//! The tables of a study: all that its figures and its report are made from.
//!
//! They lie in the folder of the report, small enough to be committed: `study.toml`, a CSV file per
//! table, and the transcript of `grade`. Numbers are the shortest decimals that read back as the
//! same `f64`, so that a report made from the files is the one made from the runs, byte for byte.
//! Accuracies are shares of images (higher is better); losses are cross-entropies in nats, means
//! over images (lower is better); steps are optimiser steps over all epochs, counted from 0;
//! epochs are counted from 1. The first columns say which run or arm a row belongs to. A column is
//! added by a line in its table here, and by what fills it in `collect.rs`.

mod column;
mod csv_file;
mod damage;
mod key;

use std::fs;
use std::path::{Path, PathBuf};

use crate::axis::Arm;
use crate::config::{CONFIG_FILE, StudyConfig};
use crate::error::{Result, StudyError};

pub use column::{Accuracy, Column, Count, Index, Loss, Optional, Place, Real, Statistic};
pub(crate) use csv_file::read;
pub use csv_file::{Row, bytes};
pub use key::{Key, RunKey};

/// The transcript of the grade, in the study's folder.
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
    /// What was to be found.
    pub config: StudyConfig,
    /// What came out of each run.
    pub runs: Vec<RunRow>,
    /// Each run after each epoch.
    pub epochs: Vec<EpochRow>,
    /// The training of each run, by windows of steps.
    pub steps: Vec<StepRow>,
    /// Percentiles of what goes into ReLU and batch norm.
    pub activations: Vec<ActivationRow>,
    /// Percentiles of the parameters and running statistics of batch norm.
    pub batch_norm: Vec<BatchNormRow>,
    /// Test images by true and predicted class.
    pub confusion: Vec<ConfusionRow>,
    /// The transcript of the grade of the kernels, which the caller hands in.
    pub grade: String,
}

/// A table: its row, its file, what its first columns say, and its own columns.
macro_rules! table {
    ($(#[$doc:meta])* $row:ident in $file:literal of $key:ty;
     $($(#[$field_doc:meta])* $field:ident: $column:ty,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $row {
            /// Which run or arm the row belongs to.
            pub key: $key,
            $($(#[$field_doc])* pub $field: <$column as $crate::tables::Column>::Value,)*
        }

        impl $crate::tables::Row for $row {
            type Key = $key;
            const FILE: &'static str = $file;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn key(&self) -> &$key {
                &self.key
            }

            fn read<'c>(
                key: $key,
                cell: impl Fn(&str) -> Option<&'c str>,
            ) -> Result<Self, (&'static str, String)> {
                Ok(Self { key, $($field: $crate::tables::read::<$column>(stringify!($field), &cell)?,)* })
            }

            fn write<S: serde::ser::SerializeSeq>(&self, row: &mut S) -> Result<(), S::Error> {
                $(row.serialize_element(&self.$field)?;)*
                Ok(())
            }

            fn is_optional(column: &str) -> bool {
                $((column == stringify!($field) && <$column as $crate::tables::Column>::absent().is_some()))||*
            }
        }

        #[cfg(test)]
        #[allow(dead_code, reason = "not every table is made up")]
        impl $row {
            /// A row of zeros, so that a test names only the columns that it is about.
            pub(crate) fn blank(key: $key) -> Self {
                Self { key, $($field: Default::default(),)* }
            }
        }
    };
}

pub(crate) use table;

table! {
    /// What came out of a run.
    RunRow in "runs.csv" of RunKey;
    /// Epochs trained.
    epochs: Count,
    /// Optimiser steps taken.
    steps: Count,
    /// Mean over the last epoch's steps, each before its step.
    train_loss: Loss,
    /// On the validation images, after the last epoch.
    val_loss: Loss,
    /// As `val_loss`.
    val_accuracy: Accuracy,
    /// On the test images, after the last epoch; empty if they were not used.
    test_loss: Optional<Loss>,
    /// As `test_loss`.
    test_accuracy: Optional<Accuracy>,
}

table! {
    /// Where a run stood after an epoch.
    EpochRow in "epochs.csv" of RunKey;
    /// From 1.
    epoch: Count,
    /// The epoch's last.
    step: Count,
    /// Mean over the epoch's steps weighted by images, each before its step.
    train_loss: Loss,
    /// As `train_loss`.
    train_accuracy: Accuracy,
    /// On the validation images, after the epoch.
    val_loss: Loss,
    /// As `val_loss`.
    val_accuracy: Accuracy,
}

table! {
    /// Means over a window of steps, a twentieth of an epoch, of what a batch gave before its step.
    StepRow in "steps.csv" of RunKey;
    /// The window's last.
    step: Count,
    /// Mean loss of the window's batches.
    loss: Loss,
    /// Share of the window's images classified correctly.
    accuracy: Accuracy,
    /// Images in the window.
    count: Count,
}

table! {
    /// Percentiles over all values that one training batch has at a place in the network.
    ActivationRow in "activations.csv" of RunKey;
    /// The step, before which the values were observed.
    step: Count,
    /// The block, counted from 1.
    block: Index,
    /// Where in the block.
    place: Place,
    /// The 15th percentile.
    p15: Real,
    /// The median.
    p50: Real,
    /// The 85th percentile.
    p85: Real,
}

table! {
    /// Percentiles over the channels of a parameter or running statistic of batch norm.
    BatchNormRow in "batch_norm.csv" of RunKey;
    /// The step, before which the values were observed.
    step: Count,
    /// The block, counted from 1.
    block: Index,
    /// Which parameter or running statistic.
    quantity: Statistic,
    /// The least value.
    min: Real,
    /// The lower quartile.
    p25: Real,
    /// The median.
    p50: Real,
    /// The upper quartile.
    p75: Real,
    /// The largest value.
    max: Real,
}

table! {
    /// How many test images of a class were taken for another, summed over seeds.
    ConfusionRow in "confusion.csv" of Arm;
    /// The class that the images show.
    true_class: Index,
    /// The class that they were taken for.
    predicted_class: Index,
    /// The images.
    count: Count,
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
            let text = fs::read_to_string(&path).map_err(StudyError::file(&path, action))?;
            Ok::<_, StudyError>((path, text))
        };
        fn damaged<T>(path: PathBuf, found: Result<T, String>) -> Result<T> {
            found.map_err(|fault| StudyError::Damaged { path, fault })
        }
        fn table<R: Row>(file: Result<(PathBuf, String)>, config: &StudyConfig) -> Result<Vec<R>> {
            let (path, text) = file?;
            damaged(path, csv_file::parse(&text, config))
        }
        let (path, text) = read(CONFIG_FILE)?;
        let config: StudyConfig = damaged(
            path,
            toml::from_str(&text).map_err(|error| error.to_string().trim_end().to_owned()),
        )?;
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
        match damage::find(&study) {
            Some((file, fault)) => damaged(folder.join(file), Err(fault)),
            None => Ok(study),
        }
    }

    /// The files of a study, by their names in its folder.
    ///
    /// # Errors
    ///
    /// What CSV or TOML cannot hold.
    pub fn files(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let config = &self.config;
        Ok(vec![
            (CONFIG_FILE.into(), config.to_toml()?.into_bytes()),
            (RunRow::FILE.into(), bytes(&self.runs, config)?),
            (EpochRow::FILE.into(), bytes(&self.epochs, config)?),
            (StepRow::FILE.into(), bytes(&self.steps, config)?),
            (ActivationRow::FILE.into(), bytes(&self.activations, config)?),
            (BatchNormRow::FILE.into(), bytes(&self.batch_norm, config)?),
            (ConfusionRow::FILE.into(), bytes(&self.confusion, config)?),
            (GRADE_FILE.into(), self.grade.clone().into_bytes()),
        ])
    }
}

#[cfg(test)]
mod tests;
