//! What a folder holds, as one hash.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::hand_in::listing;
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
    /// The first file that the programs which need it may not read, if there is one.
    closed: Option<PathBuf>,
}

impl Content {
    pub(super) fn of(path: &Path) -> Result<Self, Problem> {
        let files = listing::files(path)?;
        let (mut whole, mut room, mut closed) = (Sha256::new(), SIZE_LIMIT, None);
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
            if closed.is_none() && !is_open(&file.path) {
                closed = Some(file.path.clone());
            }
            // Each part by a hash of its own, so that no letter can move from one to the next.
            whole.update(Sha256::digest(&file.name));
            whole.update(content.finalize());
        }
        Ok(Self { sha256: hex::encode(whole.finalize()), files: files.len(), closed })
    }

    /// That all of it can be read in a sandbox.
    pub(super) fn ensure_open(&self) -> Result<(), Problem> {
        let Some(closed) = &self.closed else { return Ok(()) };
        let found = "a file that other users may not read, as which root's programs run";
        Err(Problem::new(
            shown(closed),
            found,
            "one that they may; run `chmod -R go+rX` on the folder",
        )
        .of_reading())
    }
}

/// Whether others may read a file and its folder, where that is needed: the programs of root run as
/// another user.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let grants =
        |path: &Path, mode: u32| fs::metadata(path).is_ok_and(|is| is.mode() & mode == mode);
    !is_root || (grants(path, 0o004) && path.parent().is_none_or(|folder| grants(folder, 0o005)))
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    true
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
