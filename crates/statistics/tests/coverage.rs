//! Intervals cover, and tests reject, as often as their documentation says, in simulated studies.
//!
//! Seeds are fixed, so that the rates are the same in every run. Bounds are four standard errors of a
//! simulated rate from the documented one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use statistics::{
    ConfidenceLevel, Interval, Pairs, Sample, bca_interval_of_resamples, mean_interval,
    sign_flip_test,
};

const STUDIES: u32 = 2000;

/// Enough for a rate: the noise of few resamples widens and narrows intervals alike.
const RESAMPLES: usize = 1000;

struct Draws(ChaCha8Rng);

impl Draws {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Of (0, 1).
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Of mean 0 and standard deviation 1, by Box and Muller's method.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(self.uniform())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// Of mean 0, standard deviation 1 and skewness 2.
    fn exponential(&mut self) -> f64 {
        -libm::log(self.uniform()) - 1.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.uniform() * bound as f64) as usize
    }
}

/// How often the t and the BCa interval of 95 % hold the mean, which is 0.
fn covered(seeds: usize, draws: &mut Draws, draw: fn(&mut Draws) -> f64) -> [f64; 2] {
    let mut counts = [0_u32; 2];
    for _ in 0..STUDIES {
        let differences: Vec<f64> = (0..seeds).map(|_| draw(draws)).collect();
        let sample = Sample::new(&differences).unwrap();
        let resamples: Vec<Vec<usize>> =
            (0..RESAMPLES).map(|_| (0..seeds).map(|_| draws.below(seeds)).collect()).collect();
        let level = ConfidenceLevel::PERCENT_95;
        let bca = bca_interval_of_resamples(&sample, level, &resamples).unwrap();
        for (count, interval) in counts.iter_mut().zip([mean_interval(&sample, level), bca]) {
            let _: Interval = interval;
            *count += u32::from(interval.contains(0.0));
        }
    }
    counts.map(|count| f64::from(count) / f64::from(STUDIES))
}

#[track_caller]
fn assert_rate(found: f64, documented: f64, what: &str) {
    let error = (documented * (1.0 - documented) / f64::from(STUDIES)).sqrt();
    assert!(
        (found - documented).abs() < 4.0 * error,
        "{what}: found {found}, documented {documented}"
    );
}

#[test]
fn intervals_of_normal_differences_cover_as_documented() {
    for (seeds, documented) in [(10, [0.95, 0.90]), (30, [0.95, 0.93])] {
        let [t, bca] = covered(seeds, &mut Draws::new(1), Draws::normal);
        assert_rate(t, documented[0], &format!("t, {seeds} seeds"));
        assert_rate(bca, documented[1], &format!("BCa, {seeds} seeds"));
    }
}

#[test]
fn intervals_of_skewed_differences_cover_as_documented() {
    let [t, bca] = covered(30, &mut Draws::new(2), Draws::exponential);
    assert_rate(t, 0.93, "t");
    assert_rate(bca, 0.92, "BCa");
}

/// How often the sign-flip test of pairs gives p ≤ 0.05, if every sign is as likely as the other.
fn rejected(pairs: usize, shift: i64, draws: &mut Draws, draw: fn(&mut Draws) -> f64) -> f64 {
    let mut count = 0_u32;
    for _ in 0..STUDIES {
        let differences: Vec<i64> =
            (0..pairs).map(|_| shift + (20.0 * (draw(draws) - draw(draws))) as i64).collect();
        let p = sign_flip_test(&Pairs::of_counts(&differences, 12_000).unwrap()).unwrap();
        count += u32::from(p <= 0.05);
    }
    f64::from(count) / f64::from(STUDIES)
}

#[test]
fn the_sign_flip_test_rejects_at_most_5_percent_of_equal_arms() {
    let most = 0.05 + 4.0 * (0.05_f64 * 0.95 / f64::from(STUDIES)).sqrt();
    for pairs in [10, 30] {
        for draw in [Draws::normal, Draws::exponential] {
            let rate = rejected(pairs, 0, &mut Draws::new(3), draw);
            assert!(rate < most && rate > 0.03, "{pairs} pairs: {rate}");
        }
        // A test that never rejects would pass above.
        assert!(rejected(pairs, 60, &mut Draws::new(4), Draws::normal) > 0.99);
    }
}
