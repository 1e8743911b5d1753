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

/// More weights than this are a slip: a checkpoint, which has the two moments of Adam besides, would be longer
/// than any file that is read.
const MOST_WEIGHTS: usize = 1 << 26;

/// Which layers a network has. Networks of one seed share the initial weights of the layers that
/// they share.
///
/// As text, and in files, it is one word: the folder of the preset that it is, such as
/// `simple_network`, and else its parts, such as `conv-16-32_batch-norm_relu_dropout-0.1` or
/// `linear-200_relu_dropout-0.2-before-norm_init-0.5`.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// Convolutional or fully connected, with the widths of its blocks.
    pub kind: NetworkKind,
    /// What stands between the weights of a block and its activation.
    pub norm: Norm,
    /// The activation of each block.
    pub activation: Activation,
    /// The probability of a dropout in each block, at least 0 and below 1.
    pub dropout: Option<f64>,
    /// Where in the block the dropout is.
    pub dropout_place: DropoutPlace,
    /// What the bound of initial weights and biases is multiplied by, above 0; 1 for PyTorch's
    /// default.
    pub initial_scale: f64,
}

/// Where in a block a dropout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropoutPlace {
    /// At the end of the block: after its activation, and after its pooling if it has one.
    AfterActivation,
    /// Between the weights of the block and its norm, or its activation where it has no norm.
    BeforeNorm,
}

impl DropoutPlace {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::AfterActivation, Self::BeforeNorm];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::AfterActivation => "after-activation",
            Self::BeforeNorm => "before-norm",
        }
    }
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
    /// A network by its parts, for messages that say how these are written.
    pub const EXAMPLE: &'static str = "conv-16-32_batch-norm_relu";

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
    /// [`TrainError::Config`] for an empty axis, a width of 0 or no classes, for more than 2²⁶ weights, for a
    /// norm that does not fit a width, for a probability or place of dropout or an initial scale that no network can have, and for
    /// images that pooling would halve to nothing.
    pub fn build<F: Real>(
        &self,
        image: ImageSize,
        classes: usize,
        seed: u64,
    ) -> Result<Network<F>, TrainError> {
        self.initialized(image, classes, Initializer::new(seed).scaled(self.initial_scale))
    }

    /// The network with zeros for weights, of which only names, shapes and settings are of use.
    ///
    /// # Errors
    ///
    /// Those of [`Self::build`].
    pub(crate) fn outline(
        &self,
        image: ImageSize,
        classes: usize,
    ) -> Result<Network<f32>, TrainError> {
        self.initialized(image, classes, Initializer::zeros())
    }

    fn initialized<F: Real>(
        &self,
        image: ImageSize,
        classes: usize,
        mut initializer: Initializer,
    ) -> Result<Network<F>, TrainError> {
        self.check(image, classes)?;
        let Self { kind, norm, activation, dropout, dropout_place, initial_scale: _ } = self;
        let dropout_at = |place| {
            let here = dropout.filter(|_| *dropout_place == place);
            here.map(|p| Layer::Dropout(Dropout { p }))
        };
        let mut model = Vec::new();
        match kind {
            NetworkKind::Convolutional { widths } => {
                let ImageSize { mut channels, mut height, mut width } = image;
                for &filters in widths.iter() {
                    model.push(Layer::Conv2d(initializer.conv2d_same_3x3(channels, filters)));
                    model.extend(dropout_at(DropoutPlace::BeforeNorm));
                    model.extend(norm.of_images(filters)?);
                    model.push(activation.layer());
                    model.push(Layer::MaxPool2d(MaxPool2d { config: MaxPool2dConfig::halving() }));
                    model.extend(dropout_at(DropoutPlace::AfterActivation));
                    (channels, height, width) = (filters, height / 2, width / 2);
                }
                let fc = initializer.linear(channels * height * width, classes);
                Ok(Network::with_linear_head(model, fc))
            }
            NetworkKind::FullyConnected { hidden } => {
                let mut features = image.values();
                for &outputs in hidden.iter() {
                    model.push(Layer::Linear(initializer.linear(features, outputs)));
                    model.extend(dropout_at(DropoutPlace::BeforeNorm));
                    model.extend(norm.of_rows(outputs)?);
                    model.push(activation.layer());
                    model.extend(dropout_at(DropoutPlace::AfterActivation));
                    features = outputs;
                }
                model.push(Layer::Linear(initializer.linear(features, classes)));
                Ok(Network::of_flat_images(model))
            }
        }
    }

    /// The smallest image that all poolings leave something of.
    pub fn smallest_image(&self) -> ImageSize {
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
            let ImageSize { channels, height, width } = image;
            let got = format!("{channels} × {height} × {width} and {halvings} poolings");
            return refuse("the image size", expected, got);
        }
        if widths.contains(&0) {
            return refuse("every width of a network", "at least 1", "0".to_owned());
        }
        if let Some(p) = self.dropout.filter(|p| !(0.0..1.0).contains(p)) {
            return refuse("the probability of dropout", "at least 0 and below 1", p.to_string());
        }
        if self.dropout.is_none() && self.dropout_place != DropoutPlace::AfterActivation {
            let expected = "after-activation for a network without dropout";
            return refuse("the place of dropout", expected, self.dropout_place.name().to_owned());
        }
        if !(self.initial_scale.is_finite() && self.initial_scale > 0.0) {
            let got = self.initial_scale.to_string();
            return refuse("the initial scale", "finite and above 0", got);
        }
        if classes == 0 {
            return refuse("the number of classes", "at least 1", classes.to_string());
        }
        if self.weights(image, classes).is_none_or(|weights| weights > MOST_WEIGHTS) {
            let expected = "at most 2²⁶ numbers";
            return refuse("the weights of a network", expected, format!("the widths {widths:?}"));
        }
        Ok(())
    }

    /// The number of weights, without biases and norms; nothing if there is no such number.
    fn weights(&self, image: ImageSize, classes: usize) -> Option<usize> {
        let ImageSize { channels, height, width } = image;
        let (widths, window, mut inputs, pixels) = match &self.kind {
            NetworkKind::Convolutional { widths } => {
                let halved = |side: usize| side.checked_shr(widths.len() as u32).unwrap_or(0);
                (widths, 9, channels, halved(height).checked_mul(halved(width))?)
            }
            NetworkKind::FullyConnected { hidden } => {
                (hidden, 1, channels.checked_mul(height)?.checked_mul(width)?, 1)
            }
        };
        let mut all = 0_usize;
        for &outputs in widths.iter() {
            all = all.checked_add(inputs.checked_mul(window)?.checked_mul(outputs)?)?;
            inputs = outputs;
        }
        all.checked_add(inputs.checked_mul(pixels)?.checked_mul(classes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_the_names_and_shapes_of_the_network() {
        let image = ImageSize { channels: 1, height: 8, width: 8 };
        for text in ["conv-2-3_batch-norm_relu_dropout-0.1_init-3", "linear-4_batch-norm_tanh"] {
            let config: NetworkConfig = text.parse().unwrap();
            let shapes = |network: &Network<f32>| {
                let state = network.state().into_iter();
                state.map(|(name, array)| (name, array.shape().to_vec())).collect::<Vec<_>>()
            };
            let outline = config.outline(image, 3).unwrap();
            assert_eq!(shapes(&outline), shapes(&config.build(image, 3, 0).unwrap()), "{text}");
        }
    }

    #[test]
    fn a_dropout_is_at_the_end_of_its_block_or_between_weights_and_norm() {
        let image = ImageSize { channels: 1, height: 8, width: 8 };
        for (text, norms) in [
            ("conv-2-3_batch-norm_relu_dropout-0.5", ["model.1", "model.6"]),
            ("conv-2-3_batch-norm_relu_dropout-0.5-before-norm", ["model.2", "model.7"]),
            ("linear-2-3_batch-norm_relu_dropout-0.5", ["model.1", "model.5"]),
            ("linear-2-3_batch-norm_relu_dropout-0.5-before-norm", ["model.2", "model.6"]),
        ] {
            let config: NetworkConfig = text.parse().unwrap();
            let network: Network<f32> = config.build(image, 3, 0).unwrap();
            assert!(network.norms().map(|(name, _)| name).eq(norms), "{text}");
        }
        let place = DropoutPlace::BeforeNorm;
        let config: NetworkConfig = "linear-2_relu".parse().unwrap();
        let config = NetworkConfig { dropout_place: place, ..config };
        let message = config.build::<f32>(image, 3, 0).unwrap_err().to_string();
        assert!(message.starts_with("the place of dropout must be after-activation"), "{message}");
    }

    #[test]
    fn weights_are_counted_before_there_are_any() {
        let image = ImageSize { channels: 1, height: 28, width: 28 };
        let weights = |text: &str| text.parse::<NetworkConfig>().unwrap().weights(image, 10);
        assert_eq!(weights("conv-16-32_relu"), Some(9 * 16 + 9 * 16 * 32 + 32 * 49 * 10));
        assert_eq!(weights("linear-200-100_relu"), Some(784 * 200 + 200 * 100 + 100 * 10));
        assert_eq!(weights("linear-18446744073709551615_relu"), None);
        for text in
            ["conv-99999999_relu", "linear-10-18446744073709551615_relu", "linear-200000_relu"]
        {
            let config: NetworkConfig = text.parse().unwrap();
            let message = config.build::<f32>(image, 10, 0).unwrap_err().to_string();
            assert!(message.starts_with("the weights of a network must be at most"), "{message}");
        }
    }

    #[test]
    fn the_smallest_image_is_one_that_the_poolings_leave_a_pixel_of() {
        for text in ["conv_relu", "conv-1-1-1_relu", "linear-2_relu"] {
            let config: NetworkConfig = text.parse().unwrap();
            let smallest = config.smallest_image();
            assert!(config.build::<f32>(smallest, 1, 0).is_ok(), "{text}");
            let side = smallest.height - 1;
            let smaller = ImageSize { height: side, width: side, ..smallest };
            assert!(config.build::<f32>(smaller, 1, 0).is_err(), "{text}");
        }
    }
}
