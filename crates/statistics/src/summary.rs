//! Mean, spread and quantiles of a few numbers.

use crate::error::{Result, StatisticsError};
use crate::scaled::{Moments, Scaled};

/// Mean and spread of a few numbers. It says nothing about other seeds than these, and may
/// therefore be of any number of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// How many there are.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation with ddof 1: √(Σ(x − mean)² / (n − 1)); none of a single number.
    pub std: Option<f64>,
    /// Standard error of the mean: std / √n; none of a single number.
    pub standard_error: Option<f64>,
    /// The least.
    pub min: f64,
    /// The median; of an even number, the mean of the two in the middle.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl Summary {
    /// The summary of these numbers.
    ///
    /// # Errors
    ///
    /// [`StatisticsError::Empty`] without a number, [`StatisticsError::Value`] for one that is not
    /// finite.
    pub fn of(values: &[f64]) -> Result<Self> {
        Ok(Self::of_scaled(&Scaled::of_values(values)?))
    }

    pub(crate) fn of_scaled(numbers: &Scaled) -> Self {
        let moments = Moments::of(&numbers.raw);
        let sorted = sorted(&numbers.raw);
        let quantile = |share| numbers.unscaled(quantile_of_sorted(&sorted, share));
        Self {
            count: moments.count,
            mean: numbers.unscaled(moments.mean),
            std: moments.std().map(|std| numbers.unscaled(std)),
            standard_error: moments.standard_error().map(|error| numbers.unscaled(error)),
            min: quantile(0.0),
            median: quantile(0.5),
            max: quantile(1.0),
        }
    }
}

/// The quantile of these numbers at a share of 0 to 1, as NumPy computes it by default: between
/// the two nearest ranks on a straight line, rank 0 at share 0 and rank n − 1 at share 1.
///
/// Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996, definition 7.
///
/// # Errors
///
/// [`StatisticsError::Share`] for another share, and those of [`Summary::of`].
pub fn quantile(values: &[f64], share: f64) -> Result<f64> {
    if !(0.0..=1.0).contains(&share) {
        return Err(StatisticsError::Share { what: "quantile", found: share });
    }
    let numbers = Scaled::of_values(values)?;
    Ok(numbers.unscaled(quantile_of_sorted(&sorted(&numbers.raw), share)))
}

/// The numbers by size, none of which is NaN.
pub(crate) fn sorted(numbers: &[f64]) -> Vec<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The quantile of sorted numbers at a share of 0 to 1; 0 if there are none.
pub(crate) fn quantile_of_sorted(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let rank = share * last as f64;
    let below = (rank as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    let part = rank - below as f64;
    // From the nearer end, as NumPy does, so that the ends come out as they are.
    if part < 0.5 { low + (high - low) * part } else { high - (high - low) * (1.0 - part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are NumPy's: `np.mean`, `np.std(ddof=1)`, `np.median`.
    #[test]
    fn a_summary_is_numpys() {
        let summary = Summary::of(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0]).unwrap();
        assert_eq!(summary.count, 6);
        assert_eq!(summary.mean, 23.0 / 6.0);
        assert!((summary.std.unwrap() - 2.994_439_290_863_427_4).abs() < 1e-15);
        assert!((summary.standard_error.unwrap() - 1.222_474_721_392_816_7).abs() < 1e-15);
        assert_eq!((summary.min, summary.median, summary.max), (1.0, 3.5, 9.0));
    }

    #[test]
    fn a_single_number_has_no_spread() {
        let summary = Summary::of(&[0.25]).unwrap();
        assert_eq!((summary.mean, summary.median), (0.25, 0.25));
        assert_eq!((summary.std, summary.standard_error), (None, None));
    }

    #[test]
    fn equal_numbers_have_no_deviation() {
        let summary = Summary::of(&[0.1; 10]).unwrap();
        assert_eq!((summary.mean, summary.std), (0.1, Some(0.0)));
    }

    #[test]
    fn numbers_of_any_magnitude_keep_their_spread() {
        let expected = Summary::of(&[1.0, 2.0, 4.0]).unwrap();
        for scale in [1e-320, 1e-200, 1e200, 2e299] {
            let summary = Summary::of(&[scale, 2.0 * scale, 4.0 * scale]).unwrap();
            // Of the least numbers only a few digits are left.
            let allowed = if scale < 1e-307 { 1e-3 } else { 1e-14 };
            for (found, expected) in
                [(summary.mean, expected.mean), (summary.std.unwrap(), expected.std.unwrap())]
            {
                assert!((found / scale / expected - 1.0).abs() < allowed, "{scale}: {found}");
            }
        }
        // 2⁵³ and more: the squares have no digit to spare for the mean.
        let far = Summary::of(&[1e16, 1e16 + 2.0, 1e16 + 4.0]).unwrap();
        assert_eq!(far.std, Some(2.0));
    }

    #[test]
    fn what_is_no_number_is_refused_by_its_place() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2e300] {
            let error = Summary::of(&[1.0, bad]).unwrap_err();
            assert!(matches!(error, StatisticsError::Value { at: 1, .. }), "{error}");
        }
        assert_eq!(Summary::of(&[]), Err(StatisticsError::Empty { what: "values" }));
        assert_eq!(
            quantile(&[1.0], 1.5),
            Err(StatisticsError::Share { what: "quantile", found: 1.5 })
        );
        assert!(quantile(&[1.0], f64::NAN).is_err());
        assert!(quantile(&[], 0.5).is_err());
    }
}
