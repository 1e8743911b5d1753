//! Distributions inside the networks over training: what goes into ReLU and batch norm, and the
//! parameters and running statistics of batch norm.

use super::spread::Spread;
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
    /// Each run, by ascending seeds.
    pub runs: Vec<Vec<Percentiles>>,
    /// The mean over runs in each step.
    pub mean: Vec<Percentiles>,
}

impl Activations {
    /// All places and blocks of an arm that were observed.
    pub(super) fn of(arm: &Arm, rows: &[ActivationRow]) -> Vec<Self> {
        let mut of_arm: Vec<_> = rows.iter().filter(|row| row.key.arm == *arm).collect();
        of_arm.sort_by_key(|row| (row.place, row.block, row.step, row.key.seed));
        let same = |one: &&ActivationRow, other: &&ActivationRow| {
            (one.place, one.block) == (other.place, other.block)
        };
        of_arm.chunk_by(same).filter_map(Self::of_rows).collect()
    }

    /// Of rows by ascending steps, those of a step by ascending seeds.
    fn of_rows(rows: &[&ActivationRow]) -> Option<Self> {
        let first = rows.first()?;
        let mut seeds: Vec<u64> = rows.iter().map(|row| row.key.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let point = |row: &&&ActivationRow| {
            let &ActivationRow { step, p15, p50, p85, .. } = **row;
            Percentiles { step, p15, p50, p85 }
        };
        let of_seed = |seed: &u64| {
            rows.iter().filter(|row| row.key.seed == *seed).map(|row| point(&row)).collect()
        };
        let mean_of = |rows: &[&ActivationRow]| {
            let mean = |value: fn(&ActivationRow) -> f64| {
                Spread::of(&rows.iter().map(|row| value(row)).collect::<Vec<_>>())
            };
            Some(Percentiles {
                step: rows.first()?.step,
                p15: mean(|row| row.p15)?.mean,
                p50: mean(|row| row.p50)?.mean,
                p85: mean(|row| row.p85)?.mean,
            })
        };
        Some(Self {
            place: first.place,
            block: first.block,
            runs: seeds.iter().map(of_seed).collect(),
            mean: rows.chunk_by(|a, b| a.step == b.step).filter_map(mean_of).collect(),
        })
    }

    /// The distance from the 15th to the 85th percentile, mean over runs, in the first observed
    /// step and in the last.
    pub fn widths(&self) -> Option<(f64, f64)> {
        let at = |step: u64| {
            let all = self.runs.iter().flatten().filter(|at| at.step == step);
            Spread::of(&all.map(|at| at.p85 - at.p15).collect::<Vec<_>>()).map(|width| width.mean)
        };
        Some((at(self.mean.first()?.step)?, at(self.mean.last()?.step)?))
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
        let mut of_arm: Vec<_> = rows.iter().filter(|row| row.key.arm == *arm).collect();
        of_arm.sort_by_key(|row| (row.quantity, row.block, row.step, row.key.seed));
        let same = |one: &&BatchNormRow, other: &&BatchNormRow| {
            (one.quantity, one.block) == (other.quantity, other.block)
        };
        of_arm.chunk_by(same).filter_map(Self::of_rows).collect()
    }

    fn of_rows(rows: &[&BatchNormRow]) -> Option<Self> {
        let first = rows.first()?;
        let channels = |rows: &[&BatchNormRow]| {
            let over = |value: fn(&BatchNormRow) -> f64| {
                Spread::of(&rows.iter().map(|row| value(row)).collect::<Vec<_>>())
            };
            let quartiles =
                [over(|row| row.p25)?.mean, over(|row| row.p50)?.mean, over(|row| row.p75)?.mean];
            let (min, max) = (over(|row| row.min)?.min, over(|row| row.max)?.max);
            Some(Channels { step: rows.first()?.step, min, quartiles, max })
        };
        Some(Self {
            statistic: first.quantity,
            block: first.block,
            points: rows.chunk_by(|a, b| a.step == b.step).filter_map(channels).collect(),
        })
    }
}
