//! What a grade depends on, as one hash: a grade with the same key need not be made again.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::hand_in::{HandIn, ProgramFolder, PythonFiles};

/// A hash of everything put in so far.
#[derive(Clone, Default)]
pub(super) struct Key(Sha256);

impl Key {
    /// The same key, with one part more.
    pub(super) fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        // Each part by a hash of its own, so that no letter can move from one to the next.
        self.0.update(Sha256::digest(part));
        self
    }

    /// The same key, with the content of a file more.
    pub(super) fn with_file(mut self, path: &Path) -> io::Result<Self> {
        self.0.update(digest(path)?);
        Ok(self)
    }

    /// The same key, with a hand-in more.
    pub(super) fn with_hand_in(self, hand_in: &HandIn) -> Self {
        match hand_in {
            HandIn::Python(PythonFiles { main, files }) => {
                files.iter().fold(self.with(main), |key, (path, bytes)| key.with(path).with(bytes))
            }
            HandIn::Program(ProgramFolder { folder, sha256 }) => {
                self.with(folder.as_os_str().as_encoded_bytes()).with(sha256)
            }
        }
    }

    /// The hash in hexadecimal digits.
    pub(super) fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// The hash of a text, in hexadecimal digits.
pub(super) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// The hash of a regular file, in hexadecimal digits; `None` of anything else.
pub(super) fn hash_of_file(path: &Path) -> Option<String> {
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    is_file.then(|| digest(path).ok()).flatten().map(hex::encode)
}

/// The hash of a file, which need not fit into memory.
fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let (mut file, mut digest) = (File::open(path)?, Sha256::default());
    let mut bytes = vec![0; 1 << 16];
    loop {
        match file.read(&mut bytes) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(read) => digest.update(&bytes[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_counts_as_its_content_and_a_folder_has_no_hash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "abc".repeat(100_000)).unwrap();
        let key = Key::default().with_file(&path).unwrap();
        assert_eq!(key.finish(), Key::default().with("abc".repeat(100_000)).finish());
        assert_eq!(hash_of_file(&path), Some(hash(&"abc".repeat(100_000))));
        assert_eq!(hash_of_file(folder.path()), None);
    }

    #[test]
    fn a_key_depends_on_every_part_and_on_where_it_ends() {
        let key =
            |parts: &[&str]| parts.iter().fold(Key::default(), |key, part| key.with(part)).finish();
        assert_eq!(key(&["ab", "c"]), key(&["ab", "c"]));
        for other in [&["a", "bc"][..], &["abc"], &["ab", "c", ""], &["c", "ab"]] {
            assert_ne!(key(&["ab", "c"]), key(other));
        }
    }
}
