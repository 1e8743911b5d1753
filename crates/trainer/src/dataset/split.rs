//! Which images to train with, and which to validate with.

use super::labelled_images::LabelledImages;
use crate::TrainError;
use crate::random_stream::{Purpose, Stream};

/// The seed of the split, which is the same for every run: seeds vary the initial weights and the
/// order of the images, so that their accuracies are on the same validation images.
const SEED: u64 = 0;

/// Which images of a data set to train with, and which to validate with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Positions in the data set of the images to train with.
    pub training: Vec<usize>,
    /// Positions in the data set of the images to validate with.
    pub validation: Vec<usize>,
}

impl Split {
    /// Four fifths of the images, drawn at random by a fixed stream, for training and the rest for
    /// validation: 48,000 and 12,000 of 60,000, as the notebook divides them.
    pub fn four_fifths(images: &LabelledImages) -> Self {
        Self::four_fifths_of(images.len())
    }

    /// [`Self::four_fifths`] of a data set with so many images.
    pub fn four_fifths_of(images: usize) -> Self {
        let mut training: Vec<usize> = (0..images).collect();
        Stream::new(SEED, Purpose::Split, 0).shuffle(&mut training);
        let validation = training.split_off(images - images / 5);
        Self { training, validation }
    }

    /// The positions of all its images: those to train with, then those to validate with.
    pub fn positions(&self) -> Vec<usize> {
        [self.training.as_slice(), &self.validation].concat()
    }

    /// The same split of a data set that has only the images at [`Self::positions`], in that order.
    /// Training with it gives the same numbers.
    pub fn of_its_images_alone(&self) -> Self {
        let images = self.training.len();
        Self {
            training: (0..images).collect(),
            validation: (images..images + self.validation.len()).collect(),
        }
    }

    /// The first so many images of each part, for a quick look.
    pub fn truncated(mut self, training: usize, validation: usize) -> Self {
        self.training.truncate(training);
        self.validation.truncate(validation);
        self
    }

    /// Refuses a split that leaves nothing to train or to validate with.
    pub(crate) fn expect_not_empty(&self) -> Result<(), TrainError> {
        for (what, part) in [
            ("the number of training images", &self.training),
            ("the number of validation images", &self.validation),
        ] {
            if part.is_empty() {
                return Err(TrainError::DataSet {
                    data_set: "split",
                    what,
                    expected: "at least 1".to_owned(),
                    got: "0".to_owned(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::ImageSize;

    #[test]
    fn parts_are_disjoint_complete_mixed_and_repeatable() {
        let size = ImageSize { channels: 1, height: 1, width: 1 };
        let images = LabelledImages::new(size, 1, vec![0; 1_003], vec![0; 1_003]).unwrap();
        let split = Split::four_fifths(&images);
        assert_eq!((split.training.len(), split.validation.len()), (803, 200));
        let mut all = [split.training.clone(), split.validation.clone()].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..1_003));
        let early = split.validation.iter().filter(|&&position| position < 500).count();
        assert!((70..130).contains(&early), "{early}");
        assert_eq!(split, Split::four_fifths(&images));
        assert_eq!(split, Split::four_fifths_of(1_003));
    }

    #[test]
    fn a_split_of_its_images_alone_has_each_at_the_same_place() {
        let split = Split::four_fifths_of(100).truncated(7, 3);
        let (positions, alone) = (split.positions(), split.of_its_images_alone());
        let original = |alone: &[usize]| alone.iter().map(|&at| positions[at]).collect::<Vec<_>>();
        assert_eq!(original(&alone.training), split.training);
        assert_eq!(original(&alone.validation), split.validation);
    }
}
