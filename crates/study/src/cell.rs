//! The cells of a study: each arm with each seed, with the folder of its run.

use std::path::{Path, PathBuf};

use trainer::run::RunConfig;

use crate::axis::Axis;
use crate::config::StudyConfig;
use crate::error::Result;
use crate::tables::RunKey;

/// How many times per epoch losses are averaged and networks observed for the study's tables.
pub const WINDOWS_PER_EPOCH: u64 = 20;

/// The steps of a window, ⌈steps per epoch / [`WINDOWS_PER_EPOCH`]⌉; the last window of an epoch may
/// have fewer.
pub fn steps_per_window(steps_per_epoch: u64) -> u64 {
    steps_per_epoch.div_ceil(WINDOWS_PER_EPOCH)
}

/// One run of a study.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its arm and its seed.
    pub key: RunKey,
    /// How it is trained.
    pub run: RunConfig,
    /// The run's folder, from the study's: `<network>/version_N`, where N counts the seeds of each
    /// group of arms that differ in the network only. TensorBoard shows each as a run of its own.
    pub folder: PathBuf,
}

impl Cell {
    /// The run's folder in that of the study.
    pub fn folder_in(&self, study: &Path) -> PathBuf {
        study.join(&self.folder)
    }
}

/// All runs of a study: the networks that compare next to each other, then seed by seed, then by
/// the other axes.
///
/// # Errors
///
/// A value of an axis that no run can have.
pub fn cells(config: &StudyConfig) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for (group, arms) in config.groups().into_iter().enumerate() {
        for (index, &seed) in config.seeds.iter().enumerate() {
            let version = group * config.seeds.len() + index;
            for arm in &arms {
                cells.push(Cell {
                    run: arm.run(seed, config.data_set.into(), WINDOWS_PER_EPOCH)?,
                    folder: Path::new(&arm.network.text()).join(format!("version_{version}")),
                    key: RunKey { arm: arm.clone(), seed },
                });
            }
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use trainer::{Seeds, Trains};

    use super::*;
    use crate::made_up;

    #[test]
    fn a_window_is_a_twentieth_of_an_epoch_rounded_up() {
        assert_eq!([7, 30, 70, 960].map(steps_per_window), [1, 2, 4, 48]);
    }

    #[test]
    fn every_run_has_a_folder_of_its_own_and_pairs_are_neighbours() {
        let config = StudyConfig { seeds: vec![0, 5], ..made_up::config() };
        let cells = cells(&config).unwrap();
        assert_eq!(cells.len(), config.arms().len() * 2);
        let mut folders: Vec<_> = cells.iter().map(|cell| cell.folder.clone()).collect();
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), cells.len());
        for pair in cells.chunks(config.grid.network.len()) {
            assert!(pair.iter().all(|cell| cell.run.seeds == pair[0].run.seeds));
            assert!(pair.iter().all(|cell| cell.folder.file_name() == pair[0].folder.file_name()));
        }
        let last = cells.last().unwrap();
        assert_eq!(last.folder, Path::new("spatial_batch_norm_network/version_3"));
        assert_eq!((last.run.seeds, last.run.trains), (Seeds::both(5), Trains::All));
    }
}
