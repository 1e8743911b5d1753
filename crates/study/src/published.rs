//! Which published accuracies compare with an arm of a study.
//!
//! The figures stand in the presets of networks: one run of each network on Fashion-MNIST, with
//! 48,000 training and 12,000 validation images and the head frozen.

use trainer::network::Preset;

use crate::arm::Arm;
use crate::config::StudyConfig;
use trainer::dataset::DataSet;

/// The training images of the published runs.
pub const TRAINING_IMAGES: u64 = 48_000;

/// The published figures of an arm.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Published {
    /// The validation accuracy after each epoch, as far as the arm has epochs.
    pub accuracies: &'static [f64],
    /// The five accuracies of each re-run in PyTorch, whatever the arm's epochs.
    pub pytorch: &'static [[f64; 5]],
}

impl Published {
    /// The published figures that compare with this arm of the study; empty where none do.
    pub fn beside(study: &StudyConfig, arm: &Arm) -> Self {
        let compares = study.data_set == DataSet::FashionMnist
            && !study.has_other_validation_images()
            && arm.is_as_published(TRAINING_IMAGES);
        let Some(preset) = arm.network().preset().filter(|_| compares) else {
            return Self::default();
        };
        let all = preset.published_validation_accuracies;
        let epochs = usize::try_from(arm.run.epochs).unwrap_or(usize::MAX);
        Self {
            accuracies: &all[..all.len().min(epochs)],
            pytorch: preset.pytorch_validation_accuracies,
        }
    }

    /// The published accuracy after an epoch, from 1.
    pub fn after(&self, epoch: u64) -> Option<f64> {
        after(self.accuracies, epoch)
    }
}

/// The published accuracy of the arm's network after an epoch, whatever it was trained with.
pub fn of_network(arm: &Arm, epoch: u64) -> Option<f64> {
    let preset: &Preset = arm.network().preset()?;
    after(preset.published_validation_accuracies, epoch)
}

fn after(accuracies: &[f64], epoch: u64) -> Option<f64> {
    accuracies.get(usize::try_from(epoch.checked_sub(1)?).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use trainer::Trains;
    use trainer::network::preset;

    use super::*;
    use crate::made_up::{config_from, config_of};

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
