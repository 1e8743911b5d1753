//! What the tables of a study say, in numbers: computed once, and read by the figures, their
//! captions, the findings and `summary.csv` alike.

mod arm_result;
mod best;
mod comparison;
mod confusion;
mod distributions;
mod inference;
mod interval;
mod pair_row;
mod spread;
mod summary;
mod windows;

use crate::arm::Arm;
use crate::config::StudyConfig;
use crate::error::Result;
use crate::tables::Study;

pub use arm_result::{ArmResult, EpochResult};
pub use best::{Best, BestArm};
pub use comparison::{Ahead, Comparison, Reached};
pub use confusion::Confusion;
pub use distributions::{Activations, BatchNormStatistic, Channels, Percentiles};
pub use inference::{Inference, Paired};
pub use interval::{Interval, IntervalKind};
pub use pair_row::PairRow;
pub use spread::Spread;
pub use summary::SummaryRow;
pub use windows::{CatchUp, Window};

/// What the tables of a study say.
#[derive(Debug)]
pub struct Analysis<'a> {
    /// The tables.
    pub study: &'a Study,
    /// The arms in the groups of [`StudyConfig::groups`]; groups without any run are left out.
    pub groups: Vec<Group<'a>>,
    /// The rows of `summary.csv`.
    pub summary: Vec<SummaryRow>,
}

/// The arms of a study that differ in the first axis that it compares: a panel of each figure.
#[derive(Debug)]
pub struct Group<'a> {
    /// What the arms have in common, such as `head frozen`; empty if it is the only group.
    pub label: String,
    /// The arms, the baseline first.
    pub arms: Vec<ArmResult<'a>>,
    /// Each other arm beside the first.
    pub comparisons: Vec<Comparison>,
}

impl<'a> Analysis<'a> {
    /// Computes everything from the tables.
    ///
    /// # Errors
    ///
    /// None for tables that were checked: those of the statistics.
    pub fn of(study: &'a Study) -> Result<Self> {
        let group = |arms: Vec<Arm>| Group {
            label: arms.first().map(|arm| study.config.label_of_group(arm)).unwrap_or_default(),
            comparisons: Vec::new(),
            arms: arms.into_iter().map(|arm| ArmResult::of(study, arm)).collect(),
        };
        let groups = study.config.groups().into_iter().map(group);
        let mut groups: Vec<Group<'a>> =
            groups.filter(|group| group.arms.iter().any(|arm| !arm.runs.is_empty())).collect();
        compare(&study.config, &mut groups)?;
        let mut summary = Vec::new();
        for arm in study.config.arms() {
            let result =
                groups.iter().flat_map(|group| &group.arms).find(|found| found.arm == *arm);
            summary.extend(result.into_iter().flat_map(summary::of));
        }
        Ok(Self { study, groups, summary })
    }

    /// All arms, group by group.
    pub fn arms(&self) -> impl Iterator<Item = &ArmResult<'a>> {
        self.groups.iter().flat_map(|group| &group.arms)
    }

    /// All comparisons, each with its group, whose arms have a seed in common.
    pub fn paired(&self) -> impl Iterator<Item = (&Group<'a>, &Comparison, &Paired)> {
        self.groups.iter().flat_map(|group| {
            let comparisons = group.comparisons.iter();
            comparisons.filter_map(move |found| Some((group, found, found.paired.as_ref()?)))
        })
    }

    /// The rows of `comparisons.csv`.
    pub fn pair_rows(&self) -> Vec<PairRow> {
        self.paired()
            .map(|(group, comparison, paired)| {
                pair_row::of(group.with(comparison), group.without(comparison), paired)
            })
            .collect()
    }

    /// The images that the primary outcome is a share of.
    pub fn images_of_outcome(&self) -> u64 {
        let config = &self.study.config;
        inference::images(config.file.report.primary, config)
    }

    /// Whether an arm has several seeds.
    pub fn has_several_seeds(&self) -> bool {
        self.seeds_of_arms().1 > 1
    }

    /// The fewest and the most seeds that an arm has, of those that have any.
    pub fn seeds_of_arms(&self) -> (u64, u64) {
        let seeds: Vec<u64> = self.arms().map(|arm| arm.runs.len() as u64).collect();
        let fewest = seeds.iter().copied().filter(|seeds| *seeds > 0).min();
        (fewest.unwrap_or_default(), seeds.into_iter().max().unwrap_or_default())
    }
}

impl<'a> Group<'a> {
    /// The arm of a comparison that is held against the first.
    pub fn with(&self, comparison: &Comparison) -> &ArmResult<'a> {
        &self.arms[comparison.with]
    }

    /// The first arm, which a comparison holds another against.
    pub fn without(&self, comparison: &Comparison) -> &ArmResult<'a> {
        &self.arms[comparison.without]
    }
}

/// Compares each arm with the first of its group.
fn compare(config: &StudyConfig, groups: &mut [Group<'_>]) -> Result<()> {
    if !config.compares_arms() {
        return Ok(());
    }
    let mut index = 0;
    for group in &mut *groups {
        let Some((first, others)) = group.arms.split_first() else { continue };
        // Without its baseline a group is no comparison.
        if config.place(&first.arm) != 0 {
            continue;
        }
        for (at, other) in (1..).zip(others) {
            let comparison = Comparison::of(config, (0, first), (at, other), index)?;
            index += u64::from(comparison.paired.is_some());
            group.comparisons.push(comparison);
        }
    }
    let comparisons = groups.iter_mut().flat_map(|group| &mut group.comparisons);
    let tested = comparisons.filter_map(|found| found.paired.as_mut()?.inference.as_mut());
    Ok(inference::adjust(config.file.report.family, tested)?)
}

#[cfg(test)]
mod tests;
