//! A study as its file says it, before it is known how many images there are.
//!
//! The file is TOML: `title` and `question`, then `[compare]` with the axes that make the arms,
//! `[fixed]` with axes of one value, `[repeat]` and `[report]`. Everything that is left out is the
//! notebook's. [`read()`] reads it.

mod axis_values;
mod contents;
mod left_out;
mod places;
mod read;
mod section;
mod unquoted;
mod write;

pub use axis_values::AxisValues;
pub(crate) use contents::GivenArm;
pub use contents::{Family, Paper, PrimaryOutcome, ReportPlan, StudyFile};
pub use left_out::LeftOut;
pub use read::read;
pub(crate) use write::write;
