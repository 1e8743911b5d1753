//! A network's configuration as text: in messages, in files and in names of folders.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::config::{DropoutPlace, NetworkConfig, NetworkKind};
use super::layer::Activation;
use super::norm::Norm;
use super::preset::Preset;

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

    /// The parts in one word, from which [`Self::from_parts`] makes the same configuration.
    pub(crate) fn parts(&self) -> String {
        let Self { kind, norm, activation, dropout, dropout_place, initial_scale } = self;
        let (mut text, widths) = match kind {
            NetworkKind::Convolutional { widths } => (CONVOLUTIONAL.to_owned(), widths),
            NetworkKind::FullyConnected { hidden } => (FULLY_CONNECTED.to_owned(), hidden),
        };
        text.extend(widths.iter().map(|width| format!("-{width}")));
        if *norm != Norm::None {
            text.extend(["_", &norm.name()]);
        }
        text.extend(["_", activation.name()]);
        if let Some(p) = dropout {
            // Of the two zeros the positive one.
            text.push_str(&format!("_{DROPOUT}{}", p + 0.0));
            if *dropout_place != DropoutPlace::AfterActivation {
                text.extend(["-", dropout_place.name()]);
            }
        }
        if *initial_scale != 1.0 {
            text.push_str(&format!("_{INITIAL_SCALE}{initial_scale}"));
        }
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
        let norm = parts.peek().and_then(|name| Norm::of_name(name));
        if norm.is_some() {
            parts.next();
        }
        let norm = norm.unwrap_or(Norm::None);
        let name = parts.next()?;
        let activation = *Activation::ALL.iter().find(|known| known.name() == name)?;
        let (mut dropout, mut dropout_place) = (None, DropoutPlace::AfterActivation);
        if let Some(part) = parts.peek().and_then(|part| part.strip_prefix(DROPOUT)) {
            parts.next();
            let of_place = |place: &&DropoutPlace| part.ends_with(&format!("-{}", place.name()));
            let place = DropoutPlace::ALL.iter().find(of_place);
            let named = place.map(|place| part.len() - place.name().len() - 1);
            dropout = Some(part[..named.unwrap_or(part.len())].parse().ok()?);
            dropout_place = place.copied().unwrap_or(dropout_place);
        }
        let scale = parts.next().map(|part| part.strip_prefix(INITIAL_SCALE)?.parse().ok());
        let initial_scale = scale.unwrap_or(Some(1.0))?;
        let config = Self { kind, norm, activation, dropout, dropout_place, initial_scale };
        // One text per configuration, as results are found by it.
        (config.parts() == text).then_some(config)
    }
}

const CONVOLUTIONAL: &str = "conv";
const FULLY_CONNECTED: &str = "linear";
const DROPOUT: &str = "dropout-";
const INITIAL_SCALE: &str = "init-";

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
    use crate::dataset::ImageSize;

    const NORMS: [Norm; 7] = [
        Norm::None,
        Norm::BatchNorm,
        Norm::GhostBatchNorm { images: 16 },
        Norm::NoisyBatchNorm,
        Norm::GroupNorm { groups: 1 },
        Norm::GroupNorm { groups: 4 },
        Norm::InstanceNorm,
    ];

    #[test]
    fn every_configuration_is_one_word_that_reads_back() {
        let mut texts = Vec::new();
        for widths in [vec![], vec![7], vec![16, 32], vec![8, 16, 24]] {
            let widths: Cow<'static, [usize]> = Cow::Owned(widths);
            let kinds = [
                NetworkKind::Convolutional { widths: widths.clone() },
                NetworkKind::FullyConnected { hidden: widths },
            ];
            let with_norms = |kind| NORMS.iter().map(move |&norm| (kind, norm));
            for (kind, norm) in kinds.iter().flat_map(with_norms) {
                let (after, before) = (DropoutPlace::AfterActivation, DropoutPlace::BeforeNorm);
                let dropouts = [(None, after), (Some(0.1), after), (Some(0.1), before)];
                let others = dropouts.map(|dropout| [1.0, 0.25].map(|scale| (dropout, scale)));
                let with_others = |&activation| others.map(|other| (activation, other));
                let choices = Activation::ALL.iter().flat_map(with_others);
                for (activation, ((dropout, dropout_place), initial_scale)) in
                    choices.flat_map(|(activation, pair)| pair.map(|other| (activation, other)))
                {
                    let kind = kind.clone();
                    let config = NetworkConfig {
                        kind,
                        norm,
                        activation,
                        dropout,
                        dropout_place,
                        initial_scale,
                    };
                    let text = config.to_string();
                    assert_eq!(text.parse(), Ok(config.clone()), "{text}");
                    assert_eq!(serde_json::to_value(&config).unwrap(), text);
                    assert!(!text.contains(char::is_whitespace) && !text.contains('/'), "{text}");
                    texts.push(text);
                }
            }
        }
        assert!(texts.contains(&"simple_network".to_owned()));
        for text in [
            "conv-8-16-24_batch-norm_relu_dropout-0.1",
            "conv-8-16-24_batch-norm_relu_dropout-0.1-before-norm",
            "conv-8-16-24_batch-norm_relu_dropout-0.1-before-norm_init-0.25",
            "linear_relu_init-0.25",
            "conv-7_group-norm-4_tanh",
            "linear-7_ghost-batch-norm-16_sigmoid",
        ] {
            assert!(texts.contains(&text.to_owned()), "{text}");
        }
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
            "conv-16_group-norm_relu",
            "conv-16_group-norm-04_relu",
            "conv-16_group-norm-4-4_relu",
            "conv-16_instance-norm-16_relu",
            "conv-16_ghost-batch-norm--1_relu",
            "linear-3_relu_dropout-",
            "linear-3_relu_dropout-0.10",
            "linear-3_relu_dropout-0.1_x",
            "linear-3_relu_dropout--0",
            "linear-3_relu_dropout-0.1-after-activation",
            "linear-3_relu_dropout-before-norm",
            "linear-3_relu_before-norm",
            "linear-3_relu_init-1",
            "linear-3_relu_init-0.50",
            "linear-3_relu_init-",
            "linear-3_relu_init-0.5_dropout-0.1",
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
            (
                "conv-6-8_group-norm-4_relu",
                "the number of groups must be a divisor of every width, got 4",
            ),
            (
                "conv-6_group-norm-0_relu",
                "the number of groups must be a divisor of every width, got 0",
            ),
            ("linear-6_group-norm-6_relu", "the number of groups must be less than every width"),
            ("linear-6_instance-norm_relu", "the norm must be one that has several values"),
            ("conv-6_ghost-batch-norm-0_relu", "the images of a ghost batch must be at least 1"),
            ("linear-6_ghost-batch-norm-1_relu", "the images of a ghost batch must be at least 1"),
            ("linear_relu_dropout-1", "the probability of dropout must be at least 0 and below 1"),
            ("linear_relu_init-0", "the initial scale must be finite and above 0, got 0"),
            ("linear_relu_init--2", "the initial scale must be finite and above 0, got -2"),
            ("linear_relu_init-inf", "the initial scale must be finite and above 0, got inf"),
        ] {
            let config: NetworkConfig = text.parse().unwrap();
            let message = config.build::<f32>(image, 10, 0).unwrap_err().to_string();
            assert!(message.starts_with(fault), "{message}");
        }
    }
}
