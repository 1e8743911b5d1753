//! How an arm's learning rate follows from its batch size.

/// The images of the notebook's batches.
pub const NOTEBOOK_BATCH_SIZE: usize = 50;

/// How the learning rate is scaled by the batch size n, against the notebook's n₀ = 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateScaling {
    /// It is not.
    None,
    /// By n/n₀: Goyal et al., "Accurate, Large Minibatch SGD", 2017.
    Linear,
    /// By √(n/n₀), the rule for Adam: Malladi et al., "On the SDEs and Scaling Rules for Adaptive Gradient
    /// Algorithms", 2022.
    SquareRoot,
}

impl RateScaling {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::None, Self::Linear, Self::SquareRoot];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Linear => "linear",
            Self::SquareRoot => "square-root",
        }
    }

    /// The learning rate of batches of this size, from that of the notebook's size.
    pub fn scaled(self, rate: f64, batch_size: usize) -> f64 {
        let ratio = batch_size as f64 / NOTEBOOK_BATCH_SIZE as f64;
        match self {
            Self::None => rate,
            Self::Linear => rate * ratio,
            Self::SquareRoot => rate * ratio.sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_grows_with_the_batch_or_with_its_root() {
        let scaled = |batch_size| RateScaling::ALL.map(|way| way.scaled(0.001, batch_size));
        assert_eq!(scaled(50), [0.001; 3]);
        assert_eq!(scaled(200), [0.001, 0.004, 0.002]);
        assert_eq!(scaled(2), [0.001, 0.00004, 0.0002]);
    }
}
