//! What a folder holds, as one hash.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::hand_in::folder;
use crate::hand_in::problem::Problem;
use crate::messages::path as shown;

/// What is read of all files of a folder together, in bytes.
const SIZE_LIMIT: u64 = 1 << 30;

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// A hash of the paths and bytes of all files.
    pub(super) sha256: String,
    /// How many files there are.
    pub(super) files: usize,
}

impl Content {
    pub(super) fn of(path: &Path) -> Result<Self, Problem> {
        let files = folder::files(path)?;
        let (mut whole, mut room) = (Sha256::new(), SIZE_LIMIT);
        for file in &files {
            let mut content = Sha256::new();
            let read = File::open(&file.path).and_then(|open| {
                io::copy(&mut open.take(room + 1), &mut io::BufWriter::new(Hashed(&mut content)))
            });
            let read = read.map_err(|error| Problem::unreadable(&file.name, &error))?;
            room = room.checked_sub(read).ok_or_else(|| {
                let found = format!("more than {} MiB", SIZE_LIMIT >> 20);
                Problem::new(shown(path), found, "a folder of code")
            })?;
            // Each part by a hash of its own, so that no letter can move from one to the next.
            whole.update(Sha256::digest(&file.name));
            whole.update(content.finalize());
        }
        Ok(Self { sha256: hex::encode(whole.finalize()), files: files.len() })
    }
}

/// A hash that is written to.
struct Hashed<'a>(&'a mut Sha256);

impl io::Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
