//! The bias-corrected and accelerated bootstrap interval of a mean.
//!
//! Source: Efron, "Better Bootstrap Confidence Intervals", 1987.

use crate::error::{Result, StatisticsError};
use crate::level::{ConfidenceLevel, Interval};
use crate::normal;
use crate::sample::Sample;
use crate::summary::{quantile_of_sorted, sorted};

/// How many resamples are drawn.
pub const RESAMPLES: usize = 10_000;

/// The BCa interval of a mean, from [`RESAMPLES`] resamples.
///
/// `below` draws an integer from 0 to its argument, exclusive, all equally likely, as the `below` of
/// the trainer's streams does. The resamples
/// are drawn one after the other, each with one draw per seed.
///
/// The interval covers less often than stated. Of 95 %, it covers the mean of 10, 20 and 30 normally
/// distributed values in 90 %, 92 % and 93 % of studies, and the mean of 30 exponentially distributed
/// ones in 92 %. Equal values have an interval of a single point.
///
/// # Errors
///
/// [`StatisticsError::Resample`] if `below` gives a number that is too large;
/// [`StatisticsError::TooFewResamples`] if all means of resamples lie on one side of the mean.
pub fn bca_interval(
    sample: impl AsRef<Sample>,
    level: ConfidenceLevel,
    mut below: impl FnMut(u64) -> u64,
) -> Result<Interval> {
    let sample = sample.as_ref();
    let seeds = sample.seeds();
    let mut means = Vec::with_capacity(RESAMPLES);
    let mut resample = vec![0; seeds];
    for at in 0..RESAMPLES {
        for index in &mut resample {
            *index = usize::try_from(below(seeds as u64)).unwrap_or(seeds);
        }
        means.push(mean_of(sample, &resample).ok_or(StatisticsError::Resample { at, seeds })?);
    }
    interval_of_means(sample, level, &means)
}

/// The BCa interval of a mean from these resamples. Each holds as many indices of the sample as
/// the sample has seeds.
///
/// # Errors
///
/// [`StatisticsError::Empty`] without a resample, and those of [`bca_interval`].
pub fn bca_interval_of_resamples(
    sample: impl AsRef<Sample>,
    level: ConfidenceLevel,
    resamples: &[impl AsRef<[usize]>],
) -> Result<Interval> {
    let sample = sample.as_ref();
    let seeds = sample.seeds();
    let mean = |(at, resample): (usize, &_)| {
        mean_of(sample, AsRef::as_ref(resample)).ok_or(StatisticsError::Resample { at, seeds })
    };
    let means: Vec<f64> = resamples.iter().enumerate().map(mean).collect::<Result<_>>()?;
    interval_of_means(sample, level, &means)
}

/// The mean of a resample, in raw units; none if it is no resample of the sample.
fn mean_of(sample: &Sample, resample: &[usize]) -> Option<f64> {
    if resample.len() != sample.seeds() {
        return None;
    }
    let mut sum = 0.0;
    for &index in resample {
        sum += *sample.raw().get(index)?;
    }
    Some(sum / resample.len() as f64)
}

fn interval_of_means(sample: &Sample, level: ConfidenceLevel, means: &[f64]) -> Result<Interval> {
    if means.is_empty() {
        return Err(StatisticsError::Empty { what: "resamples" });
    }
    let moments = sample.moments();
    if moments.squares == 0.0 {
        return Ok(sample.unscaled_interval(moments.mean, moments.mean));
    }
    let bias = normal::quantile(share_below(sample, moments.mean, means)?);
    let cubes: f64 = sample
        .raw()
        .iter()
        .map(|raw| (raw - moments.mean) * (raw - moments.mean) * (raw - moments.mean))
        .sum();
    // The jackknife leaves out each value in turn. For a mean, what it gives is this skewness.
    let acceleration = cubes / (6.0 * moments.squares * moments.squares.sqrt());
    let sorted = sorted(means);
    let end = |z: f64| {
        let shifted = bias + z;
        let stretch = 1.0 - acceleration * shifted;
        // From here on the adjusted quantile is the outermost mean.
        let share = if stretch > 0.0 {
            normal::cdf(bias + shifted / stretch)
        } else {
            f64::from(u8::from(shifted > 0.0))
        };
        quantile_of_sorted(&sorted, share)
    };
    let z = normal::quantile(level.tail());
    Ok(sample.unscaled_interval(end(z), end(-z)))
}

/// The share of resamples with a mean below the sample's. Equal means count half.
fn share_below(sample: &Sample, mean: f64, means: &[f64]) -> Result<f64> {
    let largest = sample.raw().iter().fold(0.0, |largest: f64, raw| largest.max(raw.abs()));
    // Of both sums together, at most. The order of a sum must not decide whether means are equal.
    let rounding = f64::EPSILON * sample.seeds() as f64 * largest;
    let below = means.iter().filter(|&&other| other < mean - rounding).count();
    let above = means.iter().filter(|&&other| other > mean + rounding).count();
    let halves = means.len() + below - above;
    if halves == 0 || halves == 2 * means.len() {
        return Err(StatisticsError::TooFewResamples { found: means.len() });
    }
    Ok(halves as f64 / (2 * means.len()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: ConfidenceLevel = ConfidenceLevel::PERCENT_95;

    #[test]
    fn equal_values_have_an_interval_of_one_point() {
        let sample = Sample::new(&[-0.1; 12]).unwrap();
        let interval = bca_interval(&sample, LEVEL, |_| 0).unwrap();
        assert_eq!(interval, Interval { low: -0.1, high: -0.1 });
    }

    #[test]
    fn a_draw_out_of_range_is_an_error() {
        let sample = Sample::new(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).unwrap();
        let refused = Err(StatisticsError::Resample { at: 0, seeds: 10 });
        assert_eq!(bca_interval(&sample, LEVEL, |bound| bound), refused);
        assert_eq!(bca_interval(&sample, LEVEL, |_| u64::MAX), refused);
        assert_eq!(bca_interval_of_resamples(&sample, LEVEL, &[[0_usize; 9]]), refused);
        let none: [[usize; 10]; 0] = [];
        assert_eq!(
            bca_interval_of_resamples(&sample, LEVEL, &none),
            Err(StatisticsError::Empty { what: "resamples" })
        );
        // All on one side.
        assert_eq!(
            bca_interval(&sample, LEVEL, |_| 0),
            Err(StatisticsError::TooFewResamples { found: RESAMPLES })
        );
    }

    /// Almost every resample lies below the mean, which moves the upper end beyond the last one.
    #[test]
    fn an_adjustment_without_bounds_ends_at_the_outermost_mean() {
        let sample = Sample::new(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]).unwrap();
        let mut resamples = vec![[0_usize; 10]; RESAMPLES];
        resamples[0] = [9; 10];
        let level = ConfidenceLevel::new(0.9999).unwrap();
        let interval = bca_interval_of_resamples(&sample, level, &resamples).unwrap();
        assert_eq!(interval.high, 1.0);
    }
}
