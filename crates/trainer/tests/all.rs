//! All tests of the trainer from outside but those that count memory: one program, which is linked once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, too, fail by panicking")]

mod computed_together;
mod evaluation;
mod landscape;
mod networks;
mod observation;
mod optimizers;
mod pytorch;

mod run;
mod tensorboard;
mod training;
mod training_fixtures;
mod trajectories;
mod weights;
