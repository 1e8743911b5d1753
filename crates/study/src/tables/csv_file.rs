//! Rows as CSV and back, with messages that name line and column.

use anyhow::{Context, Result, anyhow, ensure};
use csv::{ErrorKind, ReaderBuilder, StringRecord, WriterBuilder};

use super::{Row, StudyConfig};

/// A table as CSV. One without rows has its header all the same.
pub fn bytes<R: Row>(rows: &[R]) -> Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(R::COLUMNS)?;
    rows.iter().try_for_each(|row| writer.serialize(row))?;
    writer.into_inner().context("a table cannot be finished")
}

/// The rows of a table of this study. Each must belong to its grid, and each number be finite.
pub fn parse<R: Row>(text: &str, config: &StudyConfig) -> Result<Vec<R>> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = records.next().transpose()?.unwrap_or_default();
    ensure!(
        header.iter().eq(R::COLUMNS.iter().copied()),
        "line 1: found the columns \"{}\", expected \"{}\"",
        header.iter().collect::<Vec<_>>().join(","),
        R::COLUMNS.join(",")
    );
    ensure!(
        text.ends_with('\n'),
        "line {}: found the end of the file within the line; the file was cut",
        text.lines().count()
    );
    records
        .map(|record| match record {
            Ok(record) => row(&record, config),
            Err(error) => Err(broken_line(&error)),
        })
        .collect()
}

fn row<R: Row>(record: &StringRecord, config: &StudyConfig) -> Result<R> {
    let line = record.position().map_or(0, csv::Position::line);
    for (&column, cell) in R::COLUMNS.iter().zip(record) {
        let wrong = |expected| {
            anyhow!("line {line}, column {column}: found \"{cell}\", expected {expected}")
        };
        let Ok(number) = cell.parse::<f64>() else { continue };
        ensure!(number.is_finite(), wrong("a finite number"));
        if column.ends_with("accuracy") {
            ensure!((0.0..=1.0).contains(&number), wrong("a share from 0 to 1"));
        }
        if matches!(column, "step" | "steps" | "epoch" | "epochs" | "count") {
            // Sums of larger ones would overflow.
            ensure!(number <= f64::from(u32::MAX), wrong("at most 4294967295"));
        }
        if column.ends_with("loss") {
            ensure!(number >= 0.0, wrong("a cross-entropy, which is not negative"));
        }
    }
    let row: R = record.deserialize(None).map_err(|error| misread::<R>(line, record, &error))?;
    let (network, head, seed) = row.cell();
    let outside = |column: &str, found: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug| {
        anyhow!(
            "line {line}, column {column}: found {found:?}, expected one of study.toml's: \
             {expected:?}"
        )
    };
    if !config.networks.iter().any(|known| known == network) {
        return Err(outside("network", &network, &config.networks));
    }
    if !config.heads.contains(&head) {
        return Err(outside("head", &head, &config.heads));
    }
    match seed {
        Some(seed) if !config.seeds.contains(&seed) => Err(outside("seed", &seed, &config.seeds)),
        _ => Ok(row),
    }
}

/// What a cell that is no value of its column is told. An unknown word comes without its column,
/// but with itself.
fn misread<R: Row>(line: u64, record: &StringRecord, error: &csv::Error) -> anyhow::Error {
    let ErrorKind::Deserialize { err, .. } = error.kind() else {
        return anyhow!("line {line}: {error}");
    };
    let field = err.field().and_then(|field| usize::try_from(field).ok());
    let cell = field.and_then(|field| Some((R::COLUMNS.get(field)?, record.get(field)?)));
    match cell {
        Some((column, cell)) => {
            anyhow!("line {line}, column {column}: found \"{cell}\": {}", err.kind())
        }
        None => anyhow!("line {line}: {}", err.kind()),
    }
}

fn broken_line(error: &csv::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => anyhow!(
            "line {}: found {len} columns, expected {expected_len}",
            pos.as_ref().map_or(0, csv::Position::line)
        ),
        _ => anyhow!("{error}"),
    }
}
