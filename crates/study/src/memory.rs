//! How much memory a study takes.

use trainer::dataset::{DataSet, DataSetEntry, Source};

use crate::config::StudyConfig;
use crate::error::Result;

/// What the program takes besides images and runs: itself, and the figures.
const PROGRAM: u64 = 24 << 20;

/// About how much memory a study takes.
#[derive(Debug, Clone)]
pub struct Memory {
    /// While the files of the images are read.
    reading: u64,
    /// The images.
    images: u64,
    /// Each of the runs, the largest first.
    runs: Vec<u64>,
}

impl Memory {
    /// That of a study with this configuration.
    ///
    /// # Errors
    ///
    /// A run that cannot be built.
    pub fn of(config: &StudyConfig) -> Result<Self> {
        let count = |images: u64| usize::try_from(images).unwrap_or(usize::MAX);
        let validation = count(config.validation_images);
        let mut runs = Vec::new();
        for arm in config.arms() {
            let DataSetEntry { image, class_names, .. } = arm.data_set().entry();
            // The seed changes no size.
            let training = count(arm.training_images);
            let bytes = arm.run.memory(*image, class_names.len(), training, validation)?;
            runs.extend(config.seeds().iter().map(|_| bytes));
        }
        runs.sort_unstable_by(|one, other| other.cmp(one));
        let (mut reading, mut images) = (0, 0_u64);
        for data_set in config.data_sets() {
            let (of_reading, held) = Self::of_data_set(config, data_set);
            reading = of_reading.max(reading);
            images = images.saturating_add(held);
        }
        Ok(Self { reading, images, runs })
    }

    /// The bytes while a data set is read, and those of its images.
    fn of_data_set(config: &StudyConfig, data_set: DataSet) -> (u64, u64) {
        let DataSetEntry { image, training_images, test_images, source, .. } = data_set.entry();
        let bytes = |images: u64| images.saturating_mul(image.values() as u64);
        match source {
            // A file is read whole, and unpacked before its images are taken from it.
            Source::Files(files) => {
                let packed = files.files.iter().map(|file| file.bytes).max().unwrap_or(0);
                let training = *training_images as u64;
                (packed + bytes(2 * training), bytes(training + *test_images as u64))
            }
            Source::Code(_) => {
                // Splits of several seeds may need all images.
                let splits = config.splits();
                let of_split = config.arms().iter().map(|arm| arm.training_images).max();
                let of_split = of_split.unwrap_or_default() + config.validation_images;
                let held = of_split.saturating_mul(splits).min(*training_images as u64);
                (0, bytes(held + *test_images as u64))
            }
        }
    }

    /// The bytes at most, with so many runs side by side.
    pub fn bytes(&self, runs_side_by_side: usize) -> u64 {
        let runs = self.runs.iter().take(runs_side_by_side).copied();
        PROGRAM.saturating_add(self.reading.max(runs.fold(self.images, u64::saturating_add)))
    }

    /// The runs of the study.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }
}
