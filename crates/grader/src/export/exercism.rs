//! Exercism's results of version 3, as its "Test Runner Interface" tells it:
//! <https://exercism.org/docs/building/tooling/test-runners/interface>.

use serde::Serialize;

use crate::export::format::{ExportError, OutputFormat};
use crate::export::{diagnosis, for_student};
use crate::grading::Grading;
use crate::verdict::{CheckOutcome, Verdict};

/// Exercism's results.
pub(super) const EXERCISM: OutputFormat = OutputFormat {
    name: "exercism",
    summary: "Exercism's results.json, version 3",
    extension: "exercism.json",
    needs_marks: false,
    write: exercism,
    ungraded: Some(ungraded),
};

/// The longest message that is shown, in bytes.
const LONGEST: usize = 65_535;

#[derive(Serialize)]
struct Results {
    version: u8,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The command that asks this alone: the test's code, as far as it has any.
    test_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pass,
    Fail,
    Error,
}

/// The grading as Exercism's `results.json`, a test for each check, in order. The forward pass is
/// task 1 and the backward pass task 2, as in the exercise; checks of both have no task. Hidden
/// checks are left out, but without them nothing passes as a whole. The first test that failed has
/// the diagnosis in its message, since students are shown no other.
fn exercism(grading: &Grading) -> Result<String, ExportError> {
    let (report, shown) = (&grading.report, grading.shown());
    let verdicts = || shown.report.verdicts();
    let mut tests: Vec<Test> = verdicts().map(|verdict| test(verdict, grading)).collect();
    let diagnosis = diagnosis::lines(&shown, !report.all_passed());
    let failed = tests.iter_mut().find(|test| test.status == Status::Fail);
    if let Some(message) = failed.and_then(|test| test.message.as_mut())
        && !diagnosis.is_empty()
    {
        *message = cut(format!("{message}\n\n{}", diagnosis.join("\n")));
    }
    let is_without_answers = tests.iter().all(|test| test.status == Status::Error);
    let (status, message) = if report.all_passed() {
        (Status::Pass, None)
    } else if is_without_answers {
        let first = verdicts().find_map(for_student::message);
        let hidden = report.verdicts().next().is_some();
        let otherwise =
            if hidden { "Hidden checks failed." } else { "Nothing was asked that is answered." };
        (Status::Error, Some(cut(first.unwrap_or_else(|| otherwise.to_owned()))))
    } else {
        (Status::Fail, None)
    };
    let results = Results { version: 3, status, message, tests };
    Ok(serde_json::to_string_pretty(&results)? + "\n")
}

fn ungraded(reason: &str) -> Result<String, ExportError> {
    let message = Some(cut(format!("This submission could not be graded: {reason}.")));
    let results = Results { version: 3, status: Status::Error, message, tests: Vec::new() };
    Ok(serde_json::to_string_pretty(&results)? + "\n")
}

fn test(verdict: &Verdict, grading: &Grading) -> Test {
    let status = match verdict.outcome {
        CheckOutcome::Passed | CheckOutcome::Noted { .. } => Status::Pass,
        CheckOutcome::Failed { .. } => Status::Fail,
        CheckOutcome::Raised { .. } => Status::Error,
    };
    Test {
        name: for_student::name(verdict),
        status,
        message: for_student::message(verdict).map(cut),
        test_code: grading.rerun(verdict),
        task_id: task(&verdict.check),
    }
}

/// The task that a check is of, if it is of one alone.
pub(super) fn task(check: &str) -> Option<u8> {
    match check {
        "out" | "running_mean" | "running_var" => Some(1),
        "dx" | "dgamma" | "dbeta" => Some(2),
        name if name.starts_with("SpatialBatchnormForward") => Some(1),
        name if name.starts_with("SpatialBatchnormBackward") => Some(2),
        _ => None,
    }
}

fn cut(mut message: String) -> String {
    let at = (0..=LONGEST.min(message.len())).rev().find(|&at| message.is_char_boundary(at));
    message.truncate(at.unwrap_or(0));
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_between_letters() {
        assert_eq!(cut("short".to_owned()), "short");
        assert_eq!(cut("a".repeat(70_000)).len(), LONGEST);
        assert_eq!(cut("€".repeat(30_000)).len(), LONGEST);
        assert_eq!(cut(format!("a{}", "€".repeat(30_000))).len(), LONGEST - 2);
    }
}
