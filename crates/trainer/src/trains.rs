//! What of a network is trained.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use kernels::Real;

use crate::TrainError;
use crate::network::Network;
use crate::random_stream::{Purpose, Stream};
use crate::trained_parameters::{TrainedParameters, TrainedValues};

macro_rules! choices {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $label:literal, needs $needed:literal;)*) => {
        /// What of a network is trained. The rest keeps its initial values, but for running
        /// statistics, which every training moves.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Trains {
            $($(#[$doc])* $variant,)*
        }

        impl Trains {
            /// All of them.
            pub fn all_values() -> &'static [Self] {
                &[$(Self::$variant),*]
            }

            /// The name in files and arguments.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// In words.
            fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)*
                }
            }

            /// The layers that a network needs, if anything of it is to be trained.
            fn needed(self) -> &'static str {
                match self {
                    $(Self::$variant => $needed,)*
                }
            }
        }
    };
}

choices! {
    /// Only the stack `model`; the linear head `fc` keeps its initial weights.
    ///
    /// The notebook's optimiser is never given the head: only a frozen head reproduces its figures.
    /// Of a network without a head of its own
    /// ([`crate::network::NetworkConfig::has_linear_head`]) this is everything.
    HeadFrozen = "head-frozen", "head frozen", needs "a layer with weights before its head";
    /// Everything.
    All = "all", "all trained", needs "a layer with weights";
    /// Only γ and β of the norms.
    NormOnly = "norm-only", "only γ and β trained", needs "a norm with γ and β";
    /// Everything but γ and β of the norms.
    AllButNorm = "all-but-norm", "all but γ and β trained", needs "a layer with weights besides its norms";
    /// Only the linear head.
    HeadOnly = "head-only", "only the head trained", needs "a linear head";
    /// γ and β of the norms, and the linear head.
    NormAndHead = "norm-and-head", "γ, β and the head trained", needs "a norm with γ and β, and a linear head";
    /// As many single weights as the norms have γ and β: two of each channel that a norm normalises, drawn
    /// by the seed of the weights from those that make the channel in the layer before the norm. A channel
    /// made by a single weight has that one.
    ///
    /// Frankle, Schwab and Morcos, "Training BatchNorm and Only BatchNorm", 2021, compare γ and β with an
    /// equal number of random parameters elsewhere in the network. Here they are spread over the layers as
    /// γ and β are: else most would be in the head. Biases are left out, since batch norm takes away what
    /// they add.
    Random = "random", "two random weights per channel trained", needs "a norm behind a layer with weights";
}

impl Display for Trains {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(self.label())
    }
}

impl Trains {
    /// What is trained of the parameters of `network`, whose initial weights are of this seed.
    ///
    /// # Errors
    ///
    /// [`TrainError::NothingTrains`] for a network that has not what is to be trained.
    pub fn parameters<F: Real>(
        self,
        network: &Network<F>,
        seed: u64,
    ) -> Result<TrainedParameters, TrainError> {
        let norms: BTreeSet<&str> = network.norms().map(|(name, _)| name).collect();
        let is_of_norm =
            |name: &str| name.rsplit_once('.').is_some_and(|(layer, _)| norms.contains(layer));
        let is_of_head = |name: &str| !name.starts_with("model.");
        let names = || network.parameters().into_iter().map(|(name, _)| name);
        let whole = |is_trained: &dyn Fn(&str) -> bool| {
            let trained = names().filter(|name| is_trained(name));
            TrainedParameters::new(trained.map(|name| (name, TrainedValues::All)))
        };
        let trained = match self {
            Self::HeadFrozen => whole(&|name| !is_of_head(name)),
            Self::All => whole(&|_| true),
            Self::NormOnly => whole(&is_of_norm),
            Self::AllButNorm => whole(&|name| !is_of_norm(name)),
            Self::HeadOnly => whole(&is_of_head),
            Self::NormAndHead => {
                let has_both = !norms.is_empty() && names().any(|name| is_of_head(&name));
                whole(&|name| has_both && (is_of_norm(name) || is_of_head(name)))
            }
            Self::Random => random_weights(network, seed),
        };
        if trained.is_empty() {
            return Err(TrainError::NothingTrains { trains: self.name(), needed: self.needed() });
        }
        Ok(trained)
    }
}

/// The weights of [`Trains::Random`].
fn random_weights<F: Real>(network: &Network<F>, seed: u64) -> TrainedParameters {
    let parameters = network.parameters();
    let ordinal = |layer: &str| network.norms().position(|(name, _)| name == layer);
    let weights = parameters
        .iter()
        .filter_map(|(name, array)| Some((name, name.strip_suffix(".weight")?, array.shape())));
    let mut trained = Vec::new();
    // The parameter before the norm, its channels, and the weights of each.
    let mut before: Option<(&String, usize, usize)> = None;
    for (name, layer, shape) in weights {
        match (ordinal(layer), before) {
            (None, _) => {
                before = shape
                    .split_first()
                    .map(|(&channels, rest)| (name, channels, rest.iter().product()));
            }
            (Some(norm), Some((name, channels, of_channel))) => {
                let mut stream = Stream::new(seed, Purpose::TrainedWeights, norm as u64);
                let places = (0..channels).flat_map(|channel| {
                    two_of(of_channel, &mut stream).map(move |place| channel * of_channel + place)
                });
                trained.push((name.clone(), TrainedValues::At(places.collect())));
            }
            (Some(_), None) => {}
        }
    }
    TrainedParameters::new(trained.into_iter())
}

/// Two different numbers below `count` in ascending order, every pair equally likely; fewer where there
/// are not two.
fn two_of(count: usize, stream: &mut Stream) -> impl Iterator<Item = usize> + use<> {
    let first = stream.below(count as u64) as usize;
    let second = stream.below(count.saturating_sub(1) as u64) as usize;
    let second = if second < first { second } else { second + 1 };
    let both = [first.min(second), first.max(second)];
    both.into_iter().filter(move |place| *place < count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::ImageSize;
    use crate::network::{NetworkConfig, preset};

    const IMAGE: ImageSize = ImageSize { channels: 1, height: 8, width: 8 };

    fn trained(trains: Trains, config: &NetworkConfig) -> Result<Vec<String>, TrainError> {
        let network = config.build::<f32>(IMAGE, 3, 0).unwrap();
        let trained = trains.parameters(&network, 0)?;
        Ok(trained.names().map(str::to_owned).collect())
    }

    #[test]
    fn the_parameters_of_a_norm_are_told_by_its_layer() {
        let spatial = |trains| trained(trains, &preset::SPATIAL_BATCH_NORM_NETWORK.config).unwrap();
        let of = |layers: &[&str]| -> Vec<String> {
            let both = |layer: &&str| [format!("{layer}.bias"), format!("{layer}.weight")];
            layers.iter().flat_map(both).collect()
        };
        assert_eq!(spatial(Trains::NormOnly), of(&["model.1", "model.5"]));
        assert_eq!(spatial(Trains::AllButNorm), of(&["fc", "model.0", "model.4"]));
        assert_eq!(spatial(Trains::All), of(&["fc", "model.0", "model.1", "model.4", "model.5"]));
        let frozen = of(&["model.0", "model.1", "model.4", "model.5"]);
        assert_eq!(spatial(Trains::HeadFrozen), frozen);
        assert_eq!(spatial(Trains::HeadOnly), of(&["fc"]));
        assert_eq!(spatial(Trains::NormAndHead), of(&["fc", "model.1", "model.5"]));
        assert_eq!(spatial(Trains::Random), ["model.0.weight", "model.4.weight"]);
        // Here the same place in the stack has a linear layer.
        let rows = |trains| trained(trains, &preset::BATCH_NORM_NETWORK.config).unwrap();
        assert_eq!(rows(Trains::NormOnly), of(&["model.1"]));
        assert_eq!(rows(Trains::AllButNorm), of(&["model.0", "model.3"]));
        assert_eq!(rows(Trains::Random), ["model.0.weight"]);
    }

    /// Of images with one channel, 8 × 8, the first norm has 16 channels of 9 weights each and the second 32
    /// of 16 · 9; the head, 32 · 2 · 2 to 3, has 387 values.
    #[test]
    fn as_many_values_are_trained_as_a_calculation_by_hand_gives() {
        let network = preset::SPATIAL_BATCH_NORM_NETWORK.config.build::<f32>(IMAGE, 3, 0).unwrap();
        let counts = [
            (Trains::HeadFrozen, 160 + 32 + 4_640 + 64),
            (Trains::All, 160 + 32 + 4_640 + 64 + 387),
            (Trains::NormOnly, 32 + 64),
            (Trains::AllButNorm, 160 + 4_640 + 387),
            (Trains::HeadOnly, 387),
            (Trains::NormAndHead, 32 + 64 + 387),
            (Trains::Random, 32 + 64),
        ];
        assert_eq!(counts.map(|(trains, _)| trains), Trains::all_values());
        for (trains, expected) in counts {
            let trained = trains.parameters(&network, 0).unwrap();
            let found = network.parameters().into_iter();
            let found: usize = found.map(|(name, array)| trained.count(&name, array.len())).sum();
            assert_eq!(found, expected, "{trains}");
        }
    }

    #[test]
    fn two_random_weights_of_each_channel_follow_from_the_seed() {
        let config = &preset::SPATIAL_BATCH_NORM_NETWORK.config;
        let network = config.build::<f32>(IMAGE, 3, 0).unwrap();
        let places = |seed| {
            let trained = Trains::Random.parameters(&network, seed).unwrap();
            ["model.0.weight", "model.4.weight"].map(|name| match trained.values(name) {
                Some(TrainedValues::At(places)) => places.clone(),
                other => panic!("{name}: {other:?}"),
            })
        };
        let mut seen = [BTreeSet::new(), BTreeSet::new()];
        for seed in 0..100 {
            let found = places(seed);
            assert_eq!(found, places(seed));
            for ((places, of_channel), seen) in found.iter().zip([9, 16 * 9]).zip(&mut seen) {
                for (channel, pair) in places.chunks(2).enumerate() {
                    let [first, second] = [pair[0], pair[1]];
                    assert!(first < second, "{places:?}");
                    assert!([first, second].iter().all(|place| place / of_channel == channel));
                    seen.extend(pair.iter().map(|place| place % of_channel));
                }
            }
        }
        // Every place of a channel is drawn for some channel.
        assert_eq!(seen.map(|seen| seen.len()), [9, 16 * 9]);
        assert_ne!(places(0), places(1));
    }

    /// Computed by a ChaCha8 and a draw written in Python.
    #[test]
    fn random_weights_are_pinned() {
        let config = &preset::SPATIAL_BATCH_NORM_NETWORK.config;
        let network = config.build::<f32>(IMAGE, 3, 0).unwrap();
        let trained = Trains::Random.parameters(&network, 7).unwrap();
        for (name, expected) in [
            ("model.0.weight", [3, 6, 11, 12, 19, 21]),
            ("model.4.weight", [11, 100, 189, 245, 384, 418]),
        ] {
            let Some(TrainedValues::At(places)) = trained.values(name) else { panic!("{name}") };
            assert_eq!(places[..6], expected, "{name}");
        }
    }

    #[test]
    fn every_pair_is_equally_likely_and_one_weight_is_taken_once() {
        let mut stream = Stream::new(5, Purpose::TrainedWeights, 0);
        let mut counts = [0_u32; 6];
        for _ in 0..6_000 {
            let pair: Vec<usize> = two_of(4, &mut stream).collect();
            let pairs = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];
            counts[pairs.iter().position(|known| *known == *pair).unwrap()] += 1;
        }
        let off = |count: u32| f64::from(count) - 1000.0;
        let chi_square: f64 = counts.iter().map(|&count| off(count) * off(count) / 1000.0).sum();
        assert!(chi_square < 25.7, "{counts:?}"); // 5 degrees of freedom: p < 1e-4 above
        assert_eq!(two_of(1, &mut stream).collect::<Vec<_>>(), [0]);
        assert_eq!(two_of(0, &mut stream).count(), 0);
    }

    #[test]
    fn a_network_of_which_nothing_would_train_is_refused_with_what_it_lacks() {
        let message = |trains, network: &str| {
            trained(trains, &network.parse().unwrap()).unwrap_err().to_string()
        };
        assert_eq!(
            message(Trains::NormOnly, "simple_network"),
            "norm-only trains nothing of this network, expected a norm with γ and β; choose another \
             network, or train something else of it"
        );
        assert!(message(Trains::NormOnly, "linear_relu").contains("a norm with γ and β"));
        assert!(message(Trains::HeadFrozen, "conv_relu").contains("before its head"));
        assert!(message(Trains::HeadOnly, "linear-9_batch-norm_relu").contains("a linear head"));
        for without in ["simple_network", "linear-9_batch-norm_relu"] {
            assert!(message(Trains::NormAndHead, without).contains("γ and β, and a linear head"));
        }
        assert!(message(Trains::Random, "simple_network").contains("a norm behind a layer"));
        for &trains in Trains::all_values() {
            assert!(trained(trains, &preset::SPATIAL_BATCH_NORM_NETWORK.config).is_ok());
        }
    }
}
