//! Which published accuracies compare with an arm of a study.
//!
//! The figures are data, in `crates/study/published/`: one run of each network on Fashion-MNIST that the
//! notebook prints, with 48,000 training and 12,000 validation images and the head frozen, and the same
//! training run again in PyTorch by the script beside them. The re-runs showed that the published figures
//! come from a frozen head.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use trainer::dataset::DataSet;

use crate::arm::Arm;
use crate::config::StudyConfig;

/// The training images of the published runs.
pub const TRAINING_IMAGES: u64 = 48_000;

const NOTEBOOK: &str = include_str!("../published/notebook.toml");
const RE_RUNS: &str = include_str!("../published/rerun.toml");

/// The published figures of an arm.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Published {
    /// The validation accuracy after each epoch, as far as the arm has epochs.
    pub accuracies: &'static [f64],
    /// The accuracies after each epoch of each re-run in PyTorch, whatever the arm's epochs.
    pub pytorch: &'static [Vec<f64>],
}

/// The content of a file of figures.
#[derive(Debug, Default, Deserialize)]
struct Figures {
    /// What made them.
    #[serde(default)]
    versions: BTreeMap<String, String>,
    run: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    /// The name of a preset.
    network: String,
    /// After each epoch.
    validation_accuracy: Vec<f64>,
}

/// The runs of each network, and what made them.
struct ByNetwork {
    versions: BTreeMap<String, String>,
    runs: BTreeMap<String, Vec<Vec<f64>>>,
}

impl ByNetwork {
    fn of(text: &str) -> Self {
        // The text is part of the program, and a test reads it.
        let Figures { versions, run } = toml::from_str(text).unwrap_or_default();
        let mut runs: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for Run { network, validation_accuracy } in run {
            runs.entry(network).or_default().push(validation_accuracy);
        }
        Self { versions, runs }
    }

    /// The runs of the arm's network; none of one that has no name.
    fn of_arm(&self, arm: &Arm) -> &[Vec<f64>] {
        let preset = arm.network().preset();
        preset.and_then(|preset| self.runs.get(preset.name)).map_or(&[], Vec::as_slice)
    }
}

static PRINTED: LazyLock<ByNetwork> = LazyLock::new(|| ByNetwork::of(NOTEBOOK));
static RUN_AGAIN: LazyLock<ByNetwork> = LazyLock::new(|| ByNetwork::of(RE_RUNS));

impl Published {
    /// The published figures that compare with this arm of the study; empty where none do.
    pub fn beside(study: &StudyConfig, arm: &Arm) -> Self {
        let compares = arm.data_set() == DataSet::FashionMnist
            && !study.has_other_validation_images()
            && arm.is_as_published(TRAINING_IMAGES);
        if !compares {
            return Self::default();
        }
        let all = printed(arm);
        let epochs = usize::try_from(arm.run.epochs).unwrap_or(usize::MAX);
        Self { accuracies: &all[..all.len().min(epochs)], pytorch: RUN_AGAIN.of_arm(arm) }
    }

    /// The published accuracy after an epoch, from 1.
    pub fn after(&self, epoch: u64) -> Option<f64> {
        after(self.accuracies, epoch)
    }
}

/// The version of PyTorch that the re-runs were made with.
pub fn pytorch_version() -> &'static str {
    RUN_AGAIN.versions.get("torch").map_or("of an unknown version", String::as_str)
}

/// The published accuracy of the arm's network after an epoch, whatever it was trained with.
pub fn of_network(arm: &Arm, epoch: u64) -> Option<f64> {
    after(printed(arm), epoch)
}

/// What the notebook prints of the arm's network.
fn printed(arm: &Arm) -> &'static [f64] {
    PRINTED.of_arm(arm).first().map_or(&[], Vec::as_slice)
}

fn after(accuracies: &[f64], epoch: u64) -> Option<f64> {
    accuracies.get(usize::try_from(epoch.checked_sub(1)?).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use trainer::Trains;
    use trainer::dataset::Source;
    use trainer::network::preset;

    use super::*;
    use crate::arm::{NOTEBOOK_BATCH_SIZE, NOTEBOOK_EPOCHS, NOTEBOOK_LEARNING_RATE};
    use crate::made_up::{config_from, config_of};

    #[test]
    fn the_figures_are_of_known_networks_five_epochs_each_and_of_the_pinned_pytorch() {
        let pinned = include_str!("../published/requirements.txt").trim();
        assert_eq!(format!("torch=={}", pytorch_version()), pinned);
        for text in [NOTEBOOK, RE_RUNS] {
            let Figures { run, .. } = toml::from_str(text).unwrap();
            let networks = [&preset::SIMPLE_NETWORK, &preset::SPATIAL_BATCH_NORM_NETWORK];
            let runs = networks
                .map(|network| run.iter().filter(|run| run.network == network.name).count());
            assert!(!runs.contains(&0) && runs.iter().sum::<usize>() == run.len(), "{runs:?}");
            let accuracies = run.iter().map(|run| &run.validation_accuracy);
            assert!(accuracies.clone().all(|all| all.len() == 5));
            assert!(accuracies.flatten().all(|accuracy| (0.5..1.0).contains(accuracy)));
        }
    }

    /// The re-runs are of what a study trains: its settings, and the same images.
    #[test]
    fn the_re_runs_have_the_settings_and_images_of_the_notebooks_arm() {
        let re_runs: toml::Table = RE_RUNS.parse().unwrap();
        let settings = &re_runs["settings"];
        assert_eq!(settings["learning_rate"].as_float(), Some(NOTEBOOK_LEARNING_RATE));
        for (name, expected) in [
            ("batch_size", NOTEBOOK_BATCH_SIZE as i64),
            ("epochs", NOTEBOOK_EPOCHS as i64),
            ("training_images", TRAINING_IMAGES as i64),
            ("validation_images", 12_000),
        ] {
            assert_eq!(settings[name].as_integer(), Some(expected), "{name}");
        }
        let Source::Files(published) = &DataSet::FashionMnist.entry().source else {
            panic!("Fashion-MNIST is files")
        };
        for (name, sha256) in re_runs["data"].as_table().unwrap() {
            let file = published.files.iter().find(|file| file.name.starts_with(name.as_str()));
            assert_eq!(file.map(|file| file.sha256), sha256.as_str(), "{name}");
        }
    }

    #[test]
    fn stands_only_beside_what_trains_as_the_notebook_does() {
        let epochs =
            |config: &StudyConfig, arm: &Arm| Published::beside(config, arm).accuracies.len();
        let networks = [&preset::SIMPLE_NETWORK, &preset::DROPOUT_NETWORK];
        let notebook = config_of(&networks);
        for arm in notebook.arms() {
            let compares = *arm.network() == preset::SIMPLE_NETWORK.config
                && arm.run.trains == Trains::HeadFrozen;
            assert_eq!(epochs(&notebook, arm), if compares { 2 } else { 0 }, "{arm:?}");
        }
        for fixed in [
            "batch_size = 100",
            "learning_rate = 1e-3",
            "training_images = 24000",
            "validation_images = 1000",
        ] {
            let other = config_from("norm = [\"none\"]", fixed, "");
            assert_eq!(epochs(&other, &other.arms()[0]), 0, "{fixed}");
        }
        let text = notebook.to_toml().replace("\"fashion-mnist\"", "\"synthetic\"");
        let synthetic = StudyConfig::read(&text).unwrap();
        assert!(synthetic.arms().iter().all(|arm| epochs(&synthetic, arm) == 0));
    }
}
