//! How much memory a study takes.

use trainer::dataset::{DataSetEntry, Source};

use crate::cell::cells;
use crate::config::StudyConfig;
use crate::error::Result;

/// What the program takes besides images and runs: itself, and the figures.
const PROGRAM: u64 = 24 << 20;

/// About how many bytes a study takes at most with so many runs side by side: the program, and either
/// the files of the images while they are read, or the images and the largest of the runs.
///
/// # Errors
///
/// A run that cannot be built.
pub fn memory(config: &StudyConfig, runs_side_by_side: usize) -> Result<u64> {
    let DataSetEntry { image, class_names, training_images, test_images, source, .. } =
        config.data_set.entry();
    let count = |images: u64| usize::try_from(images).unwrap_or(usize::MAX);
    let (training, validation) = (count(config.training_images), count(config.validation_images));
    let mut runs = Vec::new();
    for cell in cells(config)? {
        runs.push(cell.run.memory(*image, class_names.len(), training, validation)?);
    }
    runs.sort_unstable_by(|one, other| other.cmp(one));
    runs.truncate(runs_side_by_side);
    let runs = runs.into_iter().fold(0, u64::saturating_add);
    let bytes = |images: u64| images.saturating_mul(image.values() as u64);
    let held = match source {
        // A file is read whole, and unpacked before its images are taken from it.
        Source::Files(files) => {
            let images = bytes(*training_images as u64);
            let packed = files.files.iter().map(|file| file.bytes).max().unwrap_or(0);
            (packed + 2 * images).max(images + bytes(*test_images as u64) + runs)
        }
        Source::Code(_) => {
            let images = config.training_images + config.validation_images;
            bytes(images + *test_images as u64).saturating_add(runs)
        }
    };
    Ok(held.saturating_add(PROGRAM))
}
