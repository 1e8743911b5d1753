//! The images of a data set that was found.

use std::num::NonZero;
use std::thread;

use trainer::dataset::{DataSet, Draw, LabelledImages, Source, Split, Subset};

use crate::data_folder::DataFolder;
use crate::error::DataSetError;
use crate::published::Published;

/// A data set on this machine.
#[derive(Debug, Clone)]
pub enum LocalDataSet {
    /// It lies in files.
    Files {
        /// The data set.
        published: Published,
        /// The folder of its files.
        folder: DataFolder,
    },
    /// Code draws its images.
    Drawn {
        /// The data set.
        data_set: DataSet,
        /// Draws them.
        draw: Draw,
    },
}

impl LocalDataSet {
    /// A data set that needs no files; none if it does.
    pub fn drawn(data_set: DataSet) -> Option<Self> {
        match &data_set.entry().source {
            Source::Files(_) => None,
            Source::Code(drawn) => Some(Self::Drawn { data_set, draw: drawn.draw }),
        }
    }

    /// Which data set it is.
    pub fn data_set(&self) -> DataSet {
        match self {
            Self::Files { published, .. } => published.data_set,
            Self::Drawn { data_set, .. } => *data_set,
        }
    }

    /// Images that contain those of `split`, and the same split with positions among them.
    ///
    /// Training with them gives the same numbers as training with all images. A small split of drawn
    /// images comes sooner, because only its images are drawn.
    ///
    /// # Errors
    ///
    /// [`DataSetError::NotRead`] when a file is missing or damaged, [`DataSetError::NotDrawn`] when
    /// the data set has no image at a position.
    pub fn training_of(&self, split: &Split) -> Result<(LabelledImages, Split), DataSetError> {
        match self {
            Self::Files { published, folder } => {
                Ok((read(*published, folder, Subset::Training)?, split.clone()))
            }
            Self::Drawn { .. } => {
                Ok((self.training_at(&split.positions())?, split.of_its_images_alone()))
            }
        }
    }

    /// The images at these positions of those to train and validate with, in this order, if code draws
    /// them; all images if they lie in files.
    ///
    /// # Errors
    ///
    /// As for [`Self::training_of`].
    pub fn training_at(&self, positions: &[usize]) -> Result<LabelledImages, DataSetError> {
        match self {
            Self::Files { published, folder } => read(*published, folder, Subset::Training),
            Self::Drawn { draw, .. } => draw(Subset::Training, positions, threads())
                .map_err(|error| DataSetError::NotDrawn(error.into())),
        }
    }

    /// The images to test with, once, at the end.
    ///
    /// # Errors
    ///
    /// As for [`Self::training_of`].
    pub fn test(&self) -> Result<LabelledImages, DataSetError> {
        match self {
            Self::Files { published, folder } => read(*published, folder, Subset::Test),
            Self::Drawn { data_set, draw } => {
                let positions: Vec<usize> = (0..data_set.entry().test_images).collect();
                draw(Subset::Test, &positions, threads())
                    .map_err(|error| DataSetError::NotDrawn(error.into()))
            }
        }
    }
}

fn read(
    Published { data_set, files }: Published,
    folder: &DataFolder,
    subset: Subset,
) -> Result<LabelledImages, DataSetError> {
    (files.read)(subset, &folder.path).map_err(|source| DataSetError::NotRead {
        name: data_set.name(),
        folder: folder.clone(),
        source: source.into(),
    })
}

fn threads() -> NonZero<usize> {
    thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}
