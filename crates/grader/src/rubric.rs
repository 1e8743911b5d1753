//! Rubrics: which checks are worth how many points, from a TOML file.

mod definition;
mod error;
mod marks;
mod pattern;
mod points;

pub use definition::{Award, Entry, Rubric};
pub use error::RubricError;
pub use marks::{EntryMarks, Marks};
pub use pattern::Pattern;
pub use points::Points;
