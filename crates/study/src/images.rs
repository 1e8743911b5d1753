//! The images that a study trains and validates with, and where in them the images of a split are.

use trainer::dataset::{LabelledImages, Split};

use crate::cell::Cell;
use crate::config::StudyConfig;

/// Images to train and validate with: all of a data set, or those at some positions in it.
#[derive(Debug)]
pub struct Images {
    images: LabelledImages,
    /// The positions in the data set, ascending; none for all.
    positions: Option<Vec<usize>>,
}

impl Images {
    /// All images of a data set.
    pub fn whole(images: LabelledImages) -> Self {
        Self { images, positions: None }
    }

    /// The images at these ascending positions of a data set, in this order.
    pub fn at(positions: Vec<usize>, images: LabelledImages) -> Self {
        Self { images, positions: Some(positions) }
    }

    /// The images.
    pub fn all(&self) -> &LabelledImages {
        &self.images
    }

    /// Where in [`Self::all`] the images of a cell are, in the order of its split.
    pub fn split(&self, config: &StudyConfig, cell: &Cell) -> Split {
        let mut split = cell.split(config);
        if let Some(positions) = &self.positions {
            // A position that is not held is refused by the training, which finds no image there.
            let place = |at: &mut usize| *at = positions.binary_search(at).unwrap_or(usize::MAX);
            split.training.iter_mut().chain(&mut split.validation).for_each(place);
        }
        split
    }

    /// The ascending positions in the data set of all images that these cells need.
    pub fn needed(config: &StudyConfig, cells: &[Cell]) -> Vec<usize> {
        let mut splits: Vec<(u64, u64)> = Vec::new();
        let mut needed = Vec::new();
        for cell in cells {
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
