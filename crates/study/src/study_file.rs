//! A study as its file says it, before it is known how many images there are.
//!
//! The file is TOML: `title` and `question`, then `[compare]` with the axes that make the arms,
//! `[fixed]` with axes of one value, `[repeat]` and `[report]`. Everything that is left out is the
//! notebook's. [`read()`] reads it.

mod contents;
mod places;
mod read;
mod unquoted;
mod write;

pub use contents::{AxisValues, Family, PrimaryOutcome, ReportPlan, StudyFile};
pub use read::read;
pub(crate) use write::write;
