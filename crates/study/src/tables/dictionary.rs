//! The data dictionary: what each column of each table is, as a table of its own.

use csv::WriterBuilder;

use super::csv_file::Row;
use super::key;
use crate::axis::axis;
use crate::config::StudyConfig;
use crate::error::Result;

/// The file of the data dictionary, in the study's folder.
pub const DICTIONARY_FILE: &str = "columns.csv";

/// The columns of a table, each with the file, its name and what it is.
pub fn columns<R: Row>(config: &StudyConfig) -> Vec<[String; 3]> {
    let keys = key::names::<R::Key>(config, R::HAS_EVERY_AXIS).into_iter().map(|name| {
        let meaning =
            axis(name).map_or("What is drawn at random follows from it", |axis| axis.help);
        (name, meaning)
    });
    let own = R::COLUMNS.iter().copied().zip(R::MEANINGS.iter().copied());
    let row = |(name, meaning): (&str, &str)| {
        let meaning = meaning.trim().trim_end_matches('.');
        [R::FILE, name, meaning].map(str::to_owned)
    };
    keys.chain(own).map(row).collect()
}

/// The dictionary of these columns as CSV.
///
/// # Errors
///
/// Those of the writer.
pub fn dictionary(columns: &[[String; 3]]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = WriterBuilder::new().from_writer(&mut bytes);
    writer.write_record(["file", "column", "meaning"])?;
    columns.iter().try_for_each(|column| writer.write_record(column))?;
    writer.flush().map_err(csv::Error::from)?;
    drop(writer);
    Ok(bytes)
}
