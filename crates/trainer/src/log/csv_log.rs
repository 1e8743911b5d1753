use std::fs;
use std::io;
use std::marker::PhantomData;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::TrainError;

/// A log of rows as CSV, collected in memory until [`Self::take`]n to its file. The first line names
/// the columns, which are the fields of `R`. Numbers are the shortest decimals that read back as the
/// same `f64`.
#[derive(Debug)]
pub struct CsvLog<R> {
    writer: csv::Writer<Vec<u8>>,
    row: PhantomData<fn(R)>,
}

impl<R: Serialize> CsvLog<R> {
    /// A log that begins with the names of its columns.
    pub fn begin() -> Self {
        Self::with_header(true)
    }

    /// Rows to follow those of an earlier log.
    pub fn go_on() -> Self {
        Self::with_header(false)
    }

    fn with_header(header: bool) -> Self {
        let writer = csv::WriterBuilder::new().has_headers(header).from_writer(Vec::new());
        Self { writer, row: PhantomData }
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// [`io::Error`] for a type that CSV cannot hold, such as a list of lists.
    pub fn write(&mut self, row: &R) -> io::Result<()> {
        Ok(self.writer.serialize(row)?)
    }

    /// The bytes since the last call, or since the beginning.
    ///
    /// # Errors
    ///
    /// As for [`Self::write`].
    pub fn take(&mut self) -> io::Result<Vec<u8>> {
        let Self { writer, .. } = std::mem::replace(self, Self::go_on());
        writer.into_inner().map_err(|error| io::Error::from(error.error().kind()))
    }
}

/// The rows of a CSV file with the columns that are the fields of `R`.
///
/// # Errors
///
/// [`TrainError`] naming the file, and the line that is not such a row.
pub fn read_csv<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>, TrainError> {
    let bytes = fs::read(path).map_err(TrainError::file(path, "cannot be read"))?;
    csv::Reader::from_reader(bytes.as_slice())
        .into_deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| TrainError::Csv { path: path.to_path_buf(), found: error.to_string() })
}
