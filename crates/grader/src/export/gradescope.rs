//! Gradescope's `results.json`, as its "Autograder Specifications" tell it:
//! <https://gradescope-autograders.readthedocs.io/en/latest/specs/>.

use serde::Serialize;

use crate::export::format::{ExportError, OutputFormat};
use crate::export::{diagnosis, for_student};
use crate::grading::Grading;
use crate::rubric::{EntryMarks, Marks};
use crate::verdict::Verdict;

/// Gradescope's results.
pub(super) const GRADESCOPE: OutputFormat = OutputFormat {
    name: "gradescope",
    summary: "Gradescope's results.json, with marks",
    extension: "gradescope.json",
    needs_marks: true,
    write: gradescope,
    ungraded: Some(ungraded),
};

/// Failures told of one entry; the others are counted.
const TOLD_FAILURES: usize = 3;

#[derive(Serialize)]
struct Results {
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_time: Option<f64>,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
    stdout_visibility: &'static str,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    score: f64,
    max_score: f64,
    status: &'static str,
    name: String,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
}

/// The grading as Gradescope's `results.json`: a test for each entry of the rubric by which it was
/// marked, the hidden ones for teachers alone.
fn gradescope(grading: &Grading) -> Result<String, ExportError> {
    let marks = grading.marks.as_ref().ok_or(ExportError::Unmarked)?;
    let something_failed = !grading.report.all_passed();
    let mut output = diagnosis::lines(&grading.shown(), something_failed);
    if output.is_empty() {
        output.push("All checks passed.".to_owned());
    }
    let results = Results {
        score: marks.scored.to_f64(),
        execution_time: grading.seconds,
        output: output.join("\n"),
        output_format: "text",
        visibility: "visible",
        // What a submission prints is its own, and may be anything.
        stdout_visibility: "hidden",
        tests: marks.entries.iter().map(|entry| test(grading, marks, entry)).collect(),
    };
    Ok(serde_json::to_string_pretty(&results)? + "\n")
}

/// A submission without marks: no test is asked, and the reason is shown.
fn ungraded(reason: &str) -> Result<String, ExportError> {
    let results = Results {
        score: 0.0,
        execution_time: None,
        output: format!("This submission could not be graded: {reason}."),
        output_format: "text",
        visibility: "visible",
        stdout_visibility: "hidden",
        tests: Vec::new(),
    };
    Ok(serde_json::to_string_pretty(&results)? + "\n")
}

fn test(grading: &Grading, marks: &Marks, entry: &EntryMarks) -> Test {
    let passed = entry.asked > 0 && entry.passed == entry.asked;
    Test {
        score: entry.scored.to_f64(),
        max_score: entry.out_of.to_f64(),
        status: if passed { "passed" } else { "failed" },
        name: entry.title.clone(),
        output: told(grading, marks, entry),
        output_format: "text",
        visibility: if entry.hidden { "hidden" } else { "visible" },
    }
}

/// How many checks passed, and what is wrong with the first that did not. A check that another
/// entry hides is told in none that students see.
fn told(grading: &Grading, marks: &Marks, entry: &EntryMarks) -> String {
    if entry.asked == 0 {
        return "Not asked: the submission does not answer these.".to_owned();
    }
    let mut lines = vec![format!("{} of {} checks passed.", entry.passed, entry.asked)];
    let suites = &grading.report.suites;
    let is_told = |place: &&(usize, usize)| entry.hidden || !marks.hides(**place);
    let told = entry.places.iter().filter(is_told);
    let verdicts = told.filter_map(|&(suite, nth)| suites.get(suite)?.verdicts.get(nth));
    let failed: Vec<&Verdict> = verdicts.filter(|verdict| !verdict.is_well()).collect();
    for verdict in failed.iter().take(TOLD_FAILURES) {
        lines.push(String::new());
        lines.push(for_student::name(verdict));
        lines.extend(for_student::message(verdict));
    }
    if failed.len() > TOLD_FAILURES {
        lines.push(String::new());
        lines.push(format!("{} more failed.", failed.len() - TOLD_FAILURES));
    }
    lines.join("\n")
}
