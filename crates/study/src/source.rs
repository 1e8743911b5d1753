//! What a seed changes of a run.

/// A source of differences between runs of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The initial weights.
    Weights,
    /// The order of the images, and what dropout leaves out.
    Order,
    /// Which images are for training and which for validation.
    Split,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Weights, Self::Order, Self::Split];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Order => "order",
            Self::Split => "split",
        }
    }

    /// What varies, in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Weights => "the initial weights",
            Self::Order => "the order of the images",
            Self::Split => "the split into training and validation images",
        }
    }
}
