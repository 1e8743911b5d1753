//! Fashion-MNIST: 60,000 training and 10,000 test images of garments in ten classes.
//!
//! Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
//! Machine Learning Algorithms", 2017, <https://github.com/zalandoresearch/fashion-mnist>.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::entry::{DataSetEntry, PublishedFiles, Source, Subset};
use super::idx;
use super::labelled_images::{ImageSize, LabelledImages};
use super::published_file::PublishedFile;
use crate::TrainError;

const CLASSES: usize = CLASS_NAMES.len();

/// The size of every image.
pub const IMAGE: ImageSize = ImageSize { channels: 1, height: 28, width: 28 };

/// What a label means, in the publishers' words: label 0 is a T-shirt or top. The built-in set
/// follows the same order.
pub const CLASS_NAMES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// The data set's files, read one part at a time: a study has no business with the test images
/// before its end.
pub struct FashionMnist;

/// MD5 8d4fb7e6c68d591d4c3dfef9ec88bf0d.
const TRAINING_IMAGES: PublishedFile = PublishedFile {
    name: "train-images-idx3-ubyte.gz",
    bytes: 26_421_880,
    sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
};

/// MD5 25c81989df183df01b3e8a0aad5dffbe.
const TRAINING_LABELS: PublishedFile = PublishedFile {
    name: "train-labels-idx1-ubyte.gz",
    bytes: 29_515,
    sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
};

/// MD5 bef4ecab320f06d8554ea6380940ec79.
const TEST_IMAGES: PublishedFile = PublishedFile {
    name: "t10k-images-idx3-ubyte.gz",
    bytes: 4_422_102,
    sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
};

/// MD5 bb300cfdad3c16e7a12a480ee83cd310.
const TEST_LABELS: PublishedFile = PublishedFile {
    name: "t10k-labels-idx1-ubyte.gz",
    bytes: 5_148,
    sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
};

impl FashionMnist {
    /// The name in messages.
    pub const NAME: &str = "Fashion-MNIST";

    /// The four files, of which each SHA-256 is that of the file whose MD5 the publishers give.
    pub const FILES: [PublishedFile; 4] =
        [TEST_LABELS, TRAINING_LABELS, TEST_IMAGES, TRAINING_IMAGES];

    /// The 60,000 images to train and validate with.
    ///
    /// # Errors
    ///
    /// [`TrainError`] naming the file that is missing, unreadable or not the published one.
    pub fn training(folder: &Path) -> Result<LabelledImages, TrainError> {
        read(Subset::Training, folder)
    }

    /// The 10,000 images to test with, once, at the end.
    ///
    /// # Errors
    ///
    /// As for [`Self::training`].
    pub fn test(folder: &Path) -> Result<LabelledImages, TrainError> {
        read(Subset::Test, folder)
    }
}

/// Source of the addresses: <https://github.com/zalandoresearch/fashion-mnist>, "Get the Data".
pub(super) const ENTRY: DataSetEntry = DataSetEntry {
    folder: "fashion-mnist",
    argument: "fashion-mnist",
    help: "Fashion-MNIST, from its four files; fetched if they are not here",
    image: IMAGE,
    class_names: &CLASS_NAMES,
    training_images: 60_000,
    test_images: 10_000,
    source: Source::Files(PublishedFiles {
        variable: "FASHION_MNIST_DIR",
        page: "https://github.com/zalandoresearch/fashion-mnist",
        license: "MIT",
        files: &FashionMnist::FILES,
        addresses: &[
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        ],
        read,
    }),
};

fn read(subset: Subset, folder: &Path) -> Result<LabelledImages, TrainError> {
    let (count, images, labels) = match subset {
        Subset::Training => (ENTRY.training_images, &TRAINING_IMAGES, &TRAINING_LABELS),
        Subset::Test => (ENTRY.test_images, &TEST_IMAGES, &TEST_LABELS),
    };
    // The small file first: most things wrong with a folder show at once.
    let labels = read_array(labels, folder, &[count])?;
    let pixels = read_array(images, folder, &[count, IMAGE.height, IMAGE.width])?;
    LabelledImages::new(IMAGE, CLASSES, pixels, labels)
}

/// The array in the file, which is looked at only once its checksum is known to be right.
fn read_array(file: &PublishedFile, folder: &Path, shape: &[usize]) -> Result<Vec<u8>, TrainError> {
    let compressed = file.read(folder, FashionMnist::NAME)?;
    let path = folder.join(file.name);
    let limit = idx::file_length(shape) as u64;
    let mut bytes = Vec::new();
    GzDecoder::new(compressed.as_slice())
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(TrainError::file(&path, "cannot be decompressed"))?;
    idx::read(&bytes, shape).map_err(|source| TrainError::Idx { path, source })
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::{self, Write};

    use super::*;

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
