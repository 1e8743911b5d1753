//! Each combination of the other axes at its own best value of one axis: chosen by validation accuracy,
//! compared on the test images, which the choice has not seen.

use statistics::StatisticsError;

use super::arm_result::ArmResult;
use super::inference::{self, Paired};
use super::{Analysis, Group};
use crate::axis::Axis;
use crate::study_file::{Family, PrimaryOutcome};

/// What each combination comes to at its best value.
#[derive(Debug)]
pub struct Best<'a> {
    /// The axis whose values are chosen.
    pub axis: &'static Axis,
    /// A row per combination of the other compared axes, in the order of the study's file.
    pub rows: Vec<BestArm<'a>>,
}

/// A combination of the other axes at its best value.
#[derive(Debug)]
pub struct BestArm<'a> {
    /// The combination in words; empty if nothing else is compared.
    pub label: String,
    /// The arm with the highest mean validation accuracy after the last epoch; of equal ones the first.
    pub arm: &'a ArmResult<'a>,
    /// Its value of the axis.
    pub value: String,
    /// Whether the value is the least or the largest that was tried, so that a better one may lie beyond.
    pub is_at_edge: bool,
    /// On the test images beside the row with the first value of the first other axis, and the row's place.
    pub paired: Option<(usize, Paired)>,
}

impl<'a> Best<'a> {
    /// What the study's file asks for; nothing if it does not.
    ///
    /// # Errors
    ///
    /// None for tables that were checked: those of the statistics.
    pub fn of(analysis: &'a Analysis<'a>) -> Result<Option<Self>, StatisticsError> {
        let config = &analysis.study.config;
        let Some(axis) = config.file.report.best_over else { return Ok(None) };
        let mut tried: Vec<(Vec<(&'static Axis, &str)>, String)> = Vec::new();
        let mut rows: Vec<(Vec<(&'static Axis, &str)>, BestArm<'a>)> = Vec::new();
        for arm in config.arms() {
            let found = analysis.arms().find(|found| found.arm == *arm);
            let Some((arm, accuracy)) = found.and_then(|arm| Some((arm, arm.final_accuracy?)))
            else {
                continue;
            };
            let (own, others): (Vec<_>, Vec<_>) =
                config.values(&arm.arm).into_iter().partition(|(known, _)| *known == axis);
            let Some(&(_, value)) = own.first() else { continue };
            let row = || {
                let labels = others.iter().map(|(axis, _)| (axis.label)(&arm.arm));
                BestArm {
                    label: labels.collect::<Vec<_>>().join(", "),
                    arm,
                    value: value.to_owned(),
                    is_at_edge: false,
                    paired: None,
                }
            };
            tried.push((others.clone(), value.to_owned()));
            match rows.iter_mut().find(|(known, _)| *known == others) {
                None => rows.push((others.clone(), row())),
                Some((_, best)) => {
                    // One whose runs all diverged is best of nothing.
                    let rank = |arm: &ArmResult<'_>, mean| (!arm.all_diverged(), mean);
                    let before = best.arm.final_accuracy.map_or(f64::MIN, |before| before.mean);
                    if rank(arm, accuracy.mean) > rank(best.arm, before) {
                        *best = row();
                    }
                }
            }
        }
        for (others, row) in &mut rows {
            let of_row = tried.iter().filter(|(known, _)| known == others);
            row.is_at_edge = is_at_edge(&row.value, of_row.map(|(_, value)| value.as_str()));
        }
        let pairs = pairs(&rows.iter().map(|(others, _)| others.as_slice()).collect::<Vec<_>>());
        // Streams of resamples that no pair of the report's other table has.
        let first: u64 =
            analysis.groups.iter().map(|group: &Group<'_>| group.arms.len() as u64).sum();
        for (index, (baseline, other)) in (first..).zip(pairs) {
            let (one, two) = (rows[baseline].1.arm, rows[other].1.arm);
            let outcome = PrimaryOutcome::TestAccuracy;
            let paired = Paired::by(outcome, config, one, two, index)?;
            rows[other].1.paired = paired.map(|paired| (baseline, paired));
        }
        let mut rows: Vec<BestArm<'a>> = rows.into_iter().map(|(_, row)| row).collect();
        let found = rows.iter_mut().filter_map(|row| row.paired.as_mut()?.1.inference.as_mut());
        inference::adjust(Family::Holm, found)?;
        Ok(Some(Self { axis, rows }))
    }
}

/// Whether a number is the least or the largest of those that were tried; a text is neither.
fn is_at_edge<'v>(value: &str, tried: impl Iterator<Item = &'v str>) -> bool {
    let numbers: Vec<f64> = tried.filter_map(|value| value.parse().ok()).collect();
    let Ok(value) = value.parse::<f64>() else { return false };
    numbers.iter().all(|other| value <= *other) || numbers.iter().all(|other| value >= *other)
}

/// Each combination with the one that it is held against: that with the first value of the first axis which
/// agrees with it in the others.
fn pairs(combinations: &[&[(&'static Axis, &str)]]) -> Vec<(usize, usize)> {
    let Some(baseline) = combinations.first().and_then(|first| first.first()) else {
        return Vec::new();
    };
    let against = |others: &&[(&'static Axis, &str)]| {
        let same = |one: &&[(&'static Axis, &str)]| {
            one.first() == Some(baseline) && one.get(1..) == others.get(1..)
        };
        combinations.iter().position(same)
    };
    let all = combinations.iter().enumerate();
    let held = all.filter_map(|(at, others)| Some((against(others)?, at)));
    held.filter(|(baseline, at)| baseline != at).collect()
}
