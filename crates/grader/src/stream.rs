//! Random numbers that are the same on every machine and for all time: ChaCha with 8 rounds by
//! name, and everything made of its bits written here.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A stream of random numbers, one for each four words of a key.
pub(crate) struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// The stream under this key. Streams are independent of each other.
    pub(crate) fn new(key: [u64; 4]) -> Self {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip(key) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Self { generator: ChaCha8Rng::from_seed(bytes) }
    }

    /// A number of [0, 1): the high 53 of the next 64 bits, times 2⁻⁵³.
    pub(crate) fn uniform(&mut self) -> f64 {
        const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.generator.next_u64() >> 11) as f64 * UNIT
    }

    /// A number of mean 0 and variance 1, close to normal: twelve uniform ones less 6. No logarithm
    /// is in it, whose bits would have to be looked after.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// An integer from `low` to `high`, nearly equally likely: `high − low` is small against 2⁵³.
    pub(crate) fn integer(&mut self, low: usize, high: usize) -> usize {
        let width = high.saturating_sub(low) + 1;
        low + ((self.uniform() * width as f64) as usize).min(width - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ChaCha8 under the all-zero key: the published vector (Strombergson, "Test Vectors for the
    /// Stream Cipher ChaCha", TC1, 256-bit key, 8 rounds) begins 3e 00 ef 2f 89 5f 40 d6.
    #[test]
    fn generator_matches_the_published_vector() {
        let mut stream = Stream::new([0; 4]);
        assert_eq!(stream.generator.next_u64(), 0xd640_5f89_2fef_003e);
    }

    #[test]
    fn streams_differ_in_every_word_of_the_key() {
        let first = |key| Stream::new(key).uniform();
        let zero = first([0; 4]);
        for word in 0..4 {
            let mut key = [0; 4];
            key[word] = 1;
            assert_ne!(first(key), zero);
        }
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut stream = Stream::new([1, 0, 0, 0]);
        let values: Vec<f64> = (0..10_000).map(|_| stream.normal()).collect();
        let mean = values.iter().sum::<f64>() / 1e4;
        let var = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.05 && (var - 1.0).abs() < 0.05, "{mean} {var}");
    }

    #[test]
    fn integers_reach_both_ends_and_no_further() {
        let mut stream = Stream::new([2, 0, 0, 0]);
        let drawn: Vec<usize> = (0..200).map(|_| stream.integer(2, 4)).collect();
        assert!((2..=4).all(|value| drawn.contains(&value)));
        assert!(drawn.iter().all(|value| (2..=4).contains(value)));
    }
}
