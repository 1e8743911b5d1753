//! Gradescope's `results.json`, as its "Autograder Specifications" tell it:
//! <https://gradescope-autograders.readthedocs.io/en/latest/specs/>.

use serde::Serialize;

use crate::export::{ExportError, diagnosis, for_student};
use crate::rubric::EntryMarks;
use crate::verdict::{Report, Verdict};

/// Failures told of one entry; the others are counted.
const MOST_TOLD: usize = 3;

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

/// The report as Gradescope's `results.json`: a test for each entry of the rubric by which it was
/// marked, the hidden ones for teachers alone. `seconds` is how long grading took.
///
/// # Errors
///
/// [`ExportError::Unmarked`], [`ExportError::Json`].
pub fn gradescope(report: &Report, seconds: Option<f64>) -> Result<String, ExportError> {
    let marks = report.marks.as_ref().ok_or(ExportError::Unmarked)?;
    let mut output = diagnosis::lines(&report.diagnosis);
    if output.is_empty() {
        let all = if report.all_passed() { "All checks passed." } else { "Some checks failed." };
        output.push(all.to_owned());
    }
    let results = Results {
        score: marks.scored.to_f64(),
        execution_time: seconds,
        output: output.join("\n"),
        output_format: "text",
        visibility: "visible",
        // What a submission prints is its own, and may be anything.
        stdout_visibility: "hidden",
        tests: marks.entries.iter().map(|entry| test(report, entry)).collect(),
    };
    Ok(serde_json::to_string_pretty(&results)? + "\n")
}

fn test(report: &Report, entry: &EntryMarks) -> Test {
    let passed = entry.asked > 0 && entry.passed == entry.asked;
    Test {
        score: entry.scored.to_f64(),
        max_score: entry.out_of.to_f64(),
        status: if passed { "passed" } else { "failed" },
        name: entry.title.clone(),
        output: told(report, entry),
        output_format: "text",
        visibility: if entry.hidden { "hidden" } else { "visible" },
    }
}

/// How many checks passed, and what is wrong with the first that did not. A check that another
/// entry hides is told in none that students see.
fn told(report: &Report, entry: &EntryMarks) -> String {
    if entry.asked == 0 {
        return "Not asked: the submission does not answer these.".to_owned();
    }
    let mut lines = vec![format!("{} of {} checks passed.", entry.passed, entry.asked)];
    let verdicts = entry.places.iter().filter_map(|&place| report.verdict(place));
    let is_told = |verdict: &&Verdict| !verdict.is_well() && (entry.hidden || !verdict.hidden);
    let failed: Vec<&Verdict> = verdicts.filter(is_told).collect();
    for verdict in failed.iter().take(MOST_TOLD) {
        lines.push(String::new());
        lines.push(for_student::name(verdict));
        lines.extend(for_student::message(verdict));
    }
    if failed.len() > MOST_TOLD {
        lines.push(String::new());
        lines.push(format!("{} more failed.", failed.len() - MOST_TOLD));
    }
    lines.join("\n")
}
