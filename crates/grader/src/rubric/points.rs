//! Points, as exact hundredths.

use std::fmt;

use serde::{Serialize, Serializer};

/// Points, counted in hundredths, so that sums are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Points(u64);

impl Points {
    /// More than this is a slip.
    const MOST: f64 = 1e6;

    /// This many; `None` unless it is above 0, at most a million, and has at most two decimals.
    pub fn new(points: f64) -> Option<Self> {
        let hundredths = points * 100.0;
        let whole = hundredths.round();
        let is_fine = points > 0.0 && points <= Self::MOST && (hundredths - whole).abs() < 1e-6;
        is_fine.then_some(Self(whole as u64))
    }

    /// The part `passed / asked` of these, rounded down to hundredths; 0 if nothing was asked.
    pub fn part(self, passed: usize, asked: usize) -> Self {
        Self((self.0 * passed as u64).checked_div(asked as u64).unwrap_or(0))
    }

    /// As a number.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        Self(points.map(|Self(hundredths)| hundredths).sum())
    }
}

impl fmt::Display for Points {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.to_f64().to_string())
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_f64())
    }
}
