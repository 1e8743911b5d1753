//! A study: a grid of runs, its tables, and what they say.

pub mod folder;
pub mod grid;
pub mod harvest;
#[cfg(test)]
pub mod made_up;
pub mod published;
pub mod statistics;
pub mod tables;
