//! JSON, for programs.

use isolation::InForce;
use serde::Serialize;

use crate::diagnosis::Diagnosis;
use crate::export::format::{ExportError, OutputFormat};
use crate::grading::Grading;
use crate::report::{NotAsked, SuiteName};
use crate::rubric::Marks;
use crate::verdict::Verdict;

/// JSON.
pub(super) const JSON: OutputFormat = OutputFormat {
    name: "json",
    summary: "For programs",
    extension: "json",
    needs_marks: false,
    write: json,
    ungraded: None,
};

#[derive(Serialize)]
struct JsonReport<'a> {
    target: &'a str,
    all_passed: bool,
    suites: Vec<JsonSuite<'a>>,
    diagnosis: &'a Diagnosis,
    #[serde(skip_serializing_if = "Option::is_none")]
    isolation: Option<&'a InForce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marks: Option<&'a Marks>,
}

#[derive(Serialize)]
struct JsonSuite<'a> {
    name: SuiteName,
    passed: usize,
    total: usize,
    not_asked: &'a [NotAsked],
    verdicts: Vec<JsonVerdict<'a>>,
}

#[derive(Serialize)]
struct JsonVerdict<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    rerun: String,
}

/// The grading as JSON, indented. Values that are infinite or NaN are strings.
fn json(grading: &Grading) -> Result<String, ExportError> {
    let shown = grading.shown();
    let verdict = |verdict| JsonVerdict { verdict, rerun: shown.rerun(verdict) };
    let suites = shown.report.suites.iter().map(|suite| JsonSuite {
        name: suite.name,
        passed: suite.passed(),
        total: suite.verdicts.len(),
        not_asked: &suite.not_asked,
        verdicts: suite.verdicts.iter().map(verdict).collect(),
    });
    let report = JsonReport {
        target: &grading.report.target,
        all_passed: grading.report.all_passed(),
        suites: suites.collect(),
        diagnosis: &grading.diagnosis,
        isolation: grading.isolation.as_ref(),
        marks: shown.marks.as_ref(),
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
