//! The images of a data set that was found.

use std::num::NonZero;
use std::path::Path;
use std::thread;

use trainer::TrainError;
use trainer::dataset::{FashionMnist, LabelledImages, Split, Synthetic};

use crate::data_folder::DataFolder;
use crate::error::DataSetError;
use crate::published::Published;

/// A data set that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataSet {
    /// It lies in files.
    Files {
        /// The data set.
        published: &'static Published,
        /// The folder of its files.
        folder: DataFolder,
    },
    /// The built-in set, whose images are drawn by code.
    Synthetic,
}

impl DataSet {
    /// The number of images to train and validate with, the same for every data set.
    const TRAINING_IMAGES: usize = 60_000;

    /// The number of images to test with, the same for every data set.
    pub const TEST_IMAGES: usize = 10_000;

    /// Which images to train with, and which to validate with: the same for every data set.
    pub fn split() -> Split {
        Split::four_fifths_of(Self::TRAINING_IMAGES)
    }

    /// The name in lines and figures.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Files { published, .. } => published.name,
            Self::Synthetic => "Built-in synthetic garments",
        }
    }

    /// The name of its folder of reports.
    pub fn folder(&self) -> &'static str {
        match self {
            Self::Files { published, .. } => published.folder,
            Self::Synthetic => "synthetic",
        }
    }

    /// Images that contain those of `split`, and the same split with positions among them.
    ///
    /// Training with them gives the same numbers as training with all images. A small split of the
    /// built-in set comes sooner, because only its images are drawn.
    ///
    /// # Errors
    ///
    /// [`DataSetError::NotRead`] when a file is missing or damaged, [`DataSetError::NotDrawn`] when
    /// the built-in set has no image at a position.
    pub fn training_of(&self, split: &Split) -> Result<(LabelledImages, Split), DataSetError> {
        match self {
            Self::Files { .. } => {
                Ok((self.read(FashionMnist::training, Synthetic::training)?, split.clone()))
            }
            Self::Synthetic => {
                let images = Synthetic::training_at(&split.positions(), threads())
                    .map_err(DataSetError::NotDrawn)?;
                Ok((images, split.of_its_images_alone()))
            }
        }
    }

    /// The images to test with, once, at the end.
    ///
    /// # Errors
    ///
    /// As for [`Self::training_of`].
    pub fn test(&self) -> Result<LabelledImages, DataSetError> {
        self.read(FashionMnist::test, Synthetic::test)
    }

    fn read(
        &self,
        from_files: impl FnOnce(&Path) -> Result<LabelledImages, TrainError>,
        built_in: impl FnOnce(NonZero<usize>) -> Result<LabelledImages, TrainError>,
    ) -> Result<LabelledImages, DataSetError> {
        match self {
            Self::Files { published, folder } => from_files(&folder.path).map_err(|source| {
                DataSetError::NotRead { name: published.name, folder: folder.clone(), source }
            }),
            Self::Synthetic => built_in(threads()).map_err(DataSetError::NotDrawn),
        }
    }
}

fn threads() -> NonZero<usize> {
    thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}
