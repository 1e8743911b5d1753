//! The images that a study trains and validates with, and where in them the images of a split are.

use trainer::dataset::{DataSet, LabelledImages, Split};

use crate::cell::Cell;
use crate::config::StudyConfig;
use crate::error::{Result, StudyError};

/// Images to train and validate with: of each data set all, or those at some positions in it.
#[derive(Debug, Default)]
pub struct Images(Vec<OfDataSet>);

#[derive(Debug)]
struct OfDataSet {
    data_set: DataSet,
    images: LabelledImages,
    /// The positions in the data set, ascending; none for all.
    positions: Option<Vec<usize>>,
}

impl Images {
    /// Adds all images of a data set.
    pub fn add_whole(&mut self, data_set: DataSet, images: LabelledImages) {
        self.0.push(OfDataSet { data_set, images, positions: None });
    }

    /// Adds the images at these ascending positions of a data set, in this order.
    pub fn add_at(&mut self, data_set: DataSet, positions: Vec<usize>, images: LabelledImages) {
        self.0.push(OfDataSet { data_set, images, positions: Some(positions) });
    }

    /// The images that a cell is trained with, and where among them those of its split are.
    ///
    /// # Errors
    ///
    /// [`StudyError::NoImages`] if its data set was not added.
    pub fn of(&self, config: &StudyConfig, cell: &Cell) -> Result<(&LabelledImages, Split)> {
        let data_set = cell.key.arm.data_set();
        let found = self.0.iter().find(|of| of.data_set == data_set);
        let found = found.ok_or(StudyError::NoImages { data_set })?;
        let mut split = cell.split(config);
        if let Some(positions) = &found.positions {
            // A position that is not held is refused by the training, which finds no image there.
            let place = |at: &mut usize| *at = positions.binary_search(at).unwrap_or(usize::MAX);
            split.training.iter_mut().chain(&mut split.validation).for_each(place);
        }
        Ok((&found.images, split))
    }

    /// The ascending positions in a data set of all images that these cells need.
    pub fn needed(config: &StudyConfig, cells: &[Cell], data_set: DataSet) -> Vec<usize> {
        let mut splits: Vec<(u64, u64)> = Vec::new();
        let mut needed = Vec::new();
        for cell in cells.iter().filter(|cell| cell.key.arm.data_set() == data_set) {
            let (arm, seed) = (&cell.key.arm, cell.key.seed);
            let split = (arm.seed_of_split(seed), arm.training_images);
            if !splits.contains(&split) {
                splits.push(split);
                needed.extend(config.split(arm, seed).positions());
            }
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }
}
