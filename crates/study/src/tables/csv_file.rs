//! Rows as CSV and back, with messages that name line and column.

use csv::{ErrorKind, ReaderBuilder, StringRecord, WriterBuilder};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::column::Column;
use super::key::{self, Key};
use crate::config::StudyConfig;
use crate::error::Result;

/// A row of a table: a key in the first columns, then columns of its own.
pub trait Row: Sized {
    /// What its first columns say.
    type Key: Key;

    /// The file of its table.
    const FILE: &'static str;

    /// The names of its own columns, in order.
    const COLUMNS: &'static [&'static str];

    /// What the table has.
    const MEANING: &'static str;

    /// What each of its own columns is, in order.
    const MEANINGS: &'static [&'static str];

    /// Whether its first columns are all axes; else those that the study compares.
    const HAS_EVERY_AXIS: bool;

    /// Whether a table of an older program may lack this column.
    fn is_optional(column: &str) -> bool;

    /// Which run or arm it belongs to.
    fn key(&self) -> &Self::Key;

    /// The row of these cells; none where the table lacks the column. An error has the column and
    /// what is wrong with its cell.
    ///
    /// # Errors
    ///
    /// A cell that is no value of its column.
    fn read<'c>(
        key: Self::Key,
        cell: impl Fn(&str) -> Option<&'c str>,
    ) -> Result<Self, (&'static str, String)>;

    /// Writes the cells of its own columns.
    ///
    /// # Errors
    ///
    /// If the CSV writer fails.
    fn write<S: SerializeSeq>(&self, row: &mut S) -> Result<(), S::Error>;
}

/// A row as the cells of a line.
struct Line<'a, R>(&'a R, &'a StudyConfig);

impl<R: Row> Serialize for Line<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_seq(None)?;
        key::write(self.0.key(), self.1, R::HAS_EVERY_AXIS, &mut line)?;
        self.0.write(&mut line)?;
        line.end()
    }
}

/// A table of this study as CSV. One without rows has its header all the same.
///
/// # Errors
///
/// Those of the writer.
pub fn bytes<R: Row>(rows: &[R], config: &StudyConfig) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(&mut bytes);
    writer
        .write_record(key::names::<R::Key>(config, R::HAS_EVERY_AXIS).iter().chain(R::COLUMNS))?;
    rows.iter().try_for_each(|row| writer.serialize(Line(row, config)))?;
    writer.flush().map_err(csv::Error::from)?;
    drop(writer);
    Ok(bytes)
}

/// The rows of a table of this study. Columns are found by their names: a column more does no harm,
/// and an optional one may be missing. Each row must belong to an arm and a seed of the study.
pub(crate) fn parse<R: Row>(text: &str, config: &StudyConfig) -> Result<Vec<R>, String> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = records.next().transpose().map_err(|error| error.to_string())?;
    let header = header.unwrap_or_default();
    // The others say nothing more than the study's file: a table from before there was an axis reads.
    let keys = key::names::<R::Key>(config, false);
    let all: Vec<&str> = keys.iter().chain(R::COLUMNS).copied().collect();
    let place = |column: &str| header.iter().position(|found| found == column);
    let is_missing = |column: &&&str| place(column).is_none() && !R::is_optional(column);
    if let Some(missing) = all.iter().find(is_missing) {
        return Err(format!(
            "line 1: found the columns \"{}\" without {missing}, expected \"{}\"",
            header.iter().collect::<Vec<_>>().join(","),
            all.join(",")
        ));
    }
    if !text.ends_with('\n') {
        return Err(format!(
            "line {}: found the end of the file within the line; the file was cut",
            text.lines().count()
        ));
    }
    let places: Vec<(&str, Option<usize>)> =
        all.iter().map(|column| (*column, place(column))).collect();
    let keys = key::Reader::new(config);
    records
        .map(|record| match record {
            Ok(record) => row(&record, &places, &keys),
            Err(error) => Err(broken_line(&error)),
        })
        .collect()
}

fn row<R: Row>(
    record: &StringRecord,
    places: &[(&str, Option<usize>)],
    keys: &key::Reader<'_>,
) -> Result<R, String> {
    let cell = |column: &str| {
        let (_, place) = places.iter().find(|(name, _)| *name == column)?;
        record.get((*place)?)
    };
    let line = record.position().map_or(0, csv::Position::line);
    let read = || {
        let key = keys.read(|column| cell(column).unwrap_or_default())?;
        R::read(key, cell)
    };
    read().map_err(|(column, fault)| format!("line {line}, column {column}: {fault}"))
}

/// Reads the cell of a column, for [`Row::read`].
pub(crate) fn read<'c, C: Column>(
    column: &'static str,
    cell: impl Fn(&str) -> Option<&'c str>,
) -> Result<C::Value, (&'static str, String)> {
    match cell(column) {
        Some(text) => C::read(text).map_err(|fault| (column, format!("found \"{text}\"{fault}"))),
        None => C::absent().ok_or_else(|| (column, "found no cell".to_owned())),
    }
}

fn broken_line(error: &csv::Error) -> String {
    let ErrorKind::UnequalLengths { pos, expected_len, len } = error.kind() else {
        return error.to_string();
    };
    let line = pos.as_ref().map_or(0, csv::Position::line);
    format!("line {line}: found {len} columns, expected {expected_len}")
}
