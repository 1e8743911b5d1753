//! A study: which runs it has, their training, their tables, and what these say.
//!
//! The way through: a [`study_file::StudyFile`] with a data set is a [`config::StudyConfig`], which has
//! the [`arm::Arm`]s that the [`axis`]es span; [`cell::cells`] gives each arm with each seed an identity
//! and a folder in the [`store::Store`]; [`experiment::Experiment`] has the missing ones trained by
//! [`training`], and tests them; [`collect::collect`] makes the [`tables::Study`] of it;
//! [`analysis::Analysis`] is computed from the tables once, and the [`figures`] and the [`report`] read
//! from it.
//!
//! The crate prints nothing, reads no arguments and chooses no exit code. It builds no network and calls no
//! generic kernel, which would be compiled here: `trainer` does both.

pub mod analysis;
pub mod arm;
pub mod audit;
pub mod axis;
mod catch_up;
pub mod cell;
pub mod collect;
pub mod config;
pub mod discussion;
mod divergence;
pub mod error;
pub mod experiment;
pub mod figure_name;
pub mod figures;
pub mod folder;
pub mod folder_name;
pub mod found;
pub mod images;
#[cfg(test)]
mod made_up;
pub mod memory;
pub mod published;
pub mod rate_scaling;
pub mod report;
pub mod reproduction;
pub mod ro_crate;
pub mod seeds;
mod sha256;
pub mod shipped;
pub mod side_by_side;
pub mod source;
pub mod store;
pub mod stored;
pub mod study_file;
pub mod tables;
mod tensorboard;
mod text;
pub mod training;
