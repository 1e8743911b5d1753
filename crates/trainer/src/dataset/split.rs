//! Which images to train with, and which to validate with.

use crate::TrainError;
use crate::random_stream::{Purpose, Stream};

/// Which images of a data set to train with, and which to validate with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Positions in the data set of the images to train with.
    pub training: Vec<usize>,
    /// Positions in the data set of the images to validate with.
    pub validation: Vec<usize>,
    /// The seed that they were drawn with; none where they were chosen otherwise.
    pub seed: Option<u64>,
}

/// What tells a split of a data set from another: how many images its parts have, and the seed that
/// drew them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitFacts {
    /// The number of images to train with.
    pub training_images: usize,
    /// The number of images to validate with.
    pub validation_images: usize,
    /// The seed that they were drawn with.
    pub seed: u64,
}

impl Split {
    /// Four fifths of so many images, drawn at random with this seed, for training and the rest for
    /// validation, as [`Self::sizes_of`] says. Runs that are validated with the same images have the same
    /// seed here.
    pub fn four_fifths_of(images: usize, seed: u64) -> Self {
        let mut training: Vec<usize> = (0..images).collect();
        Stream::new(seed, Purpose::Split, 0).shuffle(&mut training);
        let [of_training, _] = Self::sizes_of(images);
        let validation = training.split_off(of_training);
        Self { training, validation, seed: Some(seed) }
    }

    /// The number of training and of validation images that [`Self::four_fifths_of`] makes of so many:
    /// 48,000 and 12,000 of 60,000, as the notebook divides them.
    pub fn sizes_of(images: usize) -> [usize; 2] {
        let validation = images / 5;
        [images - validation, validation]
    }

    /// What tells it from another of the same data set.
    ///
    /// # Errors
    ///
    /// [`TrainError::DataSet`] if no seed drew it.
    pub fn facts(&self) -> Result<SplitFacts, TrainError> {
        let seed = self.seed.ok_or_else(|| TrainError::DataSet {
            data_set: "split",
            what: "its origin",
            expected: "a seed, such as that of Split::four_fifths_of".to_owned(),
            got: "positions that were chosen otherwise".to_owned(),
        })?;
        let (training_images, validation_images) = (self.training.len(), self.validation.len());
        Ok(SplitFacts { training_images, validation_images, seed })
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
            seed: self.seed,
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

    #[test]
    fn parts_are_disjoint_complete_mixed_and_repeatable() {
        let split = Split::four_fifths_of(1_003, 0);
        assert_eq!([split.training.len(), split.validation.len()], [803, 200]);
        assert_eq!(Split::sizes_of(1_003), [803, 200]);
        let mut all = [split.training.clone(), split.validation.clone()].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..1_003));
        let early = split.validation.iter().filter(|&&position| position < 500).count();
        assert!((70..130).contains(&early), "{early}");
        assert_eq!(split, Split::four_fifths_of(1_003, 0));
    }

    #[test]
    fn another_seed_is_another_split_and_is_told() {
        let [one, other] = [0, 1].map(|seed| Split::four_fifths_of(1_003, seed));
        assert_ne!(one.validation, other.validation);
        let facts = other.clone().truncated(7, 3).of_its_images_alone().facts().unwrap();
        let expected = SplitFacts { training_images: 7, validation_images: 3, seed: 1 };
        assert_eq!(facts, expected);
        let chosen = Split { seed: None, ..one };
        let message = chosen.facts().unwrap_err().to_string();
        assert!(message.starts_with("split: its origin must be a seed"), "{message}");
    }

    #[test]
    fn a_split_of_its_images_alone_has_each_at_the_same_place() {
        let split = Split::four_fifths_of(100, 0).truncated(7, 3);
        let (positions, alone) = (split.positions(), split.of_its_images_alone());
        let original = |alone: &[usize]| alone.iter().map(|&at| positions[at]).collect::<Vec<_>>();
        assert_eq!(original(&alone.training), split.training);
        assert_eq!(original(&alone.validation), split.validation);
    }
}
