//! What of a network is trained.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use kernels::Real;

use crate::TrainError;
use crate::network::Network;

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
    All = "all", "head trained", needs "a layer with weights";
    /// Only γ and β of the norms.
    NormOnly = "norm-only", "only γ and β trained", needs "a norm with γ and β";
    /// Everything but γ and β of the norms.
    AllButNorm = "all-but-norm", "all but γ and β trained", needs "a layer with weights besides its norms";
}

impl Display for Trains {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(self.label())
    }
}

impl Trains {
    /// The names of the parameters of `network` that are trained.
    ///
    /// # Errors
    ///
    /// [`TrainError::NothingTrains`] if there is none.
    pub fn parameters<F: Real>(self, network: &Network<F>) -> Result<BTreeSet<String>, TrainError> {
        let norms: BTreeSet<&str> = network.norms().map(|(name, _)| name).collect();
        let is_of_norm =
            |name: &str| name.rsplit_once('.').is_some_and(|(layer, _)| norms.contains(layer));
        let is_trained = |name: &str| match self {
            Self::HeadFrozen => name.starts_with("model."),
            Self::All => true,
            Self::NormOnly => is_of_norm(name),
            Self::AllButNorm => !is_of_norm(name),
        };
        let names = network.parameters().into_iter().map(|(name, _)| name);
        let trained: BTreeSet<String> = names.filter(|name| is_trained(name)).collect();
        if trained.is_empty() {
            return Err(TrainError::NothingTrains { trains: self.name(), needed: self.needed() });
        }
        Ok(trained)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::ImageSize;
    use crate::network::{NetworkConfig, preset};

    const IMAGE: ImageSize = ImageSize { channels: 1, height: 8, width: 8 };

    fn trained(trains: Trains, config: &NetworkConfig) -> Result<Vec<String>, TrainError> {
        let network = config.build::<f32>(IMAGE, 3, 0).unwrap();
        trains.parameters(&network).map(|names| names.into_iter().collect())
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
        // Here the same place in the stack has a linear layer.
        let rows = |trains| trained(trains, &preset::BATCH_NORM_NETWORK.config).unwrap();
        assert_eq!(rows(Trains::NormOnly), of(&["model.1"]));
        assert_eq!(rows(Trains::AllButNorm), of(&["model.0", "model.3"]));
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
        for &trains in Trains::all_values() {
            assert!(trained(trains, &preset::SPATIAL_BATCH_NORM_NETWORK.config).is_ok());
        }
    }
}
