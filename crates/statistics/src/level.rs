//! Confidence levels, and the intervals that have them.

use crate::error::{Result, StatisticsError};

/// How often an interval is to hold the true value, such as 0.95.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceLevel(f64);

impl ConfidenceLevel {
    /// 95 %.
    pub const PERCENT_95: Self = Self(0.95);

    /// A level as a share: more than 0 and at most 0.9999. A bootstrap of 10,000 resamples has no
    /// more digits.
    ///
    /// # Errors
    ///
    /// [`StatisticsError::Level`].
    pub fn new(share: f64) -> Result<Self> {
        if share > 0.0 && share <= 0.9999 {
            Ok(Self(share))
        } else {
            Err(StatisticsError::Level { found: share })
        }
    }

    /// The level as a share, such as 0.95.
    pub fn share(self) -> f64 {
        self.0
    }

    /// The probability that is left out at each end: (1 − level) / 2.
    pub(crate) fn tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }
}

/// A closed interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies within, the ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}
