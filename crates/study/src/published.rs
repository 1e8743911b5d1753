//! Which published accuracies compare with an arm of a study.
//!
//! The figures stand in the presets of networks: one run of each network on Fashion-MNIST, with
//! 48,000 training and 12,000 validation images and the head frozen.

use trainer::network::Preset;

use crate::axis::Arm;
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
        let compares =
            study.data_set == DataSet::FashionMnist && !study.quick && arm.is_as_published();
        let Some(preset) = arm.network.preset().filter(|_| compares) else {
            return Self::default();
        };
        let all = preset.published_validation_accuracies;
        let epochs = usize::try_from(arm.epochs.0).unwrap_or(usize::MAX);
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
    let preset: &Preset = arm.network.preset()?;
    after(preset.published_validation_accuracies, epoch)
}

fn after(accuracies: &[f64], epoch: u64) -> Option<f64> {
    accuracies.get(usize::try_from(epoch.checked_sub(1)?).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use crate::axis::Head;
    use trainer::network::preset;

    use super::*;
    use crate::axis::{BatchSize, LearningRate};
    use crate::made_up::{arm, config};

    #[test]
    fn stands_only_beside_what_trains_as_the_notebook_does() {
        let notebook = config();
        let frozen = arm(&preset::SIMPLE_NETWORK, Head::Frozen);
        let epochs =
            |config: &StudyConfig, arm: &Arm| Published::beside(config, arm).accuracies.len();
        assert_eq!(epochs(&notebook, &frozen), 2);
        for other in [
            Arm { head: Head::Trained, ..frozen.clone() },
            Arm { batch_size: BatchSize(100), ..frozen.clone() },
            Arm { learning_rate: LearningRate(1e-3), ..frozen.clone() },
            arm(&preset::DROPOUT_NETWORK, Head::Frozen),
        ] {
            assert_eq!(epochs(&notebook, &other), 0, "{other:?}");
        }
        for other in [
            StudyConfig { data_set: DataSet::Synthetic, ..notebook.clone() },
            StudyConfig { quick: true, ..notebook.clone() },
        ] {
            assert_eq!(epochs(&other, &frozen), 0, "{other:?}");
        }
    }
}
