//! Networks, optimisers, data sets and the training loop, on top of the [`kernels`].
//!
//! The way through: [`dataset`] gives images and a [`dataset::Split`]; [`network::Architecture`]
//! builds a [`network::Network`] from a seed; [`optimizer::Adam`] holds the state of its trained
//! parameters; [`fit()`] trains it and hands each [`Measurement`] to the caller, who may write them
//! with [`log::MetricsCsv`].
//!
//! The same configuration gives the same bits on any machine: computation is the kernels', whose
//! order of operations is fixed, and randomness comes from [`random`], with a stream of its own
//! for each seed, purpose and epoch. A run uses one thread; running several side by side is the
//! caller's business. The crate prints nothing and reads no clock.

pub mod dataset;
mod error;
pub mod fit;
pub mod log;
pub mod network;
pub mod optimizer;
pub mod random;

pub use error::TrainError;
pub use fit::{FitConfig, Head, Measurement, Phase, fit};
