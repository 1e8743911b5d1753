//! A network by its parts: widths, norm, activation, dropout.

use std::borrow::Cow;

use kernels::Real;
use kernels::max_pool2d::MaxPool2dConfig;

use super::initialization::Initializer;
use super::layer::{Activation, Dropout, Layer, MaxPool2d};
use super::named_layers::Network;
use super::norm::Norm;
use crate::TrainError;
use crate::dataset::ImageSize;

/// Which layers a network has. Networks of one seed share the initial weights of the layers that
/// they share.
///
/// As text, and in files, it is one word: the folder of the preset that it is, such as
/// `simple_network`, and else its parts, such as `conv-16-32_batch-norm_relu_dropout-0.1` or
/// `linear-200_relu`.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// Convolutional or fully connected, with the widths of its blocks.
    pub kind: NetworkKind,
    /// What stands between the weights of a block and its activation.
    pub norm: Norm,
    /// The activation of each block.
    pub activation: Activation,
    /// The probability of a dropout at the end of each block, at least 0 and below 1.
    pub dropout: Option<f64>,
}

/// What the blocks of a network are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkKind {
    /// Each block is a 3 × 3 convolution to so many channels, norm, activation, max pooling, which
    /// halves the image, and dropout. A linear head `fc` follows.
    Convolutional {
        /// The channels of each block's output.
        widths: Cow<'static, [usize]>,
    },
    /// Each block is a linear layer to so many features, norm, activation and dropout. A linear
    /// layer to the classes follows in the same stack.
    FullyConnected {
        /// The features of each block's output.
        hidden: Cow<'static, [usize]>,
    },
}

impl NetworkConfig {
    /// Whether it has a head `fc` apart from its `model`, which a study may freeze. Without one,
    /// [`crate::Trains::HeadFrozen`] and [`crate::Trains::All`] are the same.
    pub fn has_linear_head(&self) -> bool {
        match self.kind {
            NetworkKind::Convolutional { .. } => true,
            NetworkKind::FullyConnected { .. } => false,
        }
    }

    /// Builds the network for images of this size, with the initial weights of this seed.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] for an empty axis, a width of 0 or no classes, for a probability of
    /// dropout out of range, for a norm that does not fit a width, and for images that pooling would
    /// halve to nothing.
    pub fn build<F: Real>(
        &self,
        image: ImageSize,
        classes: usize,
        seed: u64,
    ) -> Result<Network<F>, TrainError> {
        self.check(image, classes)?;
        let Self { kind, norm, activation, dropout } = self;
        let mut initializer = Initializer::new(seed);
        let mut model = Vec::new();
        match kind {
            NetworkKind::Convolutional { widths } => {
                let ImageSize { mut channels, mut height, mut width } = image;
                for &filters in widths.iter() {
                    model.push(Layer::Conv2d(initializer.conv2d_same_3x3(channels, filters)));
                    model.extend(norm.of_images(filters)?);
                    model.push(activation.layer());
                    model.push(Layer::MaxPool2d(MaxPool2d { config: MaxPool2dConfig::halving() }));
                    model.extend(dropout.map(|p| Layer::Dropout(Dropout { p })));
                    (channels, height, width) = (filters, height / 2, width / 2);
                }
                let fc = initializer.linear(channels * height * width, classes);
                Ok(Network::with_linear_head(model, fc))
            }
            NetworkKind::FullyConnected { hidden } => {
                let mut features = image.values();
                for &outputs in hidden.iter() {
                    model.push(Layer::Linear(initializer.linear(features, outputs)));
                    model.extend(norm.of_rows(outputs)?);
                    model.push(activation.layer());
                    model.extend(dropout.map(|p| Layer::Dropout(Dropout { p })));
                    features = outputs;
                }
                model.push(Layer::Linear(initializer.linear(features, classes)));
                Ok(Network::of_flat_images(model))
            }
        }
    }

    /// The smallest image that all poolings leave something of.
    pub(crate) fn smallest_image(&self) -> ImageSize {
        let halvings = match &self.kind {
            NetworkKind::Convolutional { widths } => widths.len(),
            NetworkKind::FullyConnected { .. } => 0,
        };
        // 0 where no image is large enough, which is then refused.
        let side = 1_usize.checked_shl(halvings as u32).unwrap_or(0);
        ImageSize { channels: 1, height: side, width: side }
    }

    fn check(&self, image: ImageSize, classes: usize) -> Result<(), TrainError> {
        let refuse =
            |parameter, expected, got| Err(TrainError::Config { parameter, expected, got });
        let (widths, halvings) = match &self.kind {
            NetworkKind::Convolutional { widths } => (widths, widths.len()),
            NetworkKind::FullyConnected { hidden } => (hidden, 0),
        };
        // A shift by more than all bits leaves nothing, too.
        let halved = |side: usize| side.checked_shr(halvings as u32).unwrap_or(0);
        if image.channels == 0 || halved(image.height) == 0 || halved(image.width) == 0 {
            let expected = "at least 1 × 1 × 1 after all poolings, each of which halves it";
            let got = format!("{image:?} and {halvings} poolings");
            return refuse("the image size", expected, got);
        }
        if widths.contains(&0) {
            return refuse("every width of a network", "at least 1", "0".to_owned());
        }
        if let Some(p) = self.dropout.filter(|p| !(0.0..1.0).contains(p)) {
            return refuse("the probability of dropout", "at least 0 and below 1", p.to_string());
        }
        if classes == 0 {
            return refuse("the number of classes", "at least 1", classes.to_string());
        }
        Ok(())
    }
}
