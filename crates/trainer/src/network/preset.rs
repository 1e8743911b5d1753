//! The networks that have a name. A network is added by one more entry of this list.

use std::borrow::Cow;

use super::config::{DropoutPlace, NetworkConfig, NetworkKind};
use super::layer::Activation;
use super::norm::Norm;

/// The colours of Okabe and Ito, "Color Universal Design", 2002, <https://jfly.uni-koeln.de/color/>,
/// which people with any colour blindness can tell apart: red, green and blue of each.
#[allow(missing_docs, reason = "the names are those of the source")]
pub mod okabe_ito {
    pub const ORANGE: [u8; 3] = [230, 159, 0];
    pub const SKY_BLUE: [u8; 3] = [86, 180, 233];
    pub const BLUISH_GREEN: [u8; 3] = [0, 158, 115];
    pub const BLUE: [u8; 3] = [0, 114, 178];
    pub const VERMILLION: [u8; 3] = [213, 94, 0];
    pub const REDDISH_PURPLE: [u8; 3] = [204, 121, 167];
    pub const BLACK: [u8; 3] = [0, 0, 0];
}

/// A network with a name, and everything that follows from which one it is.
#[derive(Debug, PartialEq)]
pub struct Preset {
    /// The name in texts and figures, such as `SimpleNetwork`.
    pub name: &'static str,
    /// The name of its folder of results, and in files.
    pub folder: &'static str,
    /// The name on the command line.
    pub argument: &'static str,
    /// What the command line's help says of it.
    pub help: &'static str,
    /// The network itself.
    pub config: NetworkConfig,
    /// Red, green and blue of its colour in figures.
    pub color: [u8; 3],
    /// The network that this one is compared with: the same without its norm.
    pub without_norm: Option<&'static Self>,
}

macro_rules! presets {
    ($($(#[$doc:meta])* $preset:ident: { $($entry:tt)* })*) => {
        $($(#[$doc])* pub static $preset: Preset = Preset { $($entry)* };)*

        static ALL: &[&Preset] = &[$(&$preset),*];
    };
}

impl Preset {
    /// Every network with a name: the notebook's pair, then those of the lesson before.
    pub fn all() -> &'static [&'static Self] {
        ALL
    }
}

const CONVOLUTIONAL: NetworkKind = NetworkKind::Convolutional { widths: Cow::Borrowed(&[16, 32]) };
const FULLY_CONNECTED: NetworkKind = NetworkKind::FullyConnected { hidden: Cow::Borrowed(&[200]) };

const fn relu_network(kind: NetworkKind, norm: Norm, dropout: Option<f64>) -> NetworkConfig {
    let dropout_place = DropoutPlace::AfterActivation;
    let activation = Activation::Relu;
    NetworkConfig { kind, norm, activation, dropout, dropout_place, initial_scale: 1.0 }
}

presets! {
    /// Two convolutions with ReLU and max pooling, and a linear head: 4,800 parameters in `model`
    /// for one input channel, and 15,690 in `fc` for 28 × 28 pixels and ten classes.
    SIMPLE_NETWORK: {
        name: "SimpleNetwork",
        folder: "simple_network",
        argument: "simple",
        help: "Two convolutions and a linear head",
        config: relu_network(CONVOLUTIONAL, Norm::None, None),
        color: okabe_ito::VERMILLION,
        without_norm: None,
    }

    /// `SimpleNetwork` with spatial batch norm after each convolution: 4,896 parameters in `model`.
    SPATIAL_BATCH_NORM_NETWORK: {
        name: "SpatialBatchNormNetwork",
        folder: "spatial_batch_norm_network",
        argument: "spatial-batch-norm",
        help: "The same with spatial batch norm after each convolution",
        config: relu_network(CONVOLUTIONAL, Norm::BatchNorm, None),
        color: okabe_ito::BLUE,
        without_norm: Some(&SIMPLE_NETWORK),
    }

    /// Linear to 200, ReLU, linear to the classes: 159,010 parameters for 28 × 28 pixels and ten
    /// classes. The lesson before the notebook calls it `SimpleNetwork`, as the notebook calls its
    /// own.
    FULLY_CONNECTED_NETWORK: {
        name: "FullyConnectedNetwork",
        folder: "fully_connected_network",
        argument: "fully-connected",
        help: "Two linear layers, of the lesson before",
        config: relu_network(FULLY_CONNECTED, Norm::None, None),
        color: okabe_ito::ORANGE,
        without_norm: None,
    }

    /// `FullyConnectedNetwork` with batch norm before the ReLU: 400 parameters more.
    BATCH_NORM_NETWORK: {
        name: "BatchNormNetwork",
        folder: "batch_norm_network",
        argument: "batch-norm",
        help: "The same with batch norm between them",
        config: relu_network(FULLY_CONNECTED, Norm::BatchNorm, None),
        color: okabe_ito::SKY_BLUE,
        without_norm: Some(&FULLY_CONNECTED_NETWORK),
    }

    /// `BatchNormNetwork` with dropout after the ReLU, p = 0.2.
    DROPOUT_NETWORK: {
        name: "DropoutNetwork",
        folder: "dropout_network",
        argument: "dropout",
        help: "The same with batch norm and dropout between them",
        config: relu_network(FULLY_CONNECTED, Norm::BatchNorm, Some(0.2)),
        color: okabe_ito::BLUISH_GREEN,
        without_norm: None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_presets_share_a_name_a_color_or_a_network() {
        let count = |of: fn(&Preset) -> String| {
            ALL.iter().map(|preset| of(preset)).collect::<BTreeSet<_>>().len()
        };
        let shown: [fn(&Preset) -> String; 5] = [
            |preset| preset.name.to_owned(),
            |preset| preset.folder.to_owned(),
            |preset| preset.argument.to_owned(),
            |preset| format!("{:?}", preset.color),
            |preset| format!("{:?}", preset.config),
        ];
        assert_eq!(shown.map(count), [ALL.len(); 5]);
    }

    #[test]
    fn a_partner_is_the_same_network_without_norm() {
        for preset in ALL {
            if let Some(partner) = preset.without_norm {
                let expected = NetworkConfig { norm: Norm::None, ..preset.config.clone() };
                assert_eq!(partner.config, expected, "{}", preset.name);
            }
        }
    }
}
