//! A study: which runs it has, their training, their tables, and what these say.
//!
//! The way through: a [`config::StudyRequest`] becomes a [`config::StudyConfig`], whose
//! [`axis::Grid`] spans the arms; [`cell::cells`] gives each arm with each seed a run and a folder;
//! [`experiment::Experiment`] trains and tests the runs; [`collect::collect`] makes the
//! [`tables::Study`] of them; [`analysis::Analysis`] is computed from the tables once, and the
//! [`figures`] and the [`report`] read from it.
//!
//! The crate prints nothing, reads no arguments and chooses no exit code.

pub mod analysis;
pub mod axis;
pub mod cell;
pub mod collect;
pub mod config;
pub mod error;
pub mod experiment;
pub mod figures;
pub mod folder;
pub mod folder_name;
#[cfg(test)]
mod made_up;
pub mod memory;
pub mod published;
pub mod report;
pub mod reproduction;
pub mod side_by_side;
pub mod tables;
mod text;
