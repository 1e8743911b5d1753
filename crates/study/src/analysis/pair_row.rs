//! `comparisons.csv`: each pair of arms that the study compares, by the primary outcome.

use super::arm_result::ArmResult;
use super::inference::Paired;
use super::spread::Spread;
use crate::arm::Arm;
use crate::tables::{Count, Name, Optional, Real, table};

table! {
    /// A row of `comparisons.csv`: an arm beside the one that it is held against. Everything from
    /// `t_low` on is empty below ten pairs.
    PairRow in "comparisons.csv" of Arm;
    /// The value of the first compared axis that the arm is held against, in words.
    baseline: Name,
    /// The pairs: seeds that both arms have.
    pairs: Count,
    /// Mean difference of the primary outcome, the arm less the baseline.
    mean_difference: Real,
    /// Its standard deviation over pairs with ddof 1; empty for a single pair.
    std_difference: Optional<Real>,
    /// Pairs in which the arm was ahead.
    won: Count,
    /// Pairs without a difference.
    tied: Count,
    /// Pairs in which the baseline was ahead.
    lost: Count,
    /// 95 % t interval of the mean difference.
    t_low: Optional<Real>,
    /// Its upper end.
    t_high: Optional<Real>,
    /// 95 % BCa bootstrap interval of the mean difference.
    bca_low: Optional<Real>,
    /// Its upper end.
    bca_high: Optional<Real>,
    /// How likely the arm is ahead with another seed: share of pairs, ties half.
    probability_ahead: Optional<Real>,
    /// Its 95 % Clopper-Pearson interval.
    probability_low: Optional<Real>,
    /// Its upper end.
    probability_high: Optional<Real>,
    /// p of the exact two-sided sign-flip test.
    p: Optional<Real>,
    /// The same, adjusted over the family of the study's file.
    p_adjusted: Optional<Real>,
    /// The smallest difference that the study would have seen with a power of 80 %.
    smallest_detectable: Optional<Real>,
}

/// The row of an arm beside its baseline.
pub(super) fn of(arm: &ArmResult<'_>, baseline: &ArmResult<'_>, paired: &Paired) -> PairRow {
    let inference = paired.inference.as_ref();
    PairRow {
        key: arm.arm.clone(),
        baseline: baseline.name.clone(),
        pairs: paired.differences.len() as u64,
        mean_difference: paired.mean(),
        std_difference: Spread::of(&paired.differences).and_then(|spread| spread.std),
        won: paired.wins.won as u64,
        tied: paired.wins.tied as u64,
        lost: paired.wins.lost as u64,
        t_low: inference.map(|found| found.t.low),
        t_high: inference.map(|found| found.t.high),
        bca_low: inference.map(|found| found.bca.low),
        bca_high: inference.map(|found| found.bca.high),
        probability_ahead: inference.map(|found| found.outperformance.probability),
        probability_low: inference.map(|found| found.outperformance.interval.low),
        probability_high: inference.map(|found| found.outperformance.interval.high),
        p: inference.map(|found| found.p),
        p_adjusted: inference.map(|found| found.p_adjusted),
        smallest_detectable: inference.map(|found| found.smallest),
    }
}
