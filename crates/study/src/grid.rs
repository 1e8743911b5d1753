//! The runs that a study consists of.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use trainer::optimizer::AdamConfig;
use trainer::run::RunConfig;

use super::tables::{Head, StudyConfig};

/// How many times an epoch losses are averaged and networks observed for the study's tables.
pub const WINDOWS_PER_EPOCH: u64 = 20;

/// How many steps a window has, ⌈steps an epoch / [`WINDOWS_PER_EPOCH`]⌉; the last of an epoch may
/// have fewer.
pub fn window(steps_per_epoch: u64) -> u64 {
    steps_per_epoch.div_ceil(WINDOWS_PER_EPOCH)
}

/// One run of a study.
#[derive(Debug, Clone)]
pub struct Cell {
    pub head: Head,
    pub run: RunConfig,
    /// The run's folder, from the study's: `<network>/version_N`, where N counts heads, and seeds
    /// within a head. TensorBoard shows each as a run of its own.
    pub folder: PathBuf,
}

impl Cell {
    /// The name of the run's network in tables, which is that of its folder.
    pub fn network(&self) -> String {
        self.run.network.to_string()
    }

    /// The run's folder in that of the study.
    pub fn folder_in(&self, study: &Path) -> PathBuf {
        study.join(&self.folder)
    }
}

/// All runs of a study: head by head, seed by seed, the networks that compare next to each other.
pub fn cells(config: &StudyConfig) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for (arm, &head) in config.heads.iter().enumerate() {
        for (index, &seed) in config.seeds.iter().enumerate() {
            for network in &config.networks {
                let version = arm * config.seeds.len() + index;
                cells.push(Cell {
                    head,
                    run: RunConfig {
                        network: network.parse()?,
                        head,
                        seed,
                        epochs: config.epochs,
                        batch_size: usize::try_from(config.batch_size)?,
                        optimizer: AdamConfig::new(config.learning_rate)?.into(),
                        observations_per_epoch: WINDOWS_PER_EPOCH,
                        data_set: config.data_set.to_string(),
                    },
                    folder: Path::new(network).join(format!("version_{version}")),
                });
            }
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    #[test]
    fn a_window_is_a_twentieth_of_an_epoch_rounded_up() {
        assert_eq!([7, 30, 70, 960].map(window), [1, 2, 4, 48]);
    }

    #[test]
    fn every_run_has_a_folder_of_its_own_and_pairs_are_neighbours() {
        let config = StudyConfig { seeds: vec![0, 5], ..made_up::config() };
        let cells = cells(&config).unwrap();
        assert_eq!(cells.len(), config.networks.len() * config.heads.len() * 2);
        let mut folders: Vec<_> = cells.iter().map(|cell| cell.folder.clone()).collect();
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), cells.len());
        for pair in cells.chunks(config.networks.len()) {
            assert!(pair.iter().all(|cell| cell.run.seed == pair[0].run.seed));
            assert!(pair.iter().all(|cell| cell.folder.file_name() == pair[0].folder.file_name()));
        }
        let last = cells.last().unwrap();
        assert_eq!(last.folder, Path::new("spatial_batch_norm_network/version_3"));
        assert_eq!((last.run.seed, last.head), (5, Head::Trained));
    }
}
