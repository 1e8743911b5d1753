//! How much results vary by one source alone.
//!
//! Source: Bouthillier et al., "Accounting for Variance in Machine Learning Benchmarks", 2021,
//! section 2: each source of randomness is varied while the others are held.

use crate::error::{Result, StatisticsError};
use crate::scaled::{Moments, Scaled};

/// How much results vary with one source, such as the initial weights, the order of images or the
/// split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceSpread {
    /// The standard deviation within groups: √(Σ Σ(x − mean of its group)² / degrees of freedom).
    pub std: f64,
    /// The number of values less the number of groups. A standard deviation with ν of them is
    /// uncertain by about 1/√(2ν) of itself.
    pub degrees_of_freedom: usize,
    /// The number of groups with two values or more. A single value adds nothing.
    pub groups: usize,
}

impl SourceSpread {
    /// The spread by a source. Each group holds the results of runs that differ in that source
    /// alone; from group to group the other sources may differ.
    ///
    /// # Errors
    ///
    /// [`StatisticsError::NoDegreesOfFreedom`] if no group has two values,
    /// [`StatisticsError::Value`] for a value that is not finite, counted through all groups.
    pub fn of(groups: &[impl AsRef<[f64]>]) -> Result<Self> {
        let groups: Vec<&[f64]> = groups.iter().map(AsRef::as_ref).collect();
        let values = groups.concat();
        if values.is_empty() {
            return Err(StatisticsError::NoDegreesOfFreedom);
        }
        // At one scale for all, so that the squares of all groups can be summed.
        let all = Scaled::of_values(&values)?;
        let mut rest = all.raw.as_slice();
        let (mut squares, mut degrees_of_freedom, mut counted) = (0.0, 0, 0);
        for group in groups {
            let (raw, after) = rest.split_at(group.len());
            rest = after;
            if raw.len() > 1 {
                squares += Moments::of(raw).squares;
                degrees_of_freedom += raw.len() - 1;
                counted += 1;
            }
        }
        if degrees_of_freedom == 0 {
            return Err(StatisticsError::NoDegreesOfFreedom);
        }
        let std = all.unscaled((squares / degrees_of_freedom as f64).sqrt());
        Ok(Self { std, degrees_of_freedom, groups: counted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: squares 2 and 8, of 1 and 2 degrees of freedom; the single value adds none.
    #[test]
    fn groups_are_pooled_by_their_degrees_of_freedom() {
        let groups = [vec![1.0, 3.0], vec![10.0, 12.0, 14.0], vec![100.0], vec![]];
        let spread = SourceSpread::of(&groups).unwrap();
        assert_eq!((spread.degrees_of_freedom, spread.groups), (3, 2));
        assert!((spread.std - (10.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn what_lies_between_groups_does_not_count() {
        let near = SourceSpread::of(&[[0.25, 0.5], [0.5, 1.0]]).unwrap();
        let far = SourceSpread::of(&[[0.25, 0.5], [1000.5, 1001.0]]).unwrap();
        assert_eq!(near.std, far.std);
    }

    #[test]
    fn without_two_values_in_a_group_there_is_no_spread() {
        let none: [[f64; 1]; 0] = [];
        assert_eq!(SourceSpread::of(&none), Err(StatisticsError::NoDegreesOfFreedom));
        assert_eq!(SourceSpread::of(&[[1.0], [2.0]]), Err(StatisticsError::NoDegreesOfFreedom));
        let bad = SourceSpread::of(&[[1.0, 2.0], [3.0, f64::NAN]]).unwrap_err();
        assert!(matches!(bad, StatisticsError::Value { at: 3, .. }));
    }
}
