//! A file as the publishers of a data set offer it.

use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::error::Mismatch;

/// A file of a data set as its publishers offer it, known by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedFile {
    /// Its name in a folder and on the publishers' pages.
    pub name: &'static str,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: &'static str,
}

impl PublishedFile {
    /// Whether these are the file's bytes.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if they are others.
    pub fn check(&self, bytes: &[u8]) -> Result<(), Mismatch> {
        self.check_length(bytes.len() as u64)?;
        let found = hex::encode(Sha256::digest(bytes));
        if found != self.sha256 {
            return Err(Mismatch::Sha256 { expected: self.sha256, found });
        }
        Ok(())
    }

    /// Whether the file has this many bytes.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] if it has more or fewer.
    pub fn check_length(&self, bytes: u64) -> Result<(), Mismatch> {
        if bytes != self.bytes {
            return Err(Mismatch::Length { expected: self.bytes, found: bytes });
        }
        Ok(())
    }

    /// The bytes of the file in this folder, which are the published ones. A file of another size
    /// is refused before it is read. `data_set` is what a message calls the data set.
    ///
    /// # Errors
    ///
    /// [`TrainError::DataFileMissing`], [`TrainError::File`] if it cannot be read, or
    /// [`TrainError::Checksum`] if its bytes are others.
    pub fn read(&self, folder: &Path, data_set: &'static str) -> Result<Vec<u8>, TrainError> {
        let path = folder.join(self.name);
        let mut file = files::open(&path).map_err(|source| {
            let path = path.clone();
            if source.kind() == io::ErrorKind::NotFound {
                TrainError::DataFileMissing { path, data_set }
            } else {
                TrainError::File { path, action: "cannot be opened", source }
            }
        })?;
        let unreadable = || TrainError::file(&path, "cannot be read");
        let refuse = |mismatch| TrainError::Checksum { path: path.clone(), mismatch };
        let length = file.metadata().map_err(unreadable())?.len();
        self.check_length(length).map_err(refuse)?;
        let mut bytes = Vec::new();
        file.by_ref().take(self.bytes + 1).read_to_end(&mut bytes).map_err(unreadable())?;
        self.check(&bytes).map_err(refuse)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The SHA-256 of "abc" is the first example of FIPS 180-4's own.
    const ABC: PublishedFile = PublishedFile {
        name: "abc.gz",
        bytes: 3,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    #[test]
    fn the_published_bytes_are_accepted_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ABC.name);
        let read = || ABC.read(folder.path(), "Test set");
        let missing = read().unwrap_err();
        assert!(
            matches!(missing, TrainError::DataFileMissing { path: named, .. } if named == path)
        );
        fs::write(&path, "abc").unwrap();
        assert_eq!(read().unwrap(), b"abc");
        // Cut, padded, empty; then every single bit.
        for bytes in ["ab", "abcd", "abc\0", ""] {
            fs::write(&path, bytes).unwrap();
            let error = read().unwrap_err();
            let length = bytes.len() as u64;
            let TrainError::Checksum { mismatch, .. } = error else { panic!("{error}") };
            assert_eq!(mismatch, Mismatch::Length { expected: 3, found: length });
            assert_eq!(ABC.check(bytes.as_bytes()), Err(mismatch));
        }
        for bit in 0..24 {
            let mut bytes = *b"abc";
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bytes).unwrap();
            assert!(matches!(read(), Err(TrainError::Checksum { .. })), "bit {bit}");
        }
    }

    #[test]
    fn a_message_says_what_was_expected_found_and_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ABC.name);
        let read = || ABC.read(folder.path(), "Test set").unwrap_err();
        fs::write(&path, "ab").unwrap();
        let message = read().to_string();
        assert!(message.contains("abc.gz: expected 3 bytes, found 2;"), "{message}");
        fs::write(&path, "abd").unwrap();
        let message = read().to_string();
        assert!(message.contains("abc.gz: expected the SHA-256 ba7816bf"), "{message}");
        assert!(message.contains(", found a52d159f"), "{message}");
        assert!(message.ends_with("replace it"), "{message}");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = read(); // a folder opens on some systems and not on others
        assert!(matches!(error, TrainError::Checksum { .. } | TrainError::File { .. }));
    }
}
