//! Transcripts of a report, one format a file. Each gives the whole text; none prints.

mod diagnosis;
mod exercism;
mod first_failure;
mod for_student;
mod gradescope;
mod json;
mod junit;
mod text;

pub use exercism::exercism;
pub use first_failure::first_failure;
pub use gradescope::gradescope;
pub use json::json;
pub use junit::junit;
pub use text::text;

use thiserror::Error;

/// Why a report could not be exported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The JSON writer refused.
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A format of marks, of a report that was not marked.
    #[error("the report has no marks; mark it by a rubric first")]
    Unmarked,
    /// The XML writer refused.
    #[error("the report could not be written as JUnit XML")]
    Junit(#[from] quick_junit::SerializeError),
}
