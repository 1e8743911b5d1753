use std::fmt::Write as _;

use crate::fixture::NOTEBOOK_BACKWARD;
use crate::verdict::{Outcome, Report, Suite, SuiteName, Verdict};

/// The report for a terminal: the notebook's own lines, word for word, and then the rest.
pub fn text(report: &Report) -> String {
    let mut lines = Vec::new();
    for suite in &report.suites {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        match suite.name {
            SuiteName::Notebook => notebook(suite, &mut lines),
            SuiteName::Reference => reference(suite, &mut lines),
        }
    }
    lines.into_iter().fold(String::new(), |mut text, line| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{line}");
        text
    })
}

/// The notebook's lines come first and together; what they leave unsaid follows.
fn notebook(suite: &Suite, lines: &mut Vec<String>) {
    let is_backward = |verdict: &&Verdict| verdict.case == NOTEBOOK_BACKWARD;
    let (backward, forward): (Vec<&Verdict>, Vec<&Verdict>) =
        suite.verdicts.iter().partition(is_backward);
    lines.extend(forward.iter().map(|verdict| one_line(&verdict.check, &verdict.outcome)));
    // The notebook counts its forward tests only, and only when it runs them all.
    if forward.len() > 1 {
        let passed = forward.iter().filter(|verdict| verdict.outcome == Outcome::Passed).count();
        let verdict =
            if passed == forward.len() { "All tests passed" } else { "Some tests failed" };
        lines.push(format!(
            "{verdict} for your spatial batchnorm implementation. Tests passed: {passed}/{}",
            forward.len()
        ));
    }
    lines.extend(backward.iter().map(|verdict| one_line(&verdict.check, &verdict.outcome)));

    let is_explained = |verdict: &&Verdict| matches!(verdict.outcome, Outcome::Failed { .. });
    let failed: Vec<&Verdict> = suite.verdicts.iter().filter(is_explained).collect();
    if !failed.is_empty() {
        lines.extend([String::new(), "What the notebook's tests measured:".to_owned()]);
    }
    for verdict in failed {
        lines.push(format!("  {}", verdict.check));
        explain(verdict, lines);
        lines.push(format!("    Run it alone: {}", verdict.rerun));
    }
    not_asked(suite, lines);
}

fn reference(suite: &Suite, lines: &mut Vec<String>) {
    for verdicts in suite.verdicts.chunk_by(|a, b| a.case == b.case) {
        let is_explained = |verdict: &Verdict| matches!(verdict.outcome, Outcome::Failed { .. });
        let last_explained = verdicts.iter().rposition(is_explained);
        let mut shown = 0;
        for same in verdicts.chunk_by(|a, b| is_same_failure(&a.outcome, &b.outcome)) {
            let checks: Vec<&str> = same.iter().map(|verdict| verdict.check.as_str()).collect();
            let subject = format!("{}: {}", same[0].case, checks.join(", "));
            lines.push(one_line(&subject, &same[0].outcome));
            explain(&same[0], lines);
            if last_explained == Some(shown) {
                lines.push(format!("    Run it alone: {}", same[0].rerun));
            }
            shown += same.len();
        }
    }
    let raised =
        suite.verdicts.iter().find(|verdict| matches!(verdict.outcome, Outcome::Raised { .. }));
    if let Some(verdict) = raised {
        lines.push(format!("Run the first of these exceptions alone: {}", verdict.rerun));
    }
    not_asked(suite, lines);
    lines.push(format!("Tests passed: {}/{}", suite.passed(), suite.verdicts.len()));
}

/// Whether two checks of one case gave no answer for one and the same reason.
fn is_same_failure(a: &Outcome, b: &Outcome) -> bool {
    matches!(a, Outcome::Raised { .. }) && a == b
}

fn one_line(subject: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => format!("{subject} passed."),
        Outcome::Failed { .. } => format!("{subject} failed."),
        Outcome::Raised { message } => {
            // A message of several lines must not look like several verdicts.
            let message = message.replace(char::is_control, " ");
            format!("{subject} failed due to exception: {message}.")
        }
    }
}

fn explain(verdict: &Verdict, lines: &mut Vec<String>) {
    if let Outcome::Failed { findings } = &verdict.outcome {
        lines.extend(findings.iter().map(|finding| format!("    {finding}")));
    }
    lines.extend(verdict.hint.iter().map(|hint| format!("    Hint: {hint}")));
}

fn not_asked(suite: &Suite, lines: &mut Vec<String>) {
    let total: usize = suite.not_asked.iter().map(|reason| reason.cases).sum();
    if total == 0 {
        return;
    }
    let reasons: Vec<String> =
        suite.not_asked.iter().map(|known| format!("{} {}", known.cases, known.reason)).collect();
    let were = if total == 1 { "case was" } else { "cases were" };
    lines.push(format!("{total} {were} not asked: {}.", reasons.join("; ")));
}
