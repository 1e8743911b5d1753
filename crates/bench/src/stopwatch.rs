//! The time of one call, and the median and spread of several times.

use std::hint::black_box;
use std::time::Instant;

use statistics::quantile;

use crate::error::Result;

/// The mean seconds per call of `work`, which is called again and again until `at_least` seconds
/// have passed, and at least once.
pub(crate) fn seconds_per_call<T>(
    at_least: f64,
    mut work: impl FnMut() -> Result<T>,
) -> Result<f64> {
    let start = Instant::now();
    for calls in 1_u32.. {
        black_box(work()?);
        let elapsed = start.elapsed().as_secs_f64();
        if elapsed >= at_least {
            return Ok(elapsed / f64::from(calls));
        }
    }
    Ok(f64::NAN)
}

/// The value in the middle, or the mean of the two values in the middle. No values have no median.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5).ok()
}

/// The interquartile range as a share of the median. No values have none.
pub(crate) fn spread(values: &[f64]) -> Option<f64> {
    let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(values, share).ok());
    Some((high? - low?) / median?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::BenchError;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 10.0]), Some(3.0));
        assert_eq!(median(&[4.0, 1.0, 10.0, 2.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    /// NumPy: `np.subtract(*np.percentile(x, [75, 25])) / np.median(x)`.
    #[test]
    fn the_spread_is_of_the_middle_half() {
        assert_eq!(spread(&[1.0, 2.0, 4.0, 5.0, 100.0]), Some(0.75));
        assert_eq!(spread(&[3.0]), Some(0.0));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn work_is_called_once_at_least_and_its_failure_ends_it() {
        let mut calls = 0;
        let mut count = || {
            calls += 1;
            Ok(())
        };
        assert!(seconds_per_call(0.0, &mut count).unwrap() >= 0.0);
        assert_eq!(calls, 1);
        assert!(
            seconds_per_call(1.0, || Err::<(), _>(BenchError::Figure(plots::DrawError::Font)))
                .is_err()
        );
    }
}
