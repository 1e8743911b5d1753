//! Random numbers that are the same on every machine and for all time.
//!
//! The generator is ChaCha with 8 rounds (Bernstein, "ChaCha, a variant of Salsa20", 2008), by
//! name, and everything made from its bits is written here, since the distributions of random
//! number libraries change between versions. A [`Stream`] is the key stream under a 256-bit key of
//! four little-endian numbers: seed, purpose, index and zero. Streams are therefore independent of
//! each other, and none has to be remembered: an epoch's order follows from its number alone.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// What a stream of random numbers is for. The numbers are part of every result; never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u64)]
#[non_exhaustive]
pub enum Purpose {
    /// Dividing images into training and validation; index 0.
    Split = 1,
    /// Initial weights; the index is the ordinal of the layer among those that draw.
    Initialization = 2,
    /// The order of the training images; the index is the epoch.
    Shuffle = 3,
    /// Drawing a synthetic training image; the index is its position.
    SyntheticTraining = 4,
    /// Drawing a synthetic test image; the index is its position.
    SyntheticTest = 5,
    /// The masks and the noise of a training step; the index is the step.
    Dropout = 6,
    /// Resamples of a bootstrap; the index is the place of the pair in its study.
    Bootstrap = 7,
    /// Drawing the cells of a report that are trained again; index 0.
    Audit = 8,
    /// Drawing the single weights that are trained; the index is the ordinal of their norm.
    TrainedWeights = 9,
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// The stream for this seed, purpose and index (see [`Purpose`] for what the index counts).
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut key = [0; 32];
        for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, index]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Self { generator: ChaCha8Rng::from_seed(key) }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A number of [0, 1): the high 53 of the next 64 bits, times 2⁻⁵³. Every value is a multiple
    /// of 2⁻⁵³ and all are equally likely.
    ///
    /// There is no `f32` twin: `f32` networks round an `f64` draw, so that the networks of both
    /// types start from the same weights up to rounding.
    pub fn uniform(&mut self) -> f64 {
        const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.bits() >> 11) as f64 * UNIT
    }

    /// A number from the normal distribution of mean 0 and variance 1, from the next two uniform ones u and
    /// v: √(−2 ln(1 − u)) · cos(2πv).
    ///
    /// Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958. The second
    /// number that the two would give is left out.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(TAU * self.uniform())
    }

    /// An integer of [0, `bound`), all equally likely; 0 for a `bound` of 0.
    ///
    /// Source: Lemire, "Fast Random Integer Generation in an Interval", 2019, algorithm 5: the
    /// high half of bits·bound, drawn again in the few cases that would favour some results.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let favoured = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if product as u64 >= favoured {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts the items in random order, all orders equally likely.
    ///
    /// Source: Fisher and Yates, in the form of Durstenfeld, "Algorithm 235: Random permutation",
    /// 1964, from the last item to the second.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ChaCha8 with the all-zero key and nonce: the published vector (Strombergson, "Test Vectors
    /// for the Stream Cipher ChaCha", TC1, 256-bit key, 8 rounds) begins
    /// 3e 00 ef 2f 89 5f 40 d6 7f 5b b8 e8 1f 09 a5 a1 2c 84 0e c3 ce 9a 7f 3b 18 1b e1 88 ef 71 1a 1e.
    #[test]
    fn generator_matches_the_published_vector() {
        let mut stream = Stream { generator: ChaCha8Rng::from_seed([0; 32]) };
        let expected: [[u8; 8]; 4] = [
            [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6],
            [0x7f, 0x5b, 0xb8, 0xe8, 0x1f, 0x09, 0xa5, 0xa1],
            [0x2c, 0x84, 0x0e, 0xc3, 0xce, 0x9a, 0x7f, 0x3b],
            [0x18, 0x1b, 0xe1, 0x88, 0xef, 0x71, 0x1a, 0x1e],
        ];
        for bytes in expected {
            assert_eq!(stream.bits(), u64::from_le_bytes(bytes));
        }
    }

    /// Computed by a ChaCha8 and a shuffle written in Python from the two papers.
    #[test]
    fn values_are_pinned() {
        let mut stream = Stream::new(7, Purpose::Shuffle, 2);
        for expected in [0xc6fe_a0a9_f716_369b, 0xa6a0_6621_cb00_c1be, 0x594b_a549_71ed_a216] {
            assert_eq!(stream.bits(), expected);
        }
        let mut stream = Stream::new(7, Purpose::Initialization, 1);
        for expected in [0.22372831914648017, 0.019854210990773113, 0.8164355719398185] {
            assert_eq!(stream.uniform(), expected);
        }
        let mut items = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        Stream::new(7, Purpose::Shuffle, 2).shuffle(&mut items);
        assert_eq!(items, [8, 1, 4, 3, 0, 9, 6, 2, 5, 7]);
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_index() {
        let first = |seed, purpose, index| Stream::new(seed, purpose, index).bits();
        let all = [
            first(0, Purpose::Shuffle, 0),
            first(1, Purpose::Shuffle, 0),
            first(0, Purpose::Shuffle, 1),
            first(0, Purpose::Split, 0),
            first(0, Purpose::Initialization, 0),
        ];
        for (index, bits) in all.iter().enumerate() {
            assert!(!all[..index].contains(bits));
        }
    }

    #[test]
    fn uniform_fills_the_interval_evenly() {
        let mut stream = Stream::new(1, Purpose::Shuffle, 0);
        let mut counts = [0_u32; 64];
        for _ in 0..64_000 {
            let value = stream.uniform();
            assert!((0.0..1.0).contains(&value));
            counts[(value * 64.0) as usize] += 1;
        }
        assert!(chi_square(&counts, 1000.0) < 115.0); // 63 degrees of freedom: p < 1e-4 above
    }

    #[test]
    fn bounded_integers_are_unbiased_where_a_remainder_would_not_be() {
        // Of 64 bits, `% bound` would give the lower third of the results twice as often.
        let bound = (1_u64 << 63) + (1_u64 << 62);
        let mut stream = Stream::new(2, Purpose::Shuffle, 0);
        let mut counts = [0_u32; 3];
        for _ in 0..30_000 {
            counts[(stream.below(bound) / (1 << 62)) as usize] += 1;
        }
        assert!(chi_square(&counts, 10_000.0) < 18.4); // 2 degrees of freedom: p < 1e-4 above
        assert_eq!(stream.below(1), 0);
        assert_eq!(stream.below(0), 0);
    }

    #[test]
    fn all_orders_are_equally_likely() {
        let mut stream = Stream::new(3, Purpose::Shuffle, 0);
        let mut counts = [0_u32; 24];
        for _ in 0..24_000 {
            let mut items = [0_usize, 1, 2, 3];
            stream.shuffle(&mut items);
            let rank = (0..4).fold(0, |rank, at| {
                let smaller = items[at + 1..].iter().filter(|&&item| item < items[at]).count();
                rank * (4 - at) + smaller
            });
            counts[rank] += 1;
        }
        assert!(chi_square(&counts, 1000.0) < 56.0); // 23 degrees of freedom: p < 1e-4 above
    }

    fn chi_square(counts: &[u32], expected: f64) -> f64 {
        let square = |value: f64| value * value;
        counts.iter().map(|&count| square(f64::from(count) - expected) / expected).sum()
    }
}
