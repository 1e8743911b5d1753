//! What an output format is, and why a grading could not be exported.

use std::io;

use thiserror::Error;

use crate::grading::Grading;

/// Writes why a hand-in could not be graded.
pub(super) type WriteUngraded = fn(&str) -> Result<String, ExportError>;

/// A format of transcripts.
#[derive(Debug)]
pub struct OutputFormat {
    /// The name on the command line.
    pub name: &'static str,
    /// What the format is for, in a few words.
    pub summary: &'static str,
    /// What the names of files in this format end in.
    pub extension: &'static str,
    /// Whether only a marked grading can be exported.
    pub needs_marks: bool,
    /// Writes a grading.
    pub(super) write: fn(&Grading) -> Result<String, ExportError>,
    /// Tells why a submission could not be graded, for platforms that wait for an answer.
    pub(super) ungraded: Option<WriteUngraded>,
}

impl OutputFormat {
    /// A grading in this format.
    ///
    /// # Errors
    ///
    /// [`ExportError`].
    pub fn write(&self, grading: &Grading) -> Result<String, ExportError> {
        (self.write)(grading)
    }

    /// In this format, that a submission could not be graded for a reason of its own; none if the format
    /// has no way to say so.
    ///
    /// # Errors
    ///
    /// [`ExportError`].
    pub fn ungraded(&self, reason: &str) -> Result<Option<String>, ExportError> {
        self.ungraded.map(|write| write(reason)).transpose()
    }
}

/// Why a grading could not be exported.
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
    Junit(#[source] io::Error),
}
