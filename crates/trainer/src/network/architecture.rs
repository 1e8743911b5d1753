use kernels::Real;

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
}

impl Architecture {
    /// The name that the notebook gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SimpleNetwork => "SimpleNetwork",
            Self::SpatialBatchNormNetwork => "SpatialBatchNormNetwork",
        }
    }

    /// The name of its folder of results.
    pub fn folder(self) -> &'static str {
        match self {
            Self::SimpleNetwork => "simple_network",
            Self::SpatialBatchNormNetwork => "spatial_batch_norm_network",
        }
    }

    /// Builds the network for images of this size, with the initial weights of this seed.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] for images too small to be halved twice, and for an empty axis or
    /// no classes.
    pub fn build<F: Real>(
        self,
        image: ImageSize,
        classes: usize,
        seed: u64,
    ) -> Result<Network<F>, TrainError> {
        let refuse =
            |parameter, expected, got| Err(TrainError::Config { parameter, expected, got });
        if image.channels == 0 || image.height < 4 || image.width < 4 {
            return refuse("the image size", "at least 1 × 4 × 4", format!("{image:?}"));
        }
        if classes == 0 {
            return refuse("the number of classes", "at least 1", classes.to_string());
        }
        let initializer = Initializer::new(seed);
        Ok(match self {
            Self::SimpleNetwork => simple_network::build(image, classes, initializer),
            Self::SpatialBatchNormNetwork => {
                spatial_batch_norm_network::build(image, classes, initializer)
            }
        })
    }
}
