//! Networks: layers in order, built from their configuration.

mod activations;
mod architecture;
mod config;
mod gradients;
mod group;
mod initialization;
mod layer;
mod memory;
mod named_layers;
mod norm;
mod passes;
pub mod preset;
pub mod pytorch;
mod quantity;
mod record;
mod summary;
mod tape;
mod text;

pub use activations::ObservedActivation;
pub use architecture::LayerRow;
pub use config::{DropoutPlace, NetworkConfig, NetworkKind};
pub use gradients::Gradients;
pub use initialization::Initializer;
pub use layer::{
    Activation, Backward, BatchNorm, BatchNormInput, Conv2d, Dropout, Flatten, GhostBatchNorm,
    GroupNorm, Layer, LayerArrays, Linear, MaxPool2d, NoisyBatchNorm, NormFacts, Relu, Saved,
    Sigmoid, Tanh,
};
pub use named_layers::Network;
pub use norm::Norm;
pub use preset::Preset;
pub use quantity::ObservedQuantity;
pub use summary::ModelSummary;
pub use tape::Tape;
pub use text::UnknownNetwork;
