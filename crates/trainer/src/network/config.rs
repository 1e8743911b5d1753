//! A network by its parts: widths, norm, activation, dropout.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use kernels::Real;
use kernels::max_pool2d::MaxPool2dConfig;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::layer::{Activation, Layer, Norm};
use super::preset::Preset;
use super::{Initializer, Network};
use crate::TrainError;
use crate::dataset::ImageSize;

/// Which layers a network has. Networks of one seed share the initial weights of the layers that
/// they share.
///
/// As text, and in files, it is one word: the folder of the [`Preset`] that it is, such as
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
    /// The preset that this is.
    pub fn preset(&self) -> Option<&'static Preset> {
        Preset::all().iter().copied().find(|preset| preset.config == *self)
    }

    /// The name in texts and figures: the preset's, such as `SimpleNetwork`, else its parts.
    pub fn name(&self) -> Cow<'static, str> {
        match self.preset() {
            Some(preset) => preset.name.into(),
            None => self.parts().into(),
        }
    }

    /// Whether it has a head `fc` apart from its `model`, which a study may freeze. Without one,
    /// [`crate::Head::Frozen`] and [`crate::Head::Trained`] are the same.
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
    /// dropout out of range, and for images that pooling would halve to nothing.
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
                    model.extend(norm.of_images(filters));
                    model.push(activation.layer());
                    model.push(Layer::MaxPool2d(MaxPool2dConfig::halving()));
                    model.extend(dropout.map(|p| Layer::Dropout { p }));
                    (channels, height, width) = (filters, height / 2, width / 2);
                }
                let fc = initializer.linear(channels * height * width, classes);
                Ok(Network::with_linear_head(model, fc))
            }
            NetworkKind::FullyConnected { hidden } => {
                let mut features = image.values();
                for &outputs in hidden.iter() {
                    model.push(Layer::Linear(initializer.linear(features, outputs)));
                    model.extend(norm.of_rows(outputs));
                    model.push(activation.layer());
                    model.extend(dropout.map(|p| Layer::Dropout { p }));
                    features = outputs;
                }
                model.push(Layer::Linear(initializer.linear(features, classes)));
                Ok(Network::of_flat_images(model))
            }
        }
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

    /// The parts in one word, from which [`Self::from_parts`] makes the same configuration.
    fn parts(&self) -> String {
        let Self { kind, norm, activation, dropout } = self;
        let (mut text, widths) = match kind {
            NetworkKind::Convolutional { widths } => (CONVOLUTIONAL.to_owned(), widths),
            NetworkKind::FullyConnected { hidden } => (FULLY_CONNECTED.to_owned(), hidden),
        };
        text.extend(widths.iter().map(|width| format!("-{width}")));
        if *norm != Norm::None {
            text.extend(["_", norm.name()]);
        }
        text.extend(["_", activation.name()]);
        text.extend(dropout.map(|p| format!("_{DROPOUT}{p}")));
        text
    }

    fn from_parts(text: &str) -> Option<Self> {
        let mut parts = text.split('_').peekable();
        let (kind, widths) = parts.next().map(|kind| kind.split_once('-').unwrap_or((kind, "")))?;
        let widths = widths.split('-').filter(|width| !width.is_empty()).map(|width| width.parse());
        let widths = Cow::Owned(widths.collect::<Result<Vec<usize>, _>>().ok()?);
        let kind = match kind {
            CONVOLUTIONAL => NetworkKind::Convolutional { widths },
            FULLY_CONNECTED => NetworkKind::FullyConnected { hidden: widths },
            _ => return None,
        };
        let of_name = |name: &&str| Norm::ALL.into_iter().find(|norm| norm.name() == *name);
        let norm = parts.peek().and_then(of_name);
        if norm.is_some() {
            parts.next();
        }
        let norm = norm.unwrap_or(Norm::None);
        let name = parts.next()?;
        let activation = Activation::ALL.into_iter().find(|known| known.name() == name)?;
        let p = parts.next().map(|part| part.strip_prefix(DROPOUT)?.parse().ok());
        let dropout = p.map_or(Some(None), |p: Option<f64>| p.map(Some))?;
        let config = Self { kind, norm, activation, dropout };
        // One text per configuration, as results are found by it.
        (config.parts() == text).then_some(config)
    }
}

const CONVOLUTIONAL: &str = "conv";
const FULLY_CONNECTED: &str = "linear";
const DROPOUT: &str = "dropout-";

impl Display for NetworkConfig {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.preset() {
            Some(preset) => formatter.pad(preset.folder),
            None => formatter.pad(&self.parts()),
        }
    }
}

/// A text is no network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("found {found:?}, expected a network such as {} or conv-16-32_batch-norm_relu", folders().join(", "))]
pub struct UnknownNetwork {
    /// The text.
    pub found: String,
}

fn folders() -> Vec<&'static str> {
    Preset::all().iter().map(|preset| preset.folder).collect()
}

impl FromStr for NetworkConfig {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, UnknownNetwork> {
        let preset = Preset::all().iter().find(|preset| preset.folder == text);
        preset
            .map(|preset| preset.config.clone())
            .or_else(|| Self::from_parts(text))
            .ok_or_else(|| UnknownNetwork { found: text.to_owned() })
    }
}

impl Serialize for NetworkConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NetworkConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_configuration_is_one_word_that_reads_back() {
        let mut texts = Vec::new();
        for widths in [vec![], vec![7], vec![16, 32], vec![8, 16, 24]] {
            let widths: Cow<'static, [usize]> = Cow::Owned(widths);
            let kinds = [
                NetworkKind::Convolutional { widths: widths.clone() },
                NetworkKind::FullyConnected { hidden: widths },
            ];
            for (kind, norm) in kinds.iter().flat_map(|kind| Norm::ALL.map(|norm| (kind, norm))) {
                for (activation, dropout) in
                    Activation::ALL.into_iter().flat_map(|a| [None, Some(0.1)].map(|p| (a, p)))
                {
                    let config = NetworkConfig { kind: kind.clone(), norm, activation, dropout };
                    let text = config.to_string();
                    assert_eq!(text.parse(), Ok(config.clone()), "{text}");
                    assert_eq!(serde_json::to_value(&config).unwrap(), text);
                    assert!(!text.contains(char::is_whitespace) && !text.contains('/'), "{text}");
                    texts.push(text);
                }
            }
        }
        assert!(texts.contains(&"simple_network".to_owned()));
        assert!(texts.contains(&"conv-8-16-24_batch-norm_relu_dropout-0.1".to_owned()));
        let count = texts.len();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), count);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "SimpleNetwork",
            "conv-16-32",
            "conv-16-_relu",
            "conv-016_relu",
            "conv-16_relu_batch-norm",
            "conv-16_none_relu",
            "linear-3_relu_dropout-",
            "linear-3_relu_dropout-0.10",
            "linear-3_relu_dropout-0.1_x",
        ] {
            let message = text.parse::<NetworkConfig>().unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("found {text:?}, expected a network")),
                "{message}"
            );
        }
        let image = ImageSize { channels: 1, height: 8, width: 8 };
        for (text, fault) in [
            ("conv-2-2-2-2_relu", "the image size must be at least 1 × 1 × 1 after all poolings"),
            ("conv-2-0_relu", "every width of a network must be at least 1, got 0"),
            ("linear_relu_dropout-1", "the probability of dropout must be at least 0 and below 1"),
        ] {
            let config: NetworkConfig = text.parse().unwrap();
            let message = config.build::<f32>(image, 10, 0).unwrap_err().to_string();
            assert!(message.starts_with(fault), "{message}");
        }
    }
}
