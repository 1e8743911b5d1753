//! Where the mean of an arm lies, as far as its seeds can say.

use statistics::{ConfidenceLevel, Sample, mean_interval};

use super::spread::Spread;

/// An interval around a mean over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// What it is.
    pub kind: IntervalKind,
}

/// What an interval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalKind {
    /// A 95 % t interval of the mean.
    Confidence,
    /// From the lowest seed to the highest: there are too few for an interval that covers as it says.
    Range,
}

impl Interval {
    /// The interval around the mean of these numbers, one per seed; none for fewer than two.
    pub fn of_mean(numbers: &[f64]) -> Option<Self> {
        match Sample::new(numbers) {
            Ok(sample) => {
                let interval = mean_interval(&sample, ConfidenceLevel::PERCENT_95);
                let (low, high) = (interval.low, interval.high);
                Some(Self { low, high, kind: IntervalKind::Confidence })
            }
            Err(_) if numbers.len() > 1 => {
                let Spread { min, max, .. } = Spread::of(numbers)?;
                Some(Self { low: min, high: max, kind: IntervalKind::Range })
            }
            Err(_) => None,
        }
    }

    /// What it is, in words.
    pub fn description(&self) -> &'static str {
        match self.kind {
            IntervalKind::Confidence => "95 % t interval of the mean over seeds",
            IntervalKind::Range => "from the lowest seed to the highest",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_than_ten_seeds_have_a_range_and_no_interval() {
        assert_eq!(Interval::of_mean(&[0.5]), None);
        let range = Interval { low: 0.25, high: 0.75, kind: IntervalKind::Range };
        assert_eq!(Interval::of_mean(&[0.5, 0.25, 0.75]), Some(range));
        // Mean 4.5, standard deviation √(82.5 / 9), t(0.975, 9) = 2.262157.
        let ten: Vec<f64> = (0..10).map(f64::from).collect();
        let found = Interval::of_mean(&ten).unwrap();
        let half = 2.262_157 * (82.5_f64 / 9.0 / 10.0).sqrt();
        assert!((found.low - (4.5 - half)).abs() < 1e-5, "{found:?}");
        assert!((found.high - (4.5 + half)).abs() < 1e-5, "{found:?}");
        assert_eq!(found.kind, IntervalKind::Confidence);
    }
}
