//! A file that only grows.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::checkpoint::LogState;

/// A file that only grows, by whole parts.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    written: Written,
}

/// What a log holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    length: u64,
    hasher: Sha256,
}

impl Written {
    fn add(&mut self, part: &[u8]) {
        self.length += part.len() as u64;
        self.hasher.update(part);
    }

    fn sha256(&self) -> String {
        hex::encode(self.hasher.clone().finalize())
    }
}

impl LogFile {
    /// An empty log in the place of whatever was there.
    pub(super) fn begin(path: PathBuf) -> Result<Self, TrainError> {
        files::create(&path).map_err(TrainError::file(&path, "cannot be made"))?;
        Ok(Self { path, written: Written::default() })
    }

    /// The log as a checkpoint knows it: what was written since is cut off, and what was there before
    /// must be the same bytes.
    pub(super) fn go_on(path: PathBuf, known: &LogState) -> Result<Self, TrainError> {
        let length = known.length;
        let read = || -> io::Result<Written> {
            let mut file = files::open(&path)?.take(length);
            let (mut written, mut chunk) = (Written::default(), vec![0; 1 << 16]);
            loop {
                match file.read(&mut chunk)? {
                    0 => return Ok(written),
                    count => written.add(&chunk[..count]),
                }
            }
        };
        let unusable = || TrainError::file(&path, "cannot be continued");
        let written = read().map_err(unusable())?;
        if written.length < length {
            return Err(TrainError::ShortLog { path, expected: length, found: written.length });
        }
        let found = written.sha256();
        if found != known.sha256 {
            let expected = known.sha256.clone();
            return Err(TrainError::ChangedLog { path, length, expected, found });
        }
        let cut = || -> io::Result<()> {
            let file = OpenOptions::new().write(true).open(&path)?;
            if file.metadata()?.len() > length {
                file.set_len(length)?;
                file.sync_all()?;
            }
            Ok(())
        };
        cut().map_err(unusable())?;
        Ok(Self { path, written })
    }

    /// For `map_err` where what belongs into this file cannot be made.
    pub(super) fn unwritable(&self) -> impl FnOnce(io::Error) -> TrainError {
        TrainError::file(&self.path, "cannot be written")
    }

    /// What it holds, to go back to by [`Self::cut`].
    pub(super) fn written(&self) -> Written {
        self.written.clone()
    }

    /// What it holds, for a checkpoint.
    pub(super) fn state(&self) -> LogState {
        LogState { length: self.written.length, sha256: self.written.sha256() }
    }

    /// Adds a part, and waits until the disk has it.
    pub(super) fn append(&mut self, part: &[u8]) -> Result<(), TrainError> {
        let append = || -> io::Result<()> {
            let mut file = OpenOptions::new().append(true).open(&self.path)?;
            file.write_all(part)?;
            file.sync_all()
        };
        append().map_err(self.unwritable())?;
        self.written.add(part);
        Ok(())
    }

    /// Takes back what was added since, as well as it goes: making a file shorter needs no room on a
    /// full disk, and if even that fails, the next start cuts it.
    pub(super) fn cut(&mut self, before: Written) {
        if let Ok(file) = OpenOptions::new().write(true).open(&self.path) {
            let _ = file.set_len(before.length);
        }
        self.written = before;
    }
}
