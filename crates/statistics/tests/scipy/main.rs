//! The statistics are SciPy's: `make.py` wrote `expected.toml`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde::Deserialize;
use statistics::{
    ConfidenceLevel, Interval, Pairs, Sample, StudentT, Summary, bca_interval_of_resamples,
    clopper_pearson, halves, mean_interval, quantile, sign_flip_test,
    smallest_detectable_difference,
};

/// The largest relative error.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Expected {
    student_t: Vec<Quantile>,
    clopper_pearson: Vec<Proportion>,
    means: Vec<Mean>,
    sign_flip: Vec<SignFlip>,
    power: Vec<Power>,
    halves: Vec<Halved>,
}

#[derive(Deserialize)]
struct Quantile {
    degrees_of_freedom: u64,
    probability: f64,
    quantile: f64,
    cdf: f64,
}

#[derive(Deserialize)]
struct Proportion {
    successes: u64,
    trials: u64,
    level: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Mean {
    name: String,
    values: Vec<f64>,
    is_counts: bool,
    mean: f64,
    std: f64,
    standard_error: f64,
    median: f64,
    quantiles: Vec<(f64, f64)>,
    resamples: Vec<String>,
    intervals: Vec<Intervals>,
}

#[derive(Deserialize)]
struct Intervals {
    level: f64,
    t: (f64, f64),
    bca: (f64, f64),
}

#[derive(Deserialize)]
struct SignFlip {
    differences: Vec<i64>,
    p: f64,
}

#[derive(Deserialize)]
struct Power {
    pairs: u64,
    factor: f64,
    power: f64,
}

#[derive(Deserialize)]
struct Halved {
    values: [f64; 10],
    at: usize,
    difference: f64,
    t: f64,
    low: f64,
    high: f64,
}

fn expected() -> Expected {
    toml::from_str(include_str!("expected.toml")).unwrap()
}

#[track_caller]
fn assert_close(found: f64, expected: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(
        error <= TOLERANCE * expected.abs(),
        "{what}: found {found:e}, expected {expected:e}, relative error {:e}",
        error / expected.abs()
    );
}

#[track_caller]
fn assert_interval(found: Interval, (low, high): (f64, f64), what: &str) {
    assert_close(found.low, low, &format!("{what}, low"));
    assert_close(found.high, high, &format!("{what}, high"));
}

fn level(share: f64) -> ConfidenceLevel {
    ConfidenceLevel::new(share).unwrap()
}

#[test]
fn t_quantiles_are_scipys() {
    for case in expected().student_t {
        let student = StudentT::new(case.degrees_of_freedom).unwrap();
        let what = format!("t at {} with {} df", case.probability, case.degrees_of_freedom);
        assert_close(student.quantile(case.probability).unwrap(), case.quantile, &what);
        assert_close(student.cdf(case.quantile), case.cdf, &what);
    }
}

#[test]
fn clopper_pearson_intervals_are_scipys() {
    for case in expected().clopper_pearson {
        let found = clopper_pearson(case.successes, case.trials, level(case.level)).unwrap();
        let what = format!("{} of {} at {}", case.successes, case.trials, case.level);
        assert_interval(found, (case.low, case.high), &what);
    }
}

#[test]
fn summaries_are_numpys() {
    for case in expected().means {
        let found = Summary::of(&case.values).unwrap();
        assert_close(found.mean, case.mean, &case.name);
        assert_close(found.std.unwrap(), case.std, &case.name);
        assert_close(found.standard_error.unwrap(), case.standard_error, &case.name);
        assert_close(found.median, case.median, &case.name);
        for (share, expected) in case.quantiles {
            assert_close(quantile(&case.values, share).unwrap(), expected, &case.name);
        }
    }
}

#[test]
fn t_and_bca_intervals_are_scipys() {
    for case in expected().means {
        let index = |digit: char| digit.to_digit(32).unwrap() as usize;
        let resamples: Vec<Vec<usize>> =
            case.resamples.iter().map(|digits| digits.chars().map(index).collect()).collect();
        // Counts as shares of 12,000 images, of which SciPy's are the numerators.
        let (sample, images) = if case.is_counts {
            let counts: Vec<i64> = case.values.iter().map(|&count| count as i64).collect();
            (Pairs::of_counts(&counts, 12_000).unwrap().differences().clone(), 12_000.0)
        } else {
            (Sample::new(&case.values).unwrap(), 1.0)
        };
        for Intervals { level: share, t, bca } in case.intervals {
            let (t, bca) = ((t.0 / images, t.1 / images), (bca.0 / images, bca.1 / images));
            assert_interval(mean_interval(&sample, level(share)), t, &case.name);
            let found = bca_interval_of_resamples(&sample, level(share), &resamples).unwrap();
            assert_interval(found, bca, &case.name);
        }
    }
}

#[test]
fn sign_flip_tests_are_scipys() {
    for case in expected().sign_flip {
        let pairs = Pairs::of_counts(&case.differences, 12_000).unwrap();
        assert_close(sign_flip_test(&pairs).unwrap(), case.p, &format!("{:?}", case.differences));
    }
}

#[test]
fn the_smallest_detectable_difference_is_found_in_about_80_percent_of_studies() {
    for case in expected().power {
        // Two values at equal distances from 0, in the same numbers: the mean is 0 and the standard
        // error 1/√(n − 1).
        let differences: Vec<f64> =
            (0..case.pairs).map(|at| if at % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let found = smallest_detectable_difference(&Pairs::new(&differences).unwrap());
        let error = 1.0 / ((case.pairs - 1) as f64).sqrt();
        assert_close(found, case.factor * error, &format!("{} pairs", case.pairs));
        assert!((case.power - 0.8).abs() < 0.003, "{} pairs: power {}", case.pairs, case.power);
    }
}

#[test]
fn halves_of_ten_are_compared_as_by_scipys_t_test() {
    for case in expected().halves {
        let found = halves(&case.values, ConfidenceLevel::PERCENT_95).unwrap()[case.at];
        // Sums that nearly cancel are as exact as what they are sums of.
        let scale = case.low.abs().max(case.high.abs());
        let pairs = [
            (found.difference, case.difference),
            (found.interval.low, case.low),
            (found.interval.high, case.high),
            (found.difference / found.standard_error * scale, case.t * scale),
        ];
        for (found, expected) in pairs {
            assert!((found - expected).abs() <= TOLERANCE * 10.0 * scale, "{found} {expected}");
        }
    }
}
