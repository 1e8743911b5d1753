//! Fashion-MNIST: 60,000 training and 10,000 test images of garments in ten classes.
//!
//! Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
//! Machine Learning Algorithms", 2017, <https://github.com/zalandoresearch/fashion-mnist>.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use super::{ImageSize, LabelledImages, idx};
use crate::TrainError;
use crate::hexadecimal::hexadecimal;

const NAME: &str = "Fashion-MNIST";
const CLASSES: usize = 10;

/// The size of every image.
pub const IMAGE: ImageSize = ImageSize { channels: 1, height: 28, width: 28 };

/// The data set's files, read one part at a time: a study has no business with the test images
/// before its end.
pub struct FashionMnist;

/// A published file: its SHA-256 is of the one whose MD5 the publishers give.
struct DataFile {
    name: &'static str,
    bytes: u64,
    sha256: &'static str,
}

/// MD5 8d4fb7e6c68d591d4c3dfef9ec88bf0d.
const TRAINING_IMAGES: DataFile = DataFile {
    name: "train-images-idx3-ubyte.gz",
    bytes: 26_421_880,
    sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
};

/// MD5 25c81989df183df01b3e8a0aad5dffbe.
const TRAINING_LABELS: DataFile = DataFile {
    name: "train-labels-idx1-ubyte.gz",
    bytes: 29_515,
    sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
};

/// MD5 bef4ecab320f06d8554ea6380940ec79.
const TEST_IMAGES: DataFile = DataFile {
    name: "t10k-images-idx3-ubyte.gz",
    bytes: 4_422_102,
    sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
};

/// MD5 bb300cfdad3c16e7a12a480ee83cd310.
const TEST_LABELS: DataFile = DataFile {
    name: "t10k-labels-idx1-ubyte.gz",
    bytes: 5_148,
    sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
};

impl FashionMnist {
    /// The 60,000 images to train and validate with.
    ///
    /// # Errors
    ///
    /// [`TrainError`] naming the file that is missing, unreadable or not the published one.
    pub fn training(folder: &Path) -> Result<LabelledImages, TrainError> {
        read(folder, 60_000, &TRAINING_IMAGES, &TRAINING_LABELS)
    }

    /// The 10,000 images to test with, once, at the end.
    ///
    /// # Errors
    ///
    /// As for [`Self::training`].
    pub fn test(folder: &Path) -> Result<LabelledImages, TrainError> {
        read(folder, 10_000, &TEST_IMAGES, &TEST_LABELS)
    }
}

fn read(
    folder: &Path,
    count: usize,
    images: &DataFile,
    labels: &DataFile,
) -> Result<LabelledImages, TrainError> {
    // The small file first: most things wrong with a folder show at once.
    let labels = labels.read(folder, &[count])?;
    let pixels = images.read(folder, &[count, IMAGE.height, IMAGE.width])?;
    LabelledImages::new(IMAGE, CLASSES, pixels, labels)
}

impl DataFile {
    /// The array in the file, which is looked at only once its checksum is known to be right.
    fn read(&self, folder: &Path, shape: &[usize]) -> Result<Vec<u8>, TrainError> {
        let path = folder.join(self.name);
        let compressed = self.read_verified(&path)?;
        let limit = idx::file_length(shape) as u64;
        let mut bytes = Vec::new();
        GzDecoder::new(compressed.as_slice())
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(TrainError::file(&path, "cannot be decompressed"))?;
        idx::read(&bytes, shape).map_err(|source| TrainError::Idx { path, source })
    }

    fn read_verified(&self, path: &Path) -> Result<Vec<u8>, TrainError> {
        let mut file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                TrainError::DataFileMissing { path: path.to_path_buf(), data_set: NAME }
            }
            _ => TrainError::File { path: path.to_path_buf(), action: "cannot be opened", source },
        })?;
        let unreadable = || TrainError::file(path, "cannot be read");
        let refuse = |found_bytes, found| TrainError::Checksum {
            path: path.to_path_buf(),
            expected_bytes: self.bytes,
            expected: self.sha256,
            found_bytes,
            found,
        };
        let length = file.metadata().map_err(unreadable())?.len();
        if length != self.bytes {
            return Err(refuse(length, "a SHA-256 not computed".to_owned()));
        }
        let mut bytes = Vec::new();
        file.by_ref().take(self.bytes + 1).read_to_end(&mut bytes).map_err(unreadable())?;
        let found = hexadecimal(&Sha256::digest(&bytes));
        if found != self.sha256 {
            return Err(refuse(bytes.len() as u64, found));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::{env, fs};

    use super::*;

    #[test]
    fn files_that_are_missing_cut_or_changed_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(TEST_LABELS.name);
        let read = || TEST_LABELS.read(folder.path(), &[10_000]).unwrap_err();
        assert!(matches!(read(), TrainError::DataFileMissing { path: named, .. } if named == path));
        fs::write(&path, [0; 100]).unwrap();
        assert!(matches!(read(), TrainError::Checksum { found_bytes: 100, .. }));
        fs::write(&path, [0; 5_148]).unwrap();
        let message = read().to_string();
        assert!(message.contains("t10k-labels-idx1-ubyte.gz: expected 5148 bytes"), "{message}");
        assert!(message.contains(TEST_LABELS.sha256), "{message}");
        assert!(message.ends_with("replace it"), "{message}");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = read(); // a folder opens on some systems and not on others
        assert!(matches!(error, TrainError::Checksum { .. } | TrainError::File { .. }));
    }

    #[test]
    fn the_real_files_hold_what_the_publishers_say() {
        let Some(folder) = env::var_os("FASHION_MNIST_DIR") else {
            // Not `eprintln!`, which the test runner swallows.
            let _ =
                writeln!(io::stderr(), "SKIPPED a test on real data: FASHION_MNIST_DIR is not set");
            return;
        };
        let training = FashionMnist::training(Path::new(&folder)).unwrap();
        let test = FashionMnist::test(Path::new(&folder)).unwrap();
        assert_eq!((training.len(), test.len()), (60_000, 10_000));
        for (images, a_class) in [(&training, 6_000), (&test, 1_000)] {
            let positions: Vec<usize> = (0..images.len()).collect();
            let mut counts = [0; CLASSES];
            for chunk in positions.chunks(1_000) {
                for label in images.batch::<f32>(chunk).unwrap().labels {
                    counts[label] += 1;
                }
            }
            assert_eq!(counts, [a_class; CLASSES]);
        }
        // The first training image is an ankle boot.
        assert_eq!(training.batch::<f32>(&[0]).unwrap().labels[0], 9);
    }
}
