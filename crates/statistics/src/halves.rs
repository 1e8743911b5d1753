//! Ten results of one thing, split five and five in every way, as if the halves were results of two things:
//! how often a comparison of five seeds with five others finds a difference where there is none.

use crate::error::Result;
use crate::level::{ConfidenceLevel, Interval};
use crate::sample::Sample;
use crate::scaled::Moments;
use crate::student::StudentT;

/// So many results are split.
const ALL: usize = crate::FEWEST_SEEDS;

/// The results of a half.
const HALF: usize = ALL / 2;

/// The degrees of freedom of a pooled variance of two halves.
const DEGREES_OF_FREEDOM: u64 = (ALL - 2) as u64;

/// The quantile of the normal distribution that is taken for that of Student's.
const NORMAL: f64 = 1.96;

/// One split: a half against the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Half {
    /// The mean of the half that the split names less that of the other.
    pub difference: f64,
    /// Its standard error, from the pooled variance.
    pub standard_error: f64,
    /// The t interval of the difference, difference ± t·standard error with 8 degrees of freedom.
    pub interval: Interval,
}

impl Half {
    /// Whether the interval leaves 0 out.
    pub fn is_told_apart(&self) -> bool {
        self.interval.low > 0.0 || self.interval.high < 0.0
    }

    /// Whether the difference is beyond 1.96 standard errors: the rule of those who forget that five are
    /// few.
    pub fn is_beyond_normal(&self) -> bool {
        self.difference.abs() > NORMAL * self.standard_error
    }
}

/// Each of the 252 halves of ten results against the other half: Student's two-sample t interval with pooled
/// variance. A split and its mirror image both count.
///
/// # Errors
///
/// [`StatisticsError::Value`](crate::StatisticsError::Value) for a value that is not finite.
pub fn halves(values: &[f64; ALL], level: ConfidenceLevel) -> Result<Vec<Half>> {
    let sample = Sample::new(values)?;
    let t = StudentT::new(DEGREES_OF_FREEDOM)?.upper_quantile(level.tail());
    let masks = (0_u32..1 << ALL).filter(|mask| mask.count_ones() as usize == HALF);
    let split = |mask: u32| {
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for (at, &value) in sample.raw().iter().enumerate() {
            if mask >> at & 1 == 1 { here.push(value) } else { there.push(value) }
        }
        let [here, there] = [Moments::of(&here), Moments::of(&there)];
        let pooled = (here.squares + there.squares) / DEGREES_OF_FREEDOM as f64;
        let standard_error = (pooled * (2.0 / HALF as f64)).sqrt();
        let difference = here.mean - there.mean;
        let margin = t * standard_error;
        Half {
            difference: sample.unscaled(difference),
            standard_error: sample.unscaled(standard_error),
            interval: sample.unscaled_interval(difference - margin, difference + margin),
        }
    };
    Ok(masks.map(split).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 to 9: the halves 0–4 and 5–9 have a variance of 2.5 each, so that the standard error of their
    /// difference of 5 is 1; t(0.975, 8) = 2.306004.
    #[test]
    fn every_half_stands_against_the_other() {
        let values: [f64; ALL] = std::array::from_fn(|at| at as f64);
        let found = halves(&values, ConfidenceLevel::PERCENT_95).unwrap();
        assert_eq!(found.len(), 252);
        let first = found[0];
        assert!((first.difference + 5.0).abs() < 1e-12, "{first:?}");
        assert!((first.standard_error - 1.0).abs() < 1e-12, "{first:?}");
        assert!((first.interval.low + 7.306_004).abs() < 1e-5, "{first:?}");
        assert!((first.interval.high + 2.693_996).abs() < 1e-5, "{first:?}");
        assert!(first.is_told_apart() && first.is_beyond_normal());
        // The mirror image of each is among them.
        for half in &found {
            let mirrored = |other: &&Half| (other.difference + half.difference).abs() < 1e-12;
            assert!(found.iter().any(|other| mirrored(&other)));
        }
        let sum: f64 = found.iter().map(|half| half.difference).sum();
        assert!(sum.abs() < 1e-9, "{sum}");
    }

    /// 1.96 < 2.306: a difference of two standard errors is beyond the one and within the other.
    #[test]
    fn five_are_fewer_than_many() {
        let half = |difference: f64| {
            let interval = Interval { low: difference - 2.306, high: difference + 2.306 };
            Half { difference, standard_error: 1.0, interval }
        };
        assert!(half(-2.0).is_beyond_normal() && !half(-2.0).is_told_apart());
        assert!(half(-2.4).is_beyond_normal() && half(-2.4).is_told_apart());
        assert!(!half(1.9).is_beyond_normal() && half(2.4).is_told_apart());
    }

    #[test]
    fn equal_results_are_never_told_apart_and_large_ones_do_not_overflow() {
        let equal = halves(&[0.1; ALL], ConfidenceLevel::PERCENT_95).unwrap();
        assert!(equal.iter().all(|half| !half.is_told_apart() && !half.is_beyond_normal()));
        let large: [f64; ALL] = std::array::from_fn(|at| at as f64 * 1e299);
        let found = halves(&large, ConfidenceLevel::PERCENT_95).unwrap();
        assert!(found.iter().all(|half| half.standard_error.is_finite()));
        assert!(halves(&[f64::NAN; ALL], ConfidenceLevel::PERCENT_95).is_err());
    }
}
