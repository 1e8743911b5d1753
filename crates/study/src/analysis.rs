//! What the tables of a study say, in numbers: computed once, and read by the figures, their
//! captions, the findings and `summary.csv` alike.

mod arm_result;
mod comparison;
mod confusion;
mod distributions;
mod inference;
mod interval;
mod pair_row;
mod spread;
mod summary;
mod windows;

use crate::config::StudyConfig;
use crate::error::Result;
use crate::tables::Study;

pub use arm_result::{ArmResult, EpochResult};
pub use comparison::{Ahead, Comparison, Reached};
pub use confusion::Confusion;
pub use distributions::{Activations, BatchNormStatistic, Channels, Percentiles};
pub use inference::{Inference, PairResult};
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
    /// The arms by what they have in common but the network, in the order of `study.toml`; groups
    /// without any run are left out.
    pub groups: Vec<Group<'a>>,
    /// The rows of `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// What the primary outcome says about each pair of arms.
    pub pairs: Vec<PairResult>,
}

/// The arms of a study that differ in the network only: a panel of each figure.
#[derive(Debug)]
pub struct Group<'a> {
    /// What the arms have in common, such as `head frozen`.
    pub label: String,
    /// The arms, in the order of the networks.
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
        let groups = study.config.groups().into_iter().map(|arms| Group {
            label: arms.first().map(|arm| study.config.label_of_group(arm)).unwrap_or_default(),
            comparisons: Vec::new(),
            arms: arms.into_iter().map(|arm| ArmResult::of(study, arm)).collect(),
        });
        let groups = groups.filter(|group| group.arms.iter().any(|arm| !arm.runs.is_empty()));
        let groups: Vec<Group<'a>> = groups
            .map(|group| Group { comparisons: comparisons(&study.config, &group.arms), ..group })
            .collect();
        let mut summary = Vec::new();
        for arm in study.config.arms() {
            let result =
                groups.iter().flat_map(|group| &group.arms).find(|found| found.arm == *arm);
            summary.extend(result.into_iter().flat_map(summary::of));
        }
        let all: Vec<&ArmResult<'_>> = groups.iter().flat_map(|group| &group.arms).collect();
        let pairs = inference::of(&study.config, &all)?;
        Ok(Self { study, groups, summary, pairs })
    }

    /// All arms, group by group.
    pub fn arms(&self) -> impl Iterator<Item = &ArmResult<'a>> {
        self.groups.iter().flat_map(|group| &group.arms)
    }

    /// The rows of `comparisons.csv`.
    pub fn pair_rows(&self) -> Vec<PairRow> {
        self.pairs.iter().map(pair_row::of).collect()
    }

    /// The images that the primary outcome is a share of.
    pub fn images_of_outcome(&self) -> u64 {
        inference::images(&self.study.config)
    }

    /// Whether there are several seeds.
    pub fn has_several_seeds(&self) -> bool {
        self.study.config.seeds().len() > 1
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

    /// What the arms have in common, at the beginning of a sentence.
    pub fn heading(&self) -> String {
        let mut letters = self.label.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().collect::<String>() + letters.as_str()
        })
    }
}

/// The comparisons within a group.
fn comparisons(config: &StudyConfig, arms: &[ArmResult<'_>]) -> Vec<Comparison> {
    let Some((first, others)) = arms.split_first() else { return Vec::new() };
    let numbered = others.iter().enumerate();
    numbered.map(|(at, other)| Comparison::of(config, (0, first), (at + 1, other))).collect()
}

#[cfg(test)]
mod tests;
