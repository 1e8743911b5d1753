//! What must hold of every statistic, whatever the numbers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use statistics::{
    ConfidenceLevel, Interval, Outperformance, Pairs, Sample, StatisticsError, StudentT, Summary,
    bca_interval, clopper_pearson, mean_interval, quantile, sign_flip_test,
    smallest_detectable_difference, standard_error,
};

const LEVEL: ConfidenceLevel = ConfidenceLevel::PERCENT_95;

/// The same draws in every call.
fn draws() -> impl FnMut(u64) -> u64 {
    let mut state = 7_u64;
    move |bound| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

fn bca(sample: &Sample) -> Interval {
    bca_interval(sample, LEVEL, draws()).unwrap()
}

fn counts() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(-300_i64..=300, 10..=30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Where the arms swap places, so do the ends.
    #[test]
    fn swapping_the_arms_mirrors_every_statistic(counts in counts()) {
        let pairs = |sign: i64| {
            let counts: Vec<i64> = counts.iter().map(|count| sign * count).collect();
            Pairs::of_counts(&counts, 12_000).unwrap()
        };
        let (one, other) = (pairs(1), pairs(-1));
        prop_assert_eq!(sign_flip_test(&one), sign_flip_test(&other));
        prop_assert_eq!(smallest_detectable_difference(&one), smallest_detectable_difference(&other));
        let (t, mirrored) = (mean_interval(&one, LEVEL), mean_interval(&other, LEVEL));
        prop_assert_eq!((t.low, t.high), (-mirrored.high, -mirrored.low));
        let wins = |pairs| Outperformance::of(pairs, LEVEL).wins;
        prop_assert_eq!((wins(&one).won, wins(&one).lost), (wins(&other).lost, wins(&other).won));
        let (b, mirrored) = (bca(one.differences()), bca(other.differences()));
        let largest = 300.0 / 12_000.0;
        prop_assert!((b.low + mirrored.high).abs() < 1e-12 * largest);
        prop_assert!((b.high + mirrored.low).abs() < 1e-12 * largest);
    }

    /// Shares, counts, points: the interval follows the units, and a shift of all values.
    #[test]
    fn intervals_follow_units_and_shifts(counts in counts(), shift in -1000_i32..1000) {
        let pairs = Pairs::of_counts(&counts, 12_000).unwrap();
        let of_counts = pairs.differences();
        let values = |f: &dyn Fn(f64) -> f64| {
            let values: Vec<f64> = counts.iter().map(|&count| f(count as f64)).collect();
            Sample::new(&values).unwrap()
        };
        let shift = f64::from(shift);
        let of_shifted = values(&|count| count + shift);
        for interval in [|sample: &Sample| mean_interval(sample, LEVEL), |sample: &Sample| bca(sample)] {
            let expected = interval(of_counts);
            for (sample, unit, shift) in [
                (values(&|count| count / 12_000.0), 1.0, 0.0),
                (values(&|count| count * 1e-200), 12e-197, 0.0),
                (values(&|count| count * 1e200), 12e203, 0.0),
                (of_shifted.clone(), 12_000.0, shift),
            ] {
                let found = interval(&sample);
                let allowed = 1e-11 * unit * (1.0 + shift.abs() / unit);
                prop_assert!((found.low - shift - expected.low * unit).abs() < allowed);
                prop_assert!((found.high - shift - expected.high * unit).abs() < allowed);
            }
        }
    }

    #[test]
    fn intervals_hold_the_estimate_and_widen_with_the_level(
        counts in counts(), lower in 0.5..0.98, step in 0.005..0.019,
    ) {
        let pairs = Pairs::of_counts(&counts, 12_000).unwrap();
        let sample = pairs.differences();
        let [narrow, wide] =
            [lower, lower + step].map(|share| ConfidenceLevel::new(share).unwrap());
        let mean = sample.summary().mean;
        let (t, wide_t) = (mean_interval(sample, narrow), mean_interval(sample, wide));
        prop_assert!(t.contains(mean));
        prop_assert!(wide_t.low <= t.low && t.high <= wide_t.high);
        let b = bca_interval(sample, narrow, draws()).unwrap();
        let wide_b = bca_interval(sample, wide, draws()).unwrap();
        prop_assert!(wide_b.low <= b.low && b.low <= b.high && b.high <= wide_b.high);
        let (least, most) = (sample.summary().min, sample.summary().max);
        prop_assert!(least <= wide_b.low && wide_b.high <= most);
    }

    #[test]
    fn clopper_pearson_rises_with_successes_and_mirrors_failures(
        trials in 1_u64..=20_000, part in 0.0..1.0, share in 0.5..0.999,
    ) {
        let level = ConfidenceLevel::new(share).unwrap();
        let successes = (part * trials as f64) as u64;
        let interval = |successes| clopper_pearson(successes, trials, level).unwrap();
        let (here, above) = (interval(successes), interval(successes + 1));
        prop_assert!(here.low < above.low && here.high <= above.high);
        prop_assert!(here.contains(successes as f64 / trials as f64));
        let mirrored = interval(trials - successes);
        prop_assert!((here.low + mirrored.high - 1.0).abs() < 1e-14);
        prop_assert!(standard_error(successes, trials).unwrap() <= 0.5);
    }

    #[test]
    fn t_quantiles_invert_the_distribution_and_are_odd(
        degrees_of_freedom in 1_u64..=100_000, probability in 1e-9..0.5,
    ) {
        let student = StudentT::new(degrees_of_freedom).unwrap();
        let quantile = student.quantile(probability).unwrap();
        prop_assert!((student.cdf(quantile) / probability - 1.0).abs() < 1e-11);
        let mirrored = student.quantile(1.0 - probability).unwrap();
        prop_assert!((quantile + mirrored).abs() <= 1e-6 * mirrored);
        let more = StudentT::new(degrees_of_freedom + 1).unwrap();
        prop_assert!(more.quantile(probability).unwrap() >= quantile * (1.0 + 1e-13));
    }

    #[test]
    fn order_changes_no_quantile_and_quantiles_rise(
        values in prop::collection::vec(-1e300..=1e300, 1..20), share in 0.0..=1.0, other in 0.0..=1.0,
    ) {
        let mut reversed = values.clone();
        reversed.reverse();
        let at = |share| quantile(&values, share).unwrap();
        prop_assert_eq!(at(share), quantile(&reversed, share).unwrap());
        prop_assert!(share > other || at(share) <= at(other));
        let summary = Summary::of(&values).unwrap();
        prop_assert!(summary.mean.is_finite() && summary.std.is_none_or(f64::is_finite));
        prop_assert_eq!((summary.min, summary.max), (at(0.0), at(1.0)));
    }
}

#[test]
fn fewer_than_ten_seeds_make_no_sample() {
    for found in 0..10 {
        let refused = StatisticsError::TooFewSeeds { found };
        assert_eq!(Pairs::new(&vec![0.1; found]), Err(refused.clone()));
        assert_eq!(Pairs::of_counts(&vec![1; found], 12_000), Err(refused.clone()));
        assert_eq!(Sample::new(&vec![f64::NAN; found]), Err(refused));
    }
    assert!(Pairs::new(&[0.1; 10]).is_ok());
}

#[test]
fn what_is_no_number_and_no_count_makes_no_sample() {
    let mut values = [0.5; 10];
    for bad in [f64::NAN, f64::INFINITY, -1e301] {
        values[4] = bad;
        let error = Pairs::new(&values).unwrap_err();
        assert!(matches!(error, StatisticsError::Value { at: 4, .. }), "{error}");
    }
    let mut counts = [3; 10];
    for images in [0, u64::MAX] {
        let refused = Err(StatisticsError::ImageCount { found: images });
        assert_eq!(Pairs::of_counts(&counts, images), refused);
    }
    for bad in [12_001, -12_001, i64::MIN, i64::MAX] {
        counts[9] = bad;
        let refused = StatisticsError::Images { at: 9, found: bad.into(), images: 12_000 };
        assert_eq!(Pairs::of_counts(&counts, 12_000), Err(refused));
    }
    let refused = StatisticsError::Images { at: 0, found: u64::MAX.into(), images: 12_000 };
    assert_eq!(Sample::of_counts(&[u64::MAX; 10], 12_000), Err(refused));
}

#[test]
fn a_level_is_a_share() {
    for bad in [0.0, -0.5, 0.99999, 1.0, 95.0, f64::NAN, f64::INFINITY] {
        assert!(ConfidenceLevel::new(bad).is_err(), "{bad}");
    }
    assert_eq!(ConfidenceLevel::new(0.95), Ok(ConfidenceLevel::PERCENT_95));
}

/// Whether two means are equal must not depend on the order in which a resample was drawn.
#[test]
fn values_that_round_give_the_interval_of_their_counts() {
    let counts: Vec<u64> = (0..30).map(|at| u64::from(at % 3 == 0)).collect();
    let shares: Vec<f64> = counts.iter().map(|&count| count as f64 / 10.0).collect();
    let of_counts = bca(&Sample::of_counts(&counts, 10).unwrap());
    let of_shares = bca(&Sample::new(&shares).unwrap());
    assert!((of_counts.low - of_shares.low).abs() < 1e-15);
    assert!((of_counts.high - of_shares.high).abs() < 1e-15);
}

#[test]
fn a_hundred_pairs_of_the_largest_differences_are_tested() {
    let differences: Vec<i64> =
        (0..100).map(|at| if at % 3 == 0 { -12_000 + at } else { 11_900 - at }).collect();
    let p = sign_flip_test(&Pairs::of_counts(&differences, 12_000).unwrap()).unwrap();
    assert!(p > 0.0 && p < 0.01);
}
