//! The layers of `SimpleNetwork` with spatial batch norm between each convolution and its ReLU.

use kernels::Real;
use kernels::max_pool2d::MaxPool2dConfig;

use super::{BatchNorm, Initializer, Layer, Network};
use crate::dataset::ImageSize;

/// The network with batch norm: 4,896 parameters in `model` for one input channel, and 15,690 in
/// `fc` for 28 × 28 pixels and ten classes.
pub(super) fn build<F: Real>(
    image: ImageSize,
    classes: usize,
    mut initializer: Initializer,
) -> Network<F> {
    let model = vec![
        Layer::Conv2d(initializer.conv2d_same_3x3(image.channels, 16)),
        Layer::SpatialBatchNorm(BatchNorm::new(16)),
        Layer::Relu,
        Layer::MaxPool2d(MaxPool2dConfig::halving()),
        Layer::Conv2d(initializer.conv2d_same_3x3(16, 32)),
        Layer::SpatialBatchNorm(BatchNorm::new(32)),
        Layer::Relu,
        Layer::MaxPool2d(MaxPool2dConfig::halving()),
    ];
    let features = 32 * (image.height / 4) * (image.width / 4);
    Network::with_linear_head(model, initializer.linear(features, classes))
}
