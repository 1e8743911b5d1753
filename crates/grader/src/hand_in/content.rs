//! What a folder holds, as one hash.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::hand_in::limits::too_large;
use crate::hand_in::listing;
use crate::hand_in::problem::Problem;
use crate::messages::path as shown;

/// What is read of all files of a folder together, in bytes.
const SIZE_LIMIT: u64 = 1 << 30;

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// A hash of the paths and bytes of all files that can be read, and of the targets of links.
    pub(super) sha256: String,
    /// How many files there are, without what systems and programs leave.
    pub(super) files: usize,
    /// The first file that the programs which need it may not read, if there is one.
    closed: Option<PathBuf>,
}

impl Content {
    pub(super) fn of(path: &Path) -> Result<Self, Problem> {
        let found = listing::everything(path)?;
        let files = found.iter().filter(|file| !file.is_left_out).count();
        let (mut whole, mut room, mut closed) = (Sha256::new(), SIZE_LIMIT, None);
        for file in &found {
            let mut content = Sha256::new();
            let unreadable = |error| Problem::unreadable(&file.name, &error);
            if file.is_link {
                let target = fs::read_link(&file.path).map_err(unreadable)?;
                // No name has this letter, so that no file is taken for a link.
                whole.update(Sha256::digest(format!("{}\0", file.name)));
                whole.update(Sha256::digest(target.as_os_str().as_encoded_bytes()));
                continue;
            }
            let read = File::open(&file.path).and_then(|open| {
                io::copy(&mut open.take(room + 1), &mut io::BufWriter::new(Hashed(&mut content)))
            });
            let read = match read {
                // The program cannot read it either, and does without.
                Err(error)
                    if file.is_left_out && error.kind() == io::ErrorKind::PermissionDenied =>
                {
                    continue;
                }
                read => read.map_err(unreadable)?,
            };
            room = room.checked_sub(read).ok_or_else(|| too_large(&shown(path), SIZE_LIMIT))?;
            if closed.is_none() && !file.is_left_out && !is_open(&file.path) {
                closed = Some(file.path.clone());
            }
            // Each part by a hash of its own, so that no letter can move from one to the next.
            whole.update(Sha256::digest(&file.name));
            whole.update(content.finalize());
        }
        Ok(Self { sha256: hex::encode(whole.finalize()), files, closed })
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_all_that_a_program_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let hash = || Content::of(folder.path()).unwrap().sha256;
        fs::write(at("run"), "").unwrap();
        for name in ["node_modules", "venv"] {
            fs::create_dir(at(name)).unwrap();
        }
        let mut seen = vec![hash()];
        for name in ["venv/pyvenv.cfg", "venv/a.py", ".config", "node_modules/a.js", "link"] {
            for target in ["1", "2"] {
                if name == "link" {
                    let _absent = fs::remove_file(at(name));
                    std::os::unix::fs::symlink(target, at(name)).unwrap();
                } else {
                    fs::write(at(name), target).unwrap();
                }
                assert!(!seen.contains(&hash()), "{name} {target}");
                seen.push(hash());
            }
        }
        fs::remove_file(at("link")).unwrap();
        fs::write(at("link"), "2").unwrap();
        assert!(!seen.contains(&hash()));
        assert_eq!(Content::of(folder.path()).unwrap().files, 2);
    }
}
