//! Numbers at a scale at which their arithmetic neither overflows nor underflows.

use crate::error::{Result, StatisticsError};

/// The largest magnitude of a value: a mean, a standard deviation and an interval of such values
/// are finite.
const LARGEST: f64 = 1e300;

/// Numbers that are finite, one at least.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaled {
    /// The numbers.
    pub(crate) values: Vec<f64>,
    /// What sums are taken of, the numbers times `divisor`: counts, or magnitudes up to 1.
    pub(crate) raw: Vec<f64>,
    /// What results are divided by: the number of images, or a power of two.
    divisor: f64,
}

impl Scaled {
    /// Values times a power of two, which changes no digit, so that the largest magnitude lies
    /// between ½ and 1.
    pub(crate) fn of_values(values: &[f64]) -> Result<Self> {
        if values.is_empty() {
            return Err(StatisticsError::Empty { what: "values" });
        }
        if let Some(at) = values.iter().position(|value| value.is_nan() || value.abs() > LARGEST) {
            return Err(StatisticsError::Value { at, found: values[at] });
        }
        let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let (_, exponent) = libm::frexp(largest);
        // 2¹⁰⁰⁰ is enough for the least numbers, and finite.
        let divisor = libm::ldexp(1.0, (-exponent).min(1000));
        let raw = values.iter().map(|value| value * divisor).collect();
        Ok(Self { values: values.to_vec(), raw, divisor })
    }

    /// Counts of images, as shares of all images. Sums of counts are exact.
    pub(crate) fn of_counts<T: Copy + Into<i128>>(counts: &[T], images: u64) -> Result<Self> {
        if counts.is_empty() {
            return Err(StatisticsError::Empty { what: "counts" });
        }
        if images == 0 || images > 1_000_000_000 {
            return Err(StatisticsError::ImageCount { found: images });
        }
        let counts: Vec<i128> = counts.iter().map(|&count| count.into()).collect();
        if let Some(at) = counts.iter().position(|count| count.unsigned_abs() > images.into()) {
            return Err(StatisticsError::Images { at, found: counts[at], images });
        }
        let divisor = images as f64;
        let raw: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
        Ok(Self { values: raw.iter().map(|count| count / divisor).collect(), raw, divisor })
    }

    /// A result in the units of the values.
    pub(crate) fn unscaled(&self, result: f64) -> f64 {
        result / self.divisor
    }
}

/// Mean and squared deviations of raw numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    /// How many numbers there are.
    pub(crate) count: usize,
    /// Their mean.
    pub(crate) mean: f64,
    /// Σ(x − mean)².
    pub(crate) squares: f64,
}

impl Moments {
    /// The moments of these numbers, in two passes: a variance is never `E[x²] − E[x]²`. The mean is
    /// taken around the first number, so that equal numbers have their own value as mean, and no
    /// deviation.
    pub(crate) fn of(raw: &[f64]) -> Self {
        let origin = raw.first().copied().unwrap_or(0.0);
        let sum: f64 = raw.iter().map(|number| number - origin).sum();
        let mean = origin + sum / raw.len() as f64;
        let squares = raw.iter().map(|number| (number - mean) * (number - mean)).sum();
        Self { count: raw.len(), mean, squares }
    }

    /// The standard deviation with ddof 1: √(Σ(x − mean)² / (n − 1)); none of a single number.
    pub(crate) fn std(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }

    /// The standard error of the mean: std / √n; none of a single number.
    pub(crate) fn standard_error(&self) -> Option<f64> {
        self.std().map(|std| std / (self.count as f64).sqrt())
    }
}
