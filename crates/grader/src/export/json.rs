use isolation::InForce;
use serde::Serialize;

use crate::diagnosis::Diagnosis;
use crate::export::ExportError;
use crate::rubric::Marks;
use crate::verdict::{NotAsked, Report, SuiteName, Verdict};

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
    verdicts: &'a [Verdict],
}

/// The report as JSON, indented. Values that are infinite or NaN are strings.
///
/// # Errors
///
/// [`ExportError::Json`].
pub fn json(report: &Report) -> Result<String, ExportError> {
    let shown = report.shown();
    let suites = shown.suites.iter().map(|suite| JsonSuite {
        name: suite.name,
        passed: suite.passed(),
        total: suite.verdicts.len(),
        not_asked: &suite.not_asked,
        verdicts: &suite.verdicts,
    });
    let report = JsonReport {
        target: &report.target,
        all_passed: report.all_passed(),
        suites: suites.collect(),
        diagnosis: &report.diagnosis,
        isolation: report.isolation.as_ref(),
        marks: shown.marks.as_ref(),
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
