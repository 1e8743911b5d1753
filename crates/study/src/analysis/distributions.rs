//! Distributions inside the networks over training: what goes into ReLU and batch norm, and the
//! parameters and running statistics of batch norm.

use crate::arm::Arm;
use crate::tables::{ActivationRow, BatchNormRow, Place, Statistic};

/// Percentiles of all values at a place, in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentiles {
    /// The step, counted from 0.
    pub step: u64,
    /// The 15th percentile.
    pub p15: f64,
    /// The median.
    pub p50: f64,
    /// The 85th percentile.
    pub p85: f64,
}

/// What one block of an arm has at a place, over training.
#[derive(Debug, Clone, PartialEq)]
pub struct Activations {
    /// The place.
    pub place: Place,
    /// The block, counted from 1.
    pub block: u64,
    /// The mean over runs in each step.
    pub mean: Vec<Percentiles>,
}

impl Activations {
    /// All places and blocks of an arm that were observed.
    pub(super) fn of(arm: &Arm, rows: &[ActivationRow]) -> Vec<Self> {
        let mut of_arm: Vec<_> = rows.iter().filter(|row| row.key == *arm).collect();
        of_arm.sort_by_key(|row| (row.place, row.block, row.step));
        let same = |one: &&ActivationRow, other: &&ActivationRow| {
            (one.place, one.block) == (other.place, other.block)
        };
        let point = |row: &&ActivationRow| {
            let &ActivationRow { step, p15, p50, p85, .. } = *row;
            Percentiles { step, p15, p50, p85 }
        };
        let of_rows = |rows: &[&ActivationRow]| {
            let &ActivationRow { place, block, .. } = *rows.first()?;
            Some(Self { place, block, mean: rows.iter().map(point).collect() })
        };
        of_arm.chunk_by(same).filter_map(of_rows).collect()
    }

    /// The distance from the 15th to the 85th percentile in the first observed step and in the last.
    pub fn widths(&self) -> Option<(f64, f64)> {
        let width = |at: &Percentiles| at.p85 - at.p15;
        Some((width(self.mean.first()?), width(self.mean.last()?)))
    }
}

/// The values of all channels in one step. Over runs the extremes are extremes, and the quartiles
/// means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channels {
    /// The step, counted from 0.
    pub step: u64,
    /// The least minimum.
    pub min: f64,
    /// The mean of each quartile.
    pub quartiles: [f64; 3],
    /// The largest maximum.
    pub max: f64,
}

/// What one batch norm of an arm has of a parameter or running statistic, over training.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNormStatistic {
    /// The parameter or running statistic.
    pub statistic: Statistic,
    /// The block, counted from 1.
    pub block: u64,
    /// The values by ascending steps.
    pub points: Vec<Channels>,
}

impl BatchNormStatistic {
    /// All statistics and blocks of an arm that were observed.
    pub(super) fn of(arm: &Arm, rows: &[BatchNormRow]) -> Vec<Self> {
        let mut of_arm: Vec<_> = rows.iter().filter(|row| row.key == *arm).collect();
        of_arm.sort_by_key(|row| (row.quantity, row.block, row.step));
        let same = |one: &&BatchNormRow, other: &&BatchNormRow| {
            (one.quantity, one.block) == (other.quantity, other.block)
        };
        let channels = |row: &&BatchNormRow| {
            let &BatchNormRow { step, min, p25, p50, p75, max, .. } = *row;
            Channels { step, min, quartiles: [p25, p50, p75], max }
        };
        let of_rows = |rows: &[&BatchNormRow]| {
            let &BatchNormRow { quantity: statistic, block, .. } = *rows.first()?;
            Some(Self { statistic, block, points: rows.iter().map(channels).collect() })
        };
        of_arm.chunk_by(same).filter_map(of_rows).collect()
    }
}
