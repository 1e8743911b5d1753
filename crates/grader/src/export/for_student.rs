//! One verdict in the words for a student, for formats that keep one message per test.

use crate::verdict::{CheckOutcome, Finding, Verdict};

/// What came out, on what input, and a hint; `None` of a check that passed.
pub(super) fn message(verdict: &Verdict) -> Option<String> {
    let mut lines = match &verdict.outcome {
        CheckOutcome::Passed => return None,
        CheckOutcome::Noted { convention, .. } => {
            vec![format!("Passed, with a note: {convention}")]
        }
        CheckOutcome::Raised { message } => vec![format!("Failed due to exception: {message}")],
        CheckOutcome::Failed { findings } => findings.iter().map(Finding::to_string).collect(),
    };
    lines.extend(verdict.input.as_ref().map(|input| format!("Input: {input}")));
    if matches!(verdict.outcome, CheckOutcome::Failed { .. }) {
        lines.extend(verdict.hint.as_ref().map(|hint| format!("Hint: {hint}")));
    }
    Some(lines.join("\n"))
}

/// The case and the check, unless the one names the other.
pub(super) fn name(verdict: &Verdict) -> String {
    if verdict.case.ends_with(&verdict.check) {
        verdict.case.clone()
    } else {
        format!("{}: {}", verdict.case, verdict.check)
    }
}
