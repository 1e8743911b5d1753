use kernels::Real;

use super::fully_connected::{self, Middle};
use super::{Initializer, Network, simple_network, spatial_batch_norm_network};
use crate::TrainError;
use crate::dataset::ImageSize;

/// A network by name. All of one seed share the initial weights of the layers that they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Architecture {
    /// Two convolutions with ReLU and max pooling, and a linear head.
    SimpleNetwork,
    /// The same with spatial batch norm after each convolution.
    SpatialBatchNormNetwork,
    /// Linear to 200, ReLU, linear to the classes. The notebook's lesson before calls it
    /// `SimpleNetwork`, as this one calls its own.
    FullyConnectedNetwork,
    /// The same with batch norm before the ReLU.
    BatchNormNetwork,
    /// `BatchNormNetwork` with dropout after the ReLU, p = 0.2.
    DropoutNetwork,
}

impl Architecture {
    /// Every network: the notebook's pair, and those of the lesson before.
    pub const ALL: [Self; 5] = [
        Self::SimpleNetwork,
        Self::SpatialBatchNormNetwork,
        Self::FullyConnectedNetwork,
        Self::BatchNormNetwork,
        Self::DropoutNetwork,
    ];

    /// The name that the notebook gives it, but for [`Self::FullyConnectedNetwork`].
    pub fn name(self) -> &'static str {
        match self {
            Self::SimpleNetwork => "SimpleNetwork",
            Self::SpatialBatchNormNetwork => "SpatialBatchNormNetwork",
            Self::FullyConnectedNetwork => "FullyConnectedNetwork",
            Self::BatchNormNetwork => "BatchNormNetwork",
            Self::DropoutNetwork => "DropoutNetwork",
        }
    }

    /// The name of its folder of results.
    pub fn folder(self) -> &'static str {
        match self {
            Self::SimpleNetwork => "simple_network",
            Self::SpatialBatchNormNetwork => "spatial_batch_norm_network",
            Self::FullyConnectedNetwork => "fully_connected_network",
            Self::BatchNormNetwork => "batch_norm_network",
            Self::DropoutNetwork => "dropout_network",
        }
    }

    /// Whether it has a head `fc` apart from its `model`, which a study may freeze. Without one,
    /// [`crate::Head::Frozen`] and [`crate::Head::Trained`] are the same.
    pub fn has_linear_head(self) -> bool {
        matches!(self, Self::SimpleNetwork | Self::SpatialBatchNormNetwork)
    }

    /// Builds the network for images of this size, with the initial weights of this seed.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] for an empty axis or no classes, and for images that convolutions
    /// and pooling would halve to nothing.
    pub fn build<F: Real>(
        self,
        image: ImageSize,
        classes: usize,
        seed: u64,
    ) -> Result<Network<F>, TrainError> {
        let refuse =
            |parameter, expected, got| Err(TrainError::Config { parameter, expected, got });
        // Only the networks with convolutions halve their images, twice.
        let (smallest, expected) = match self {
            Self::SimpleNetwork | Self::SpatialBatchNormNetwork => (4, "at least 1 × 4 × 4"),
            _ => (1, "at least 1 × 1 × 1"),
        };
        if image.channels == 0 || image.height < smallest || image.width < smallest {
            return refuse("the image size", expected, format!("{image:?}"));
        }
        if classes == 0 {
            return refuse("the number of classes", "at least 1", classes.to_string());
        }
        let initializer = Initializer::new(seed);
        let fully_connected =
            |initializer, middle| fully_connected::build(image, classes, initializer, middle);
        Ok(match self {
            Self::SimpleNetwork => simple_network::build(image, classes, initializer),
            Self::SpatialBatchNormNetwork => {
                spatial_batch_norm_network::build(image, classes, initializer)
            }
            Self::FullyConnectedNetwork => fully_connected(initializer, Middle::Relu),
            Self::BatchNormNetwork => fully_connected(initializer, Middle::BatchNormRelu),
            Self::DropoutNetwork => fully_connected(initializer, Middle::BatchNormReluDropout),
        })
    }
}
