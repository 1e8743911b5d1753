use std::fmt::Write as _;

use crate::export::diagnosis;
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
            _ => by_case(suite, &mut lines),
        }
    }
    let diagnosis = diagnosis::lines(&report.diagnosis);
    if !diagnosis.is_empty() && report.has_something_to_say() {
        lines.push(String::new());
        lines.extend(diagnosis);
    }
    if let Some(in_force) = &report.isolation {
        lines.extend([String::new(), format!("Isolation: {in_force}.")]);
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
        let passed = forward.iter().filter(|verdict| verdict.is_well()).count();
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

fn by_case(suite: &Suite, lines: &mut Vec<String>) {
    for verdicts in suite.verdicts.chunk_by(|a, b| a.case == b.case) {
        let is_explained = |verdict: &Verdict| matches!(verdict.outcome, Outcome::Failed { .. });
        let last_explained = verdicts.iter().rposition(is_explained);
        let mut shown = 0;
        let is_drawn = suite.name != SuiteName::Reference;
        for same in verdicts.chunk_by(|a, b| is_same(&a.outcome, &b.outcome, is_drawn)) {
            let checks: Vec<&str> = same.iter().map(|verdict| verdict.check.as_str()).collect();
            let case = &same[0].case;
            let subject = if is_drawn && (same.len() == verdicts.len() || case.ends_with(checks[0]))
            {
                case.clone()
            } else {
                format!("{case}: {}", checks.join(", "))
            };
            lines.push(one_line(&subject, &same[0].outcome));
            explain(&same[0], lines);
            if last_explained == Some(shown + same.len() - 1) {
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

/// Whether two checks of one case fit one line: without an answer for one and the same reason, or,
/// in suites of which there is less to read, both passed.
fn is_same(a: &Outcome, b: &Outcome, is_drawn: bool) -> bool {
    match a {
        Outcome::Raised { .. } => a == b,
        Outcome::Passed => is_drawn && a == b,
        Outcome::Noted { convention, .. } => {
            is_drawn && matches!(b, Outcome::Noted { convention: other, .. } if other == convention)
        }
        Outcome::Failed { .. } => false,
    }
}

fn one_line(subject: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => format!("{subject} passed."),
        Outcome::Noted { convention, .. } => {
            format!("{subject} passed, with a note: {convention}.")
        }
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
        lines.extend(verdict.input.iter().map(|input| format!("    Input: {input}")));
        lines.extend(findings.iter().map(|finding| format!("    {finding}")));
    }
    if matches!(verdict.outcome, Outcome::Failed { .. }) {
        lines.extend(verdict.hint.iter().map(|hint| format!("    Hint: {hint}")));
    }
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
