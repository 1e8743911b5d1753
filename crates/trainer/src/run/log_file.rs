//! A file that only grows.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use crate::TrainError;

/// A file that only grows, by whole parts.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    length: u64,
}

impl LogFile {
    /// An empty log in the place of whatever was there.
    pub(super) fn begin(path: PathBuf) -> Result<Self, TrainError> {
        File::create(&path).map_err(TrainError::file(&path, "cannot be made"))?;
        Ok(Self { path, length: 0 })
    }

    /// The log as it was when it had this length: what was written since is cut off.
    pub(super) fn go_on(path: PathBuf, length: u64) -> Result<Self, TrainError> {
        let open = || -> io::Result<u64> {
            let file = OpenOptions::new().write(true).open(&path)?;
            let found = file.metadata()?.len();
            if found > length {
                file.set_len(length)?;
                file.sync_all()?;
            }
            Ok(found)
        };
        let found = open().map_err(TrainError::file(&path, "cannot be continued"))?;
        if found < length {
            return Err(TrainError::ShortLog { path, expected: length, found });
        }
        Ok(Self { path, length })
    }

    /// For `map_err` where what belongs into this file cannot be made.
    pub(super) fn unwritable(&self) -> impl FnOnce(io::Error) -> TrainError {
        TrainError::file(&self.path, "cannot be written")
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds a part, and waits until the disk has it.
    pub(super) fn append(&mut self, part: &[u8]) -> Result<(), TrainError> {
        let append = || -> io::Result<()> {
            let mut file = OpenOptions::new().append(true).open(&self.path)?;
            file.write_all(part)?;
            file.sync_all()
        };
        append().map_err(self.unwritable())?;
        self.length += part.len() as u64;
        Ok(())
    }

    /// Takes back what was written after this length, as well as it goes: making a file shorter
    /// needs no room on a full disk, and if even that fails, the next start cuts it.
    pub(super) fn cut(&mut self, length: u64) {
        if let Ok(file) = OpenOptions::new().write(true).open(&self.path) {
            let _ = file.set_len(length);
        }
        self.length = length;
    }
}
