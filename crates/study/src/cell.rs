//! The cells of a study: each arm with each seed, as a run with an identity and a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use trainer::dataset::Split;
use trainer::run::{CellId, RunConfig};

use crate::arm::Arm;
use crate::axis::{AXES, Axis, DATA_SET, EPOCHS, NETWORK, STATISTICS, VARY};
use crate::config::StudyConfig;
use crate::error::Result;
use crate::figure_name;
use crate::folder_name::shortened;
use crate::tables::RunKey;

/// One run of a study. Its identity and its folder follow from how it is trained, not from the study.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its arm and its seed.
    pub key: RunKey,
    /// How it is trained.
    pub run: RunConfig,
    /// What it is, whichever study it belongs to, and for how many epochs it is trained.
    pub id: CellId,
    /// Whether its study shows the shift of variance of its batch norms, which is then measured.
    pub measures_variance_shift: bool,
    /// Its folder in that of all cells, such as
    /// `fashion-mnist/norm=batch,learning_rate=0.01/weights=3,order=3,split=0`.
    pub folder: PathBuf,
}

impl Cell {
    /// The images that it trains and validates with, as positions in its data set.
    pub fn split(&self, config: &StudyConfig) -> Split {
        config.split(&self.key.arm, self.key.seed)
    }
}

/// All runs of a study: seed by seed, and of a seed arm by arm, so that runs that compare are
/// neighbours and any first part of the work has whole pairs.
///
/// # Errors
///
/// A run that cannot be built.
pub fn cells(config: &StudyConfig) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for &seed in config.seeds() {
        for arm in config.arms() {
            let mut run = arm.run.clone();
            run.seeds = arm.seeds(seed);
            let id = run.identity(&config.split_facts(arm, seed))?;
            let folder = Path::new(arm.data_set().entry().folder)
                .join(name_of_arm(config, arm))
                .join(name_of_seed(arm, seed));
            cells.push(Cell {
                key: RunKey { arm: arm.clone(), seed },
                run,
                id,
                measures_variance_shift: config.shows(figure_name::VARIANCE_SHIFT),
                folder,
            });
        }
    }
    Ok(cells)
}

/// Of these cells, by their places, the first of each that is trained: arms that differ only in what a seed
/// changes are one cell with seed 0.
pub fn distinct(cells: &[Cell], among: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let is_first = |&at: &usize| seen.insert((&cells[at].id, cells[at].run.epochs));
    among.into_iter().filter(is_first).collect()
}

/// The axes that the name of an arm's folder leaves out: the folder above has the data set, seeds say
/// what varies, a run goes on to more epochs, and what evaluates it trains nothing.
pub(crate) static ELSEWHERE: [&Axis; 4] = [DATA_SET, EPOCHS, STATISTICS, VARY];

/// What an arm has that the notebook's without batch norm has not, such as
/// `norm=batch,learning_rate=0.01`.
pub(crate) fn name_of_arm(config: &StudyConfig, arm: &Arm) -> String {
    let notebook = config.notebook();
    let differs = |axis: &&&Axis| (axis.text)(arm) != (axis.text)(notebook);
    let others = AXES.iter().filter(|axis| **axis != NETWORK && !ELSEWHERE.contains(axis));
    let others: Vec<&&Axis> = others.filter(differs).collect();
    // A network is named whole only if its parts do not say which it is.
    let mut by_parts = notebook.clone();
    let is_told = others.iter().all(|axis| (axis.set)(&mut by_parts, &(axis.text)(arm)).is_ok())
        && by_parts.network() == arm.network();
    let value = |axis: &Axis| format!("{}={}", axis.key, (axis.text)(arm));
    let mut parts = Vec::new();
    if !is_told {
        parts.push(value(NETWORK));
    }
    parts.extend(
        others.iter().filter(|axis| is_told || !axis.is_of_network).map(|axis| value(axis)),
    );
    if config.has_other_validation_images() {
        parts.push(format!("validation_images={}", config.validation_images));
    }
    if parts.is_empty() { "notebook".to_owned() } else { shortened(&parts.join(",")) }
}

/// The seed of each source, such as `weights=3,order=3,split=0`: a cell has one name, whatever varies in
/// the study that it is trained for.
fn name_of_seed(arm: &Arm, seed: u64) -> String {
    let (seeds, split) = (arm.seeds(seed), arm.seed_of_split(seed));
    format!("weights={},order={},split={split}", seeds.weights, seeds.order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    #[test]
    fn every_run_has_a_folder_of_its_own_and_pairs_are_neighbours() {
        let config = made_up::config();
        let cells = cells(&config).unwrap();
        assert_eq!(cells.len(), config.arms().len() * 2);
        let folders: BTreeSet<_> = cells.iter().map(|cell| &cell.folder).collect();
        assert_eq!(folders.len(), cells.len());
        let ids: BTreeSet<_> = cells.iter().map(|cell| &cell.id).collect();
        assert_eq!(ids.len(), cells.len());
        for of_seed in cells.chunks(config.arms().len()) {
            assert!(of_seed.iter().all(|cell| cell.key.seed == of_seed[0].key.seed));
        }
    }

    #[test]
    fn a_folder_says_what_distinguishes_its_run_from_the_notebooks() {
        let study = |text: &str| {
            let config = StudyConfig::read(&format!("{text}\n")).unwrap();
            cells(&config).unwrap().into_iter().map(|cell| cell.folder).collect::<Vec<_>>()
        };
        let fixed = "[fixed]\ndata_set = \"fashion-mnist\"\n";
        assert_eq!(
            study(&format!(
                "{fixed}[repeat]\nseeds = [3]\nvary = [\"weights\", \"order\", \"split\"]"
            )),
            [Path::new("fashion-mnist/notebook/weights=3,order=3,split=3")]
        );
        assert_eq!(
            study(&format!(
                "{fixed}trains = \"all\"\nepochs = 8\n[compare]\nnorm = [\"none\", \"batch\"]\n\
                 learning_rate = [1e-2]\n[repeat]\nseeds = [3]"
            )),
            [
                "fashion-mnist/trains=all,learning_rate=0.01/weights=3,order=3,split=0",
                "fashion-mnist/norm=batch,trains=all,learning_rate=0.01/weights=3,order=3,split=0"
            ]
            .map(PathBuf::from)
        );
        assert_eq!(
            study(&format!(
                "{fixed}network = \"dropout\"\n[repeat]\nseeds = [0, 1]\nvary = [\"order\"]"
            )),
            [0, 1].map(|seed| {
                let seeds = format!("weights=0,order={seed},split=0");
                Path::new("fashion-mnist/network=dropout_network").join(seeds)
            })
        );
    }

    #[test]
    fn arms_that_differ_in_what_a_seed_changes_share_the_cell_of_seed_0() {
        let text = "[compare]\nvary = [\"weights\", \"order\", \"split\"]\nepochs = [1, 2]\n[fixed]\n\
                    data_set = \"fashion-mnist\"\n[repeat]\nseeds = 3\n";
        let cells = cells(&StudyConfig::read(text).unwrap()).unwrap();
        let found = distinct(&cells, 0..cells.len());
        assert_eq!((cells.len(), found.len()), (3 * 3 * 2, (1 + 3 * 2) * 2));
        assert!(
            found.iter().all(|&at| cells[at].key.seed > 0 || at < 2 || cells[at].run.epochs < 3)
        );
        assert_eq!(distinct(&cells, [found[0], found[0]]), [found[0]]);
    }

    /// What evaluates a cell is no part of it.
    #[test]
    fn arms_that_differ_in_the_statistics_of_evaluation_share_a_cell() {
        let study = |compare: &str| {
            let text = format!("[compare]\n{compare}\n[fixed]\ndata_set = \"fashion-mnist\"\n");
            cells(&StudyConfig::read(&text).unwrap()).unwrap()
        };
        let plain = study("norm = [\"batch\"]");
        let read =
            study("norm = [\"batch\"]\nstatistics = [\"population\", \"running\", \"batch\"]");
        assert_eq!((read.len(), distinct(&read, 0..read.len()).len()), (9, 3));
        for (cell, of) in read.iter().zip(plain.iter().flat_map(|cell| [cell; 3])) {
            assert_eq!((&cell.id, &cell.folder), (&of.id, &of.folder));
        }
    }

    /// Neither the other arms nor the number of epochs or seeds.
    #[test]
    fn a_cell_is_the_same_in_every_study_that_has_it() {
        let study = |compare: &str, rest: &str| {
            let text = format!(
                "[compare]\n{compare}\n[fixed]\ndata_set = \"fashion-mnist\"\n{rest}\n\
                 [repeat]\nvary = [\"weights\", \"split\"]"
            );
            let cells = cells(&StudyConfig::read(&text).unwrap()).unwrap();
            cells
                .into_iter()
                .map(|cell| (cell.id.to_string(), cell.folder))
                .collect::<BTreeSet<_>>()
        };
        let one = study("norm = [\"none\", \"batch\"]", "trains = \"all\"");
        let other = study("norm = [\"batch\"]\ntrains = [\"all\"]\nepochs = [3, 9]", "");
        let shared: Vec<_> = one.intersection(&other).collect();
        assert_eq!((one.len(), other.len(), shared.len()), (6, 3, 3));
    }
}
