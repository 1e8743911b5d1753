//! The tables that a study has only if it has the figure of them, since what they hold is measured for that
//! figure, or is much and of use for it alone. Such a table is its row in `rows.rs`, its line in the list
//! below, its check in `damage.rs`, and what fills it in `collect.rs`.

use super::csv_file::{Row, bytes, parse};
use super::dictionary::columns;
use super::key::{Key, RunKey};
use super::rows::{ActivationRow, BatchNormRow, LandscapeRow, UnitRow, VarianceShiftRow};
use crate::config::StudyConfig;
use crate::error::Result;
use crate::figure_name;

/// A table that not every study has, without the type of its rows.
#[derive(Debug)]
pub struct OptionalTable {
    /// The figure that asks for it.
    pub(super) figure: &'static str,
    /// The file of the table.
    pub file: &'static str,
    /// What the table has.
    pub meaning: &'static str,
    /// The same in a few words, for the list of tables in a report.
    pub(crate) in_short: &'static str,
    /// Its columns, each with the file, its name and what it is.
    pub(crate) columns: fn(&StudyConfig) -> Vec<[String; 3]>,
    /// Its text in a study with these rows.
    pub(super) bytes: fn(&OptionalRows, &StudyConfig) -> Result<Vec<u8>>,
    /// Puts the rows of this text with those of the other tables of a study.
    pub(super) read: fn(&mut OptionalRows, &str, &StudyConfig) -> Result<(), String>,
    /// Whether two studies have other rows of this run. Rows that sum up seeds are of no run.
    pub(crate) differs_in_run: fn(&OptionalRows, &OptionalRows, &RunKey) -> bool,
    /// Whether two studies have other rows that sum up seeds.
    pub(crate) differs_over_seeds: fn(&OptionalRows, &OptionalRows) -> bool,
}

macro_rules! optional_tables {
    ($($(#[doc = $doc:literal])* $field:ident: $row:ty, $in_short:literal, for $figure:expr;)*) => {
        /// The rows of the tables that not every study has.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct OptionalRows {
            $($(#[doc = $doc])* pub $field: Vec<$row>,)*
        }

        /// The tables that not every study has.
        pub static OPTIONAL_TABLES: &[OptionalTable] = &[$(OptionalTable {
            figure: $figure,
            file: <$row>::FILE,
            meaning: <$row>::MEANING,
            in_short: $in_short,
            columns: columns::<$row>,
            bytes: |rows, config| bytes(&rows.$field, config),
            read: |rows, text, config| {
                rows.$field = parse(text, config)?;
                Ok(())
            },
            differs_in_run: |one, other, key| differ_in_run(&one.$field, &other.$field, key),
            differs_over_seeds: |one, other| differ_over_seeds(&one.$field, &other.$field),
        }),*];
    };
}

optional_tables! {
    /// What goes into activations and the norms before them, over seeds.
    activations: ActivationRow, "percentiles of what goes into activations and norms, over seeds",
        for figure_name::ACTIVATION_PERCENTILES;
    /// Parameters and running statistics of batch norms, over seeds.
    batch_norm: BatchNormRow, "parameters and running statistics of batch norms, over seeds",
        for figure_name::BATCH_NORM_PARAMETERS;
    /// Shifts of variance by norm.
    variance_shift: VarianceShiftRow, "the shift of variance of each batch norm",
        for figure_name::VARIANCE_SHIFT;
    /// The loss and its gradient along the gradient, by step.
    landscape: LandscapeRow, "the loss and its gradient along the gradient",
        for figure_name::LANDSCAPE;
    /// Percentiles of what goes into one unit, by step.
    unit_percentiles: UnitRow, "percentiles of what goes into one unit",
        for figure_name::UNIT_PERCENTILES;
}

impl OptionalTable {
    /// Those that this study has.
    pub fn of(config: &StudyConfig) -> impl Iterator<Item = &'static Self> {
        OPTIONAL_TABLES.iter().filter(|table| config.shows(table.figure))
    }
}

fn differ_in_run<R: Row + PartialEq>(one: &[R], other: &[R], key: &RunKey) -> bool {
    let is_of_run = |row: &&R| row.key().seed() == Some(key.seed) && *row.key().arm() == key.arm;
    !one.iter().filter(is_of_run).eq(other.iter().filter(is_of_run))
}

fn differ_over_seeds<R: Row + PartialEq>(one: &[R], other: &[R]) -> bool {
    !R::Key::HAS_SEED && one != other
}
