//! The work that is measured, and how many operations and bytes it takes.

use serde::{Deserialize, Serialize};
use trainer::network::{NetworkConfig, Norm, preset};

/// The images of a whole training epoch.
pub(crate) const EPOCH_IMAGES: usize = 48_000;
/// The images of a batch.
pub(crate) const BATCH_SIZE: usize = 50;
/// Adam's learning rate in every training.
pub(crate) const LEARNING_RATE: f64 = 5e-4;

/// One piece of work, which is the same for us and for PyTorch. `peer.py` reads it as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub(crate) enum Work {
    /// Forward and backward of spatial batch norm in training.
    BatchNorm {
        /// N, C, H, W.
        shape: [usize; 4],
    },
    /// Forward and gradients of a 3 × 3 convolution with padding 1.
    Convolution {
        /// N, C, H, W.
        shape: [usize; 4],
        /// F.
        filters: usize,
        /// Whether the gradient to the input is computed too.
        input_gradient: bool,
    },
    /// A pass over images in memory, all parameters trained.
    Epoch {
        /// The network.
        network: NetworkConfig,
        /// The number of batches of [`BATCH_SIZE`] images.
        steps: usize,
    },
}

impl Work {
    /// The kernels, in the order of the table.
    pub(crate) fn kernels() -> Vec<Self> {
        let shapes = [[50, 16, 28, 28], [50, 32, 14, 14], [64, 64, 56, 56], [32, 256, 14, 14]];
        let mut works = shapes.map(|shape| Self::BatchNorm { shape }).to_vec();
        let convolution =
            |shape, filters, input_gradient| Self::Convolution { shape, filters, input_gradient };
        works.push(convolution([50, 16, 14, 14], 32, true));
        works.push(convolution([50, 1, 28, 28], 16, false));
        works
    }

    /// One epoch of so many steps: without batch norm, then with it.
    pub(crate) fn epochs(steps: usize) -> [Self; 2] {
        [&preset::SIMPLE_NETWORK, &preset::SPATIAL_BATCH_NORM_NETWORK]
            .map(|network| Self::Epoch { network: network.config.clone(), steps })
    }

    /// Its name in tables.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::BatchNorm { .. } => "batch norm, forward + backward".to_owned(),
            Self::Convolution { input_gradient: true, .. } => {
                "convolution 3×3, forward + both gradients".to_owned()
            }
            Self::Convolution { .. } => "convolution 3×3, forward + gradient to weights".to_owned(),
            Self::Epoch { network, steps } => {
                let whole = steps * BATCH_SIZE == EPOCH_IMAGES;
                let what = if whole { "epoch".to_owned() } else { format!("{steps} steps") };
                let with = if network.norm == Norm::None { "without" } else { "with" };
                format!("training, {what}, {with} batch norm")
            }
        }
    }

    /// Its sizes in tables.
    pub(crate) fn shape(&self) -> String {
        match self {
            Self::BatchNorm { shape: [n, c, h, w] } => format!("({n},{c},{h},{w})"),
            Self::Convolution { shape: [n, c, h, w], filters, .. } => {
                format!("({n},{c},{h},{w})→{filters}")
            }
            Self::Epoch { steps, .. } => format!("{steps} × {BATCH_SIZE} images"),
        }
    }

    /// The additions and multiplications of a call, for work that they limit.
    pub(crate) fn operations(&self) -> Option<f64> {
        match *self {
            Self::BatchNorm { .. } => None,
            Self::Convolution { shape: [n, c, h, w], filters, input_gradient } => {
                let passes = if input_gradient { 3 } else { 2 };
                Some((passes * n * convolution(c, filters, h * w)) as f64)
            }
            Self::Epoch { steps, .. } => Some(operations_of_training(steps * BATCH_SIZE)),
        }
    }

    /// The bytes that a call must read and write, for work that they limit. Forward reads x for the
    /// statistics, then reads x again and writes the result. Backward reads the gradient and x for
    /// the sums, then reads both again and writes the result.
    pub(crate) fn bytes(&self) -> Option<f64> {
        Some((3 + 5) as f64 * self.array_bytes()? as f64)
    }

    /// The bytes of the arrays that every call uses: x, the result, and the gradient, which is
    /// changed in place.
    pub(crate) fn working_set(&self) -> Option<u64> {
        Some(3 * self.array_bytes()?)
    }

    fn array_bytes(&self) -> Option<u64> {
        match self {
            Self::BatchNorm { shape } => Some(4 * shape.iter().product::<usize>() as u64),
            Self::Convolution { .. } | Self::Epoch { .. } => None,
        }
    }
}

/// A training that ends when it reaches an accuracy on images of validation. `peer.py` reads it as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "work", rename = "race")]
pub(crate) struct RaceWork<'a> {
    /// The network, all of whose parameters are trained.
    pub(crate) network: &'a NetworkConfig,
    /// The first so many images are to train with, the others to validate with.
    pub(crate) training_images: usize,
    /// The seed of weights and order.
    pub(crate) seed: u64,
    /// The epochs after which the training is given up.
    pub(crate) most_epochs: u64,
    /// The accuracy to reach.
    pub(crate) accuracy: f64,
}

/// An epoch of a training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct RaceEpoch {
    /// The seconds of its steps, without the validation.
    pub(crate) seconds: f64,
    /// The accuracy on the validation images after it.
    pub(crate) accuracy: f64,
}

/// The operations of one pass of a 3 × 3 convolution over one image.
fn convolution(channels: usize, filters: usize, pixels: usize) -> usize {
    2 * 9 * channels * filters * pixels
}

/// The operations of training once with each of so many images.
pub(crate) fn operations_of_training(images: usize) -> f64 {
    (images * operations_per_image()) as f64
}

/// The operations of a training step per image: forward and gradient to the weights of both
/// convolutions and the linear layer, and gradient to the input of all but the first. They are the
/// same with batch norm and without.
fn operations_per_image() -> usize {
    let first = convolution(1, 16, 28 * 28);
    let second = convolution(16, 32, 14 * 14);
    let head = 2 * (32 * 7 * 7) * 10;
    2 * first + 3 * second + 3 * head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_counted_by_hand() {
        // 2·225,792 + 3·1,806,336 + 3·31,360: the 6.0 MFLOP of the comparison.
        assert_eq!(operations_per_image(), 5_964_672);
        let [_, epoch] = Work::epochs(960);
        assert_eq!(epoch.operations(), Some(48_000.0 * 5_964_672.0));
        assert_eq!(operations_of_training(3), 17_894_016.0);
        let [first, second] = [&Work::kernels()[4], &Work::kernels()[5]];
        assert_eq!(first.operations(), Some(3.0 * 50.0 * 1_806_336.0));
        assert_eq!(second.operations(), Some(2.0 * 50.0 * 225_792.0));
        assert_eq!(Work::kernels()[0].bytes(), Some(8.0 * 4.0 * 627_200.0));
    }

    #[test]
    fn peer_py_reads_work_as_json() {
        let json = |work: &Work| serde_json::to_string(work).unwrap();
        assert_eq!(json(&Work::kernels()[0]), r#"{"work":"batch_norm","shape":[50,16,28,28]}"#);
        assert_eq!(
            json(&Work::kernels()[5]),
            r#"{"work":"convolution","shape":[50,1,28,28],"filters":16,"input_gradient":false}"#
        );
        assert_eq!(
            json(&Work::epochs(960)[0]),
            r#"{"work":"epoch","network":"simple_network","steps":960}"#
        );
        let race = RaceWork {
            network: &preset::SPATIAL_BATCH_NORM_NETWORK.config,
            training_images: 48_000,
            seed: 3,
            most_epochs: 8,
            accuracy: 0.9,
        };
        assert_eq!(
            serde_json::to_string(&race).unwrap(),
            r#"{"work":"race","network":"spatial_batch_norm_network","training_images":48000,"seed":3,"most_epochs":8,"accuracy":0.9}"#
        );
    }
}
