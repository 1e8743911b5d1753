//! The arguments of the table of marks: its format, and who is in the class.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use grader::class::{MarksTable, Roster, TABLE_FORMATS, TableFormat, TableRequest};
use grader::messages;
use grader::rubric::Rubric;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct TableOptions {
    /// Format of the table of marks
    #[arg(long, value_name = "FORMAT", value_parser = formats(), default_value = TABLE_FORMATS[0].name, requires = "batch")]
    csv_format: &'static TableFormat,
    /// Who is in the class: a CSV file with a column `id`, a gradebook that Canvas exported, or a grading
    /// worksheet of Moodle; with --csv-format canvas or moodle, the table is this file with the marks in it
    #[arg(long, value_name = "FILE", requires = "batch")]
    pub roster: Option<PathBuf>,
    /// The assignment's name in Canvas's gradebook, or the column of the grades in Moodle's worksheet
    /// [default: the only one, or Grade]
    #[arg(long, value_name = "NAME", requires = "batch")]
    assignment: Option<String>,
}

/// The formats of the table, by name.
fn formats() -> impl TypedValueParser<Value = &'static TableFormat> {
    let names = TABLE_FORMATS.map(|format| PossibleValue::new(format.name).help(format.summary));
    PossibleValuesParser::new(names).try_map(|name| {
        TABLE_FORMATS.into_iter().find(|format| format.name == name).ok_or("no such format")
    })
}

impl TableOptions {
    /// The table of these hand-ins and of those that cannot be graded, which is written to `path`.
    pub(super) fn table(
        &self,
        path: &Path,
        rubric: &Rubric,
        [hand_ins, others]: [&[&str]; 2],
    ) -> Result<MarksTable> {
        let read = |file: &PathBuf| -> Result<Roster> {
            let shown = messages::path(file);
            let bytes =
                files::read(file).with_context(|| format!("{shown}: the roster cannot be read"))?;
            let is_table = file
                .canonicalize()
                .is_ok_and(|file| path.canonicalize().is_ok_and(|path| path == file));
            ensure!(
                !is_table,
                "{shown}: found one file for --roster and --csv, expected two; write the table to another"
            );
            Ok(Roster::of(file, &bytes)?)
        };
        Ok(MarksTable::new(TableRequest {
            format: self.csv_format,
            roster: self.roster.as_ref().map(read).transpose()?,
            assignment: self.assignment.as_deref(),
            rubric,
            hand_ins,
            others,
        })?)
    }
}
