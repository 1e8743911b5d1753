//! The figures that the notebook prints, to hold ours against.
//!
//! One run of each network on Fashion-MNIST: 48,000 training and 12,000 validation images, batches
//! of 50, learning rate 5e-4, the head frozen, 5 epochs.

use trainer::Head;
use trainer::network::Architecture;

use super::{Arguments, DataSet};

/// The notebook's batch size.
pub const BATCH_SIZE: u32 = 50;

/// The notebook's learning rate.
pub const LEARNING_RATE: f64 = 5e-4;

/// Validation accuracy after each epoch; nothing for a network that was not published.
pub fn validation_accuracies(architecture: Architecture) -> &'static [f64] {
    match architecture {
        Architecture::SimpleNetwork => {
            &[0.6651666666666667, 0.73625, 0.7673333333333333, 0.78475, 0.7961666666666667]
        }
        Architecture::SpatialBatchNormNetwork => {
            &[0.7924166666666667, 0.81925, 0.8306666666666667, 0.8416666666666667, 0.844]
        }
        _ => &[],
    }
}

/// Whether a run with these arguments trains as the notebook does, so that figures compare.
pub fn compares_with(arguments: &Arguments, data_set: &DataSet) -> bool {
    matches!(data_set, DataSet::FashionMnist { .. })
        && arguments.head() == Head::Frozen
        && arguments.batch_size == BATCH_SIZE
        && arguments.learning_rate == LEARNING_RATE
        && !arguments.quick
}
