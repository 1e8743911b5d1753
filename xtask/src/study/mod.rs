//! A study: a grid of runs, its tables, and what they say.

#[cfg(test)]
pub mod made_up;
pub mod published;
pub mod statistics;
pub mod tables;
