//! Which run a row of a table belongs to.

use serde::ser::SerializeSeq;

use crate::arm::Arm;
use crate::axis::{AXES, Axis, YOUNGER};
use crate::config::StudyConfig;

/// Which run: an arm and a seed.
#[derive(Debug, Clone, PartialEq)]
pub struct RunKey {
    /// The arm.
    pub arm: Arm,
    /// The seed.
    pub seed: u64,
}

const SEED: &str = "seed";

/// What the first columns of a table say of its rows: a run, or an arm where a row sums up seeds.
pub trait Key: Clone {
    /// Whether a row belongs to one seed.
    const HAS_SEED: bool;

    /// The key of this arm and seed.
    fn new(arm: &Arm, seed: u64) -> Self;

    /// The arm.
    fn arm(&self) -> &Arm;

    /// The seed, if a row belongs to one.
    fn seed(&self) -> Option<u64>;
}

impl Key for RunKey {
    const HAS_SEED: bool = true;

    fn new(arm: &Arm, seed: u64) -> Self {
        Self { arm: arm.clone(), seed }
    }

    fn arm(&self) -> &Arm {
        &self.arm
    }

    fn seed(&self) -> Option<u64> {
        Some(self.seed)
    }
}

impl Key for Arm {
    const HAS_SEED: bool = false;

    fn new(arm: &Arm, _seed: u64) -> Self {
        arm.clone()
    }

    fn arm(&self) -> &Arm {
        self
    }

    fn seed(&self) -> Option<u64> {
        None
    }
}

/// The axes in the first columns of a table.
fn axes(config: &StudyConfig, every: bool) -> Vec<&'static Axis> {
    if !every {
        return config.compared().collect();
    }
    let is_named = |axis| config.file.settings.iter().any(|setting| setting.axis == axis);
    AXES.iter().copied().filter(|axis| !YOUNGER.contains(axis) || is_named(*axis)).collect()
}

/// The names of the first columns of a table with such keys.
pub(super) fn names<K: Key>(config: &StudyConfig, every_axis: bool) -> Vec<&'static str> {
    let axes = axes(config, every_axis).into_iter().map(|axis| axis.key);
    axes.chain(K::HAS_SEED.then_some(SEED)).collect()
}

/// Writes the first cells of a row.
pub(super) fn write<K: Key, S: SerializeSeq>(
    key: &K,
    config: &StudyConfig,
    every_axis: bool,
    row: &mut S,
) -> Result<(), S::Error> {
    for axis in axes(config, every_axis) {
        row.serialize_element(&(axis.text)(key.arm()))?;
    }
    key.seed().map_or(Ok(()), |seed| row.serialize_element(&seed))
}

/// Reads the first cells of rows.
pub(super) struct Reader<'a> {
    config: &'a StudyConfig,
    /// Each arm with its cells.
    arms: Vec<(Arm, Vec<(&'static str, String)>)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(config: &'a StudyConfig) -> Self {
        let arms = config.arms().iter();
        Self { config, arms: arms.map(|arm| (arm.clone(), config.columns(arm))).collect() }
    }

    /// The key of a row whose cell in the column of a name `cell` gives; an error has the column
    /// and what is wrong with it.
    pub(super) fn read<'c, K: Key>(
        &self,
        cell: impl Fn(&str) -> &'c str,
    ) -> Result<K, (&'static str, String)> {
        let is_of = |cells: &[(&'static str, String)]| {
            cells.iter().all(|(name, expected)| cell(name) == expected)
        };
        let Some((arm, _)) = self.arms.iter().find(|(_, cells)| is_of(cells)) else {
            return Err(self.outside(cell));
        };
        if !K::HAS_SEED {
            return Ok(K::new(arm, 0));
        }
        let seeds = self.config.seeds();
        let seed = cell(SEED)
            .parse()
            .map_err(|error| (SEED, format!("found \"{}\": {error}", cell(SEED))))?;
        if !seeds.contains(&seed) {
            let fault = format!("found {seed}, expected one of study.toml's: {seeds:?}");
            return Err((SEED, fault));
        }
        Ok(K::new(arm, seed))
    }

    /// The first cell that no arm has, of a row that no arm has.
    fn outside<'c>(&self, cell: impl Fn(&str) -> &'c str) -> (&'static str, String) {
        // Every combination of known cells is an arm, so the last column is at fault if none before is.
        let mut fault = ("", String::new());
        let columns = self.arms.first().map_or(0, |(_, cells)| cells.len());
        for column in 0..columns {
            let mut expected: Vec<&str> = Vec::new();
            let mut name = "";
            for (_, cells) in &self.arms {
                name = cells[column].0;
                if !expected.contains(&cells[column].1.as_str()) {
                    expected.push(&cells[column].1);
                }
            }
            let found = cell(name);
            fault = (name, format!("found {found:?}, expected one of study.toml's: {expected:?}"));
            if !expected.contains(&found) {
                break;
            }
        }
        fault
    }
}
