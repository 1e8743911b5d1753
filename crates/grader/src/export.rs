//! Transcripts of a grading: one output format per file. Each gives the whole text; none prints.

mod diagnosis;
mod exceptions;
mod exercism;
mod first_failure;
mod for_student;
mod format;
mod gradescope;
mod json;
mod junit;
mod mistakes;
pub(crate) mod next_step;
mod progress;
mod text;

pub use first_failure::first_failure;
pub use format::{ExportError, OutputFormat};
pub use mistakes::list_of_mistakes;
pub use progress::{FirstFailure, Progress, TaskProgress};
pub use text::{Detail, TEXT, text};

/// All output formats. The first is the default.
pub const FORMATS: [&OutputFormat; 5] =
    [&TEXT, &json::JSON, &junit::JUNIT, &gradescope::GRADESCOPE, &exercism::EXERCISM];

/// The output format of this name.
pub fn format(name: &str) -> Option<&'static OutputFormat> {
    FORMATS.into_iter().find(|format| format.name == name)
}
