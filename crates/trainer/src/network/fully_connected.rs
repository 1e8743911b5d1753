//! The networks of the notebook's lesson before, which knows no convolutions: a hidden layer of 200
//! without batch norm, with it, and with dropout too.

use kernels::Real;

use super::{BatchNorm, Initializer, Layer, Network};
use crate::dataset::ImageSize;

/// The outputs of the first linear layer.
const HIDDEN: usize = 200;

/// The probability to drop in `DropoutNetwork`.
const DROPOUT: f64 = 0.2;

/// What stands between the two linear layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Middle {
    Relu,
    BatchNormRelu,
    BatchNormReluDropout,
}

/// Linear to 200, `middle`, linear to `classes`; for 28 × 28 pixels and ten classes 159,010
/// parameters, and 400 more with batch norm.
pub(super) fn build<F: Real>(
    image: ImageSize,
    classes: usize,
    mut initializer: Initializer,
    middle: Middle,
) -> Network<F> {
    let features = image.channels * image.height * image.width;
    let mut model = vec![Layer::Linear(initializer.linear(features, HIDDEN))];
    if middle != Middle::Relu {
        model.push(Layer::BatchNorm(BatchNorm::new(HIDDEN)));
    }
    model.push(Layer::Relu);
    if middle == Middle::BatchNormReluDropout {
        model.push(Layer::Dropout { p: DROPOUT });
    }
    model.push(Layer::Linear(initializer.linear(HIDDEN, classes)));
    Network::of_flat_images(model)
}
