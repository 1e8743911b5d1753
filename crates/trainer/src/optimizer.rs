//! Optimisers: how a step moves the parameters.

mod adam;

pub use adam::{Adam, AdamConfig, Moments};
