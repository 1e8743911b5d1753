//! The figures that the notebook prints, to hold ours against.
//!
//! One run of each network on Fashion-MNIST: 48,000 training and 12,000 validation images, batches
//! of 50, learning rate 5e-4, the head frozen, 5 epochs.

use super::tables::{DataSetName, Head, StudyConfig};

/// The notebook's batch size.
pub const BATCH_SIZE: u32 = 50;

/// The notebook's learning rate.
pub const LEARNING_RATE: f64 = 5e-4;

/// Validation accuracy after each epoch; nothing for a network that was not published.
///
/// `network` is named by its folder, as in `simple_network`.
pub fn validation_accuracies(network: &str) -> &'static [f64] {
    match network {
        "simple_network" => {
            &[0.6651666666666667, 0.73625, 0.7673333333333333, 0.78475, 0.7961666666666667]
        }
        "spatial_batch_norm_network" => {
            &[0.7924166666666667, 0.81925, 0.8306666666666667, 0.8416666666666667, 0.844]
        }
        _ => &[],
    }
}

/// The same study run again in PyTorch 2.11 (`f32`, 2 threads of a CPU), a row a seed: Adam over
/// the convolutional stack alone, PyTorch's default initialisation, pixels divided by 255. These
/// runs showed that the published figures come from a frozen head.
pub fn pytorch_validation_accuracies(network: &str) -> &'static [[f64; 5]] {
    match network {
        "simple_network" => &[
            [0.6851, 0.7497, 0.7750, 0.7923, 0.8043],
            [0.6812, 0.7311, 0.7582, 0.7726, 0.7855],
            [0.6873, 0.7467, 0.7727, 0.7848, 0.7961],
        ],
        "spatial_batch_norm_network" => {
            &[[0.7867, 0.8237, 0.8359, 0.8427, 0.8518], [0.7911, 0.8182, 0.8356, 0.8451, 0.8498]]
        }
        _ => &[],
    }
}

/// Whether runs of this study with this head train as the notebook does, so that figures compare.
pub fn compares_with(study: &StudyConfig, head: Head) -> bool {
    study.data_set == DataSetName::FashionMnist
        && head == Head::Frozen
        && study.batch_size == u64::from(BATCH_SIZE)
        && study.learning_rate == LEARNING_RATE
        && !study.quick
}

/// The published accuracies that belong beside this network's in this arm of the study, as far as
/// it has epochs.
pub fn beside(study: &StudyConfig, head: Head, network: &str) -> &'static [f64] {
    if !compares_with(study, head) {
        return &[];
    }
    let accuracies = validation_accuracies(network);
    let epochs = usize::try_from(study.epochs).unwrap_or(usize::MAX);
    &accuracies[..accuracies.len().min(epochs)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::config;

    #[test]
    fn stands_only_beside_what_trains_as_the_notebook_does() {
        let notebook = config();
        assert!(compares_with(&notebook, Head::Frozen));
        assert!(!compares_with(&notebook, Head::Trained));
        let others = [
            StudyConfig { data_set: DataSetName::Synthetic, ..notebook.clone() },
            StudyConfig { quick: true, ..notebook.clone() },
            StudyConfig { batch_size: 100, ..notebook.clone() },
            StudyConfig { learning_rate: 1e-3, ..notebook.clone() },
        ];
        for other in others {
            assert!(!compares_with(&other, Head::Frozen), "{other:?}");
            assert!(beside(&other, Head::Frozen, "simple_network").is_empty());
        }
        assert_eq!(beside(&notebook, Head::Frozen, "simple_network").len(), 2);
        assert!(beside(&notebook, Head::Frozen, "dropout_network").is_empty());
    }
}
