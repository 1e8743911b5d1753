//! Logs as CSV.

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
    /// Whether the names of the columns are still to be written, which goes with the first row.
    begins: bool,
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

    fn with_header(begins: bool) -> Self {
        let writer = csv::WriterBuilder::new().has_headers(begins).from_writer(Vec::new());
        Self { writer, begins, row: PhantomData }
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// [`io::Error`] for a type that CSV cannot hold, such as a list of lists.
    pub fn write(&mut self, row: &R) -> io::Result<()> {
        self.writer.serialize(row)?;
        self.begins = false;
        Ok(())
    }

    /// The bytes since the last call, or since the beginning.
    ///
    /// # Errors
    ///
    /// As for [`Self::write`].
    pub fn take(&mut self) -> io::Result<Vec<u8>> {
        let next = Self::with_header(self.begins);
        let Self { writer, .. } = std::mem::replace(self, next);
        writer.into_inner().map_err(|error| io::Error::from(error.error().kind()))
    }
}

/// The rows of a CSV file with the columns that are the fields of `R`.
///
/// # Errors
///
/// [`TrainError`] naming the file, and the line that is not such a row.
pub fn read_csv<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>, TrainError> {
    rows_of_csv(path, &files::read(path).map_err(TrainError::file(path, "cannot be read"))?)
}

/// The rows in these bytes of a CSV file.
///
/// # Errors
///
/// As for [`read_csv`].
pub(crate) fn rows_of_csv<R: DeserializeOwned>(
    path: &Path,
    bytes: &[u8],
) -> Result<Vec<R>, TrainError> {
    csv::Reader::from_reader(bytes)
        .into_deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| TrainError::Csv { path: path.to_path_buf(), found: error.to_string() })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Measurement, Phase};

    #[test]
    fn rows_are_exact_and_the_header_comes_once() {
        let row = Measurement {
            step: 0,
            epoch: 0,
            phase: Phase::Training,
            loss: f64::from(1.1_f32),
            accuracy: 0.1 + 0.2,
            count: 50,
        };
        let mut log = CsvLog::begin();
        assert_eq!(log.take().unwrap(), b"");
        log.write(&row).unwrap();
        let mut bytes = log.take().unwrap();
        log.write(&Measurement { phase: Phase::Validation, step: 959, accuracy: 0.5, ..row })
            .unwrap();
        bytes.extend(log.take().unwrap());
        let mut later = CsvLog::go_on();
        later.write(&Measurement { step: 960, accuracy: 1.0, ..row }).unwrap();
        bytes.extend(later.take().unwrap());
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            "step,epoch,split,loss,accuracy,count\n\
             0,0,train,1.100000023841858,0.30000000000000004,50\n\
             959,0,val,1.100000023841858,0.5,50\n\
             960,0,train,1.100000023841858,1.0,50\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        fs::write(&path, &bytes).unwrap();
        assert_eq!(read_csv::<Measurement>(&path).unwrap()[0], row);
        fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
        let message = read_csv::<Measurement>(&path).unwrap_err().to_string();
        assert!(message.contains("metrics.csv: expected rows of a log, found"), "{message}");
        assert!(message.contains("line: 4"), "{message}");
    }
}
