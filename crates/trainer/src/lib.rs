//! Networks, optimisers, data sets and the training loop, on top of the [`kernels`].
//!
//! The way through: [`dataset`] gives images and a [`dataset::Split`]; a [`network::NetworkConfig`]
//! builds a [`network::Network`] from a seed; an [`optimizer::Optimizer`] holds what a step needs of
//! its trained parameters; [`fit()`] trains it and hands each [`Moment`] to the caller. [`run`] does all of that
//! in a folder, with logs and checkpoints, and continues after a stop; [`evaluation`] says how well a
//! trained network does, and [`weights`] are exchanged with PyTorch.
//!
//! The same configuration gives the same bits on any machine: computation is the kernels', whose
//! order of operations is fixed, and randomness comes from [`random_stream`], with a stream of its own
//! for each seed, purpose and epoch. A run uses one thread; running several side by side is the
//! caller's business. The crate prints nothing and reads no clock.

pub mod checkpoint;
pub mod dataset;
mod error;
pub mod evaluation;
pub mod fingerprint;
pub mod fit;
pub mod landscape;
pub mod log;
pub mod network;
pub mod numerics;
pub mod observation;
mod observe;
pub mod optimizer;
pub mod random_stream;
pub mod run;
mod seeds;
mod short_training;
mod tensor;
mod trained_parameters;
mod trains;
pub mod weights;

pub use error::{IdxError, Mismatch, TrainError, WeightsError};
pub use fit::{FitConfig, Measurement, Moment, Phase, fit};
pub use observe::{Observable, Observe};
pub use seeds::Seeds;
pub use short_training::ShortTraining;
pub use trained_parameters::{TrainedParameters, TrainedValues};
pub use trains::Trains;
