//! The random draws that garments are made of.

use crate::random_stream::Stream;

/// An image's own random numbers, as `f32`: pictures need no more.
pub(super) struct Draws {
    stream: Stream,
}

impl Draws {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream }
    }

    /// A number between `low` and `high`, all equally likely.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.stream.uniform() as f32
    }

    /// A number around `centre`, never further than `reach` away and mostly nearer: the mean of
    /// three equally likely ones, which has a bell's shape and needs no logarithm.
    pub(super) fn around(&mut self, centre: f32, reach: f32) -> f32 {
        let sum = self.between(-1.0, 1.0) + self.between(-1.0, 1.0) + self.between(-1.0, 1.0);
        centre + reach * (sum / 3.0)
    }

    /// Whether an event of this probability happens.
    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.between(0.0, 1.0) < probability
    }

    /// An integer below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.stream.below(bound)
    }

    /// A number near 0 with variance 1: four integers of 16 bits, added. Their sum is a good normal
    /// number up to three standard deviations, and costs one draw.
    pub(super) fn grain(&mut self) -> f32 {
        const VARIANCE_ROOT: f32 = 37_837.23; // of four integers of [0, 65535]
        let bits = self.stream.bits();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        (sum as f32 - 131_070.0) / VARIANCE_ROOT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_stream::Purpose;

    #[test]
    fn grain_has_mean_0_and_variance_1() {
        let mut draws = Draws::new(Stream::new(0, Purpose::SyntheticTest, u64::MAX));
        let values: Vec<f32> = (0..100_000).map(|_| draws.grain()).collect();
        let mean = values.iter().sum::<f32>() / 100_000.0;
        let variance = values.iter().map(|value| value * value).sum::<f32>() / 100_000.0;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }

    #[test]
    fn draws_stay_in_their_range() {
        let mut draws = Draws::new(Stream::new(0, Purpose::SyntheticTest, u64::MAX));
        for _ in 0..10_000 {
            assert!((-1.5..=0.5).contains(&draws.around(-0.5, 1.0)));
            assert!((2.0..=3.0).contains(&draws.between(2.0, 3.0)));
        }
        let heads = (0..10_000).filter(|_| draws.chance(0.3)).count();
        assert!((2_800..3_200).contains(&heads), "{heads}");
    }
}
