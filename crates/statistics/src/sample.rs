//! Enough numbers for an interval or a test: one per seed, ten seeds at least.
//!
//! What makes an interval or a test takes a [`Sample`] or [`Pairs`], which fewer seeds cannot make.

use crate::error::{FEWEST_SEEDS, Result, StatisticsError};
use crate::level::Interval;
use crate::scaled::{Moments, Scaled};
use crate::summary::Summary;

/// One finite number per seed: an arm's results, or the differences of two arms.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample(Scaled);

impl Sample {
    /// A sample of these values.
    ///
    /// # Errors
    ///
    /// [`StatisticsError::TooFewSeeds`] below [`FEWEST_SEEDS`]; [`StatisticsError::Value`] for a
    /// value that is not finite.
    pub fn new(values: &[f64]) -> Result<Self> {
        Self::of_enough(values.len(), || Scaled::of_values(values))
    }

    /// A sample of accuracies, from how many of so many images each run classified correctly.
    ///
    /// Statistics are of the shares, count / images, but summed as counts. Sums of counts are exact,
    /// so that equal means are found equal.
    ///
    /// # Errors
    ///
    /// As for [`Sample::new`]; [`StatisticsError::Images`] for a count of more than all images, and
    /// [`StatisticsError::ImageCount`] for no images or more than 10⁹.
    pub fn of_counts(counts: &[u64], images: u64) -> Result<Self> {
        Self::of_enough(counts.len(), || Scaled::of_counts(counts, images))
    }

    fn of_enough(found: usize, numbers: impl FnOnce() -> Result<Scaled>) -> Result<Self> {
        if found < FEWEST_SEEDS {
            return Err(StatisticsError::TooFewSeeds { found });
        }
        numbers().map(Self)
    }

    /// The number of seeds.
    pub fn seeds(&self) -> usize {
        self.0.values.len()
    }

    /// The values, by seed.
    pub fn values(&self) -> &[f64] {
        &self.0.values
    }

    /// Mean, standard deviation and the rest.
    pub fn summary(&self) -> Summary {
        Summary::of_scaled(&self.0)
    }

    /// The numbers at a scale of their own, which sums are taken of.
    pub(crate) fn raw(&self) -> &[f64] {
        &self.0.raw
    }

    /// Mean and squared deviations of the raw numbers.
    pub(crate) fn moments(&self) -> Moments {
        Moments::of(&self.0.raw)
    }

    /// A raw result in the units of the values.
    pub(crate) fn unscaled(&self, raw: f64) -> f64 {
        self.0.unscaled(raw)
    }

    /// A raw interval in the units of the values.
    pub(crate) fn unscaled_interval(&self, low: f64, high: f64) -> Interval {
        Interval { low: self.unscaled(low), high: self.unscaled(high) }
    }
}

impl AsRef<Sample> for Sample {
    fn as_ref(&self) -> &Sample {
        self
    }
}

/// The differences of two arms, one per seed: the first arm less the second. Both arms of a pair
/// share the seed, and with it everything that the seed varies.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    differences: Sample,
    counts: Option<Vec<i64>>,
}

impl Pairs {
    /// Pairs with these differences, which may be of anything, such as of losses.
    ///
    /// # Errors
    ///
    /// As for [`Sample::new`].
    pub fn new(differences: &[f64]) -> Result<Self> {
        Ok(Self { differences: Sample::new(differences)?, counts: None })
    }

    /// Pairs with these differences of accuracies: by how many of so many images one arm
    /// classified more correctly than the other.
    ///
    /// # Errors
    ///
    /// As for [`Sample::of_counts`].
    pub fn of_counts(differences: &[i64], images: u64) -> Result<Self> {
        let sample =
            Sample::of_enough(differences.len(), || Scaled::of_counts(differences, images))?;
        Ok(Self { differences: sample, counts: Some(differences.to_vec()) })
    }

    /// The differences, by seed.
    pub fn differences(&self) -> &Sample {
        &self.differences
    }

    /// The differences in images, if they are differences of accuracies.
    pub(crate) fn counts(&self) -> Option<&[i64]> {
        self.counts.as_deref()
    }
}

impl AsRef<Sample> for Pairs {
    fn as_ref(&self) -> &Sample {
        &self.differences
    }
}
