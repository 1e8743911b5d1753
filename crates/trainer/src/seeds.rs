//! The seeds of a training, by what they are for.

/// The seeds of a training. The split has a seed of its own:
/// [`crate::dataset::Split::four_fifths_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seeds {
    /// Of the initial weights.
    pub weights: u64,
    /// Of the order of the images, and of the masks of dropout.
    pub order: u64,
}

impl Seeds {
    /// One seed for both.
    pub fn both(seed: u64) -> Self {
        Self { weights: seed, order: seed }
    }
}
