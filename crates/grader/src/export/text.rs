//! Text, for the terminal.

use crate::export::diagnosis;
use crate::export::format::OutputFormat;
use crate::fixture::NOTEBOOK_BACKWARD;
use crate::grading::Grading;
use crate::report::{Report, Suite, SuiteName};
use crate::rubric::Marks;
use crate::verdict::{CheckOutcome, Verdict};

/// Text.
pub const TEXT: OutputFormat = OutputFormat {
    name: "text",
    summary: "For the terminal",
    extension: "txt",
    needs_marks: false,
    write: |grading| Ok(text(grading)),
};

/// The grading for a terminal: the notebook's own lines, word for word, and then the rest.
pub fn text(grading: &Grading) -> String {
    let grading = &grading.shown();
    let report = &grading.report;
    let mut lines = Vec::new();
    let trouble = only_trouble(report);
    for suite in &report.suites {
        if trouble.is_some() && suite.name != SuiteName::Notebook {
            continue;
        }
        if !lines.is_empty() {
            lines.push(String::new());
        }
        match suite.name {
            SuiteName::Notebook => notebook(suite, grading, &mut lines),
            SuiteName::Reference | SuiteName::Behaviour | SuiteName::Random => {
                by_case(suite, grading, &mut lines);
            }
        }
    }
    if let Some(message) = &trouble {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("Nothing could be asked: {message}."));
        let what = if message.ends_with(')') && message.contains(", line ") { " line" } else { "" };
        lines.push(format!("Mend that{what}, then grade again."));
    }
    let diagnosis = diagnosis::lines(&grading.diagnosis);
    if trouble.is_none() && !diagnosis.is_empty() && report.has_something_to_say() {
        lines.push(String::new());
        lines.extend(diagnosis);
    }
    if let Some(marks) = &grading.marks {
        lines.push(String::new());
        lines.extend(marks_lines(marks));
    }
    if let Some(in_force) = &grading.isolation {
        lines.extend([String::new(), format!("Isolation: {in_force}.")]);
    }
    lines.join("\n") + "\n"
}

/// What is said of every check alike, as of a file that cannot be loaded: once is enough.
fn only_trouble(report: &Report) -> Option<String> {
    if report.suites.len() < 2 {
        return None;
    }
    let mut verdicts = report.verdicts();
    let CheckOutcome::Raised { message } = &verdicts.next()?.outcome else { return None };
    let is_same = |verdict: &Verdict| matches!(&verdict.outcome, CheckOutcome::Raised { message: other } if other == message);
    verdicts.all(is_same).then(|| message.replace(char::is_control, " "))
}

/// The marks, one entry per line.
fn marks_lines(marks: &Marks) -> Vec<String> {
    let mut lines = vec![format!("Marks: {} of {}", marks.scored, marks.out_of)];
    lines.extend(marks.entries.iter().map(|entry| {
        let points = format!("{} of {}", entry.scored, entry.out_of);
        let checks = match entry.asked {
            0 => "not asked".to_owned(),
            asked => format!("{} of {asked} checks", entry.passed),
        };
        format!("  {points:12}  {} ({checks})", entry.title)
    }));
    lines
}

/// The notebook's lines come first and together; what they leave unsaid follows.
fn notebook(suite: &Suite, grading: &Grading, lines: &mut Vec<String>) {
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

    let is_explained = |verdict: &&Verdict| matches!(verdict.outcome, CheckOutcome::Failed { .. });
    let failed: Vec<&Verdict> = suite.verdicts.iter().filter(is_explained).collect();
    if !failed.is_empty() {
        lines.extend([String::new(), "What the notebook's tests measured:".to_owned()]);
    }
    for verdict in failed {
        lines.push(format!("  {}", verdict.check));
        explain(verdict, lines);
        lines.push(format!("    Run it alone: {}", grading.rerun(verdict)));
    }
    not_asked(suite, lines);
}

/// A case after the other. A failure that was explained in an earlier case, by the same hint, is
/// named and not explained again, and so is a note.
fn by_case(suite: &Suite, grading: &Grading, lines: &mut Vec<String>) {
    let is_drawn = suite.name != SuiteName::Reference;
    let mut explained: Vec<(&str, Option<&str>)> = Vec::new();
    let mut noted: Vec<&str> = Vec::new();
    let mut unexplained = 0;
    for verdicts in suite.verdicts.chunk_by(|a, b| a.case == b.case) {
        let is_known = |verdict: &Verdict| {
            explained.contains(&(verdict.check.as_str(), verdict.hint.as_deref()))
        };
        let known: Vec<bool> = verdicts.iter().map(is_known).collect();
        let is_new = |at: usize| is_failed(&verdicts[at]) && !known[at];
        let mut new_in_case = (0..verdicts.len()).filter(|&at| is_new(at)).count();
        let mut at = 0;
        while at < verdicts.len() {
            let first = &verdicts[at];
            let fits = |other: &usize| {
                !is_new(at) && !is_new(*other) && is_same(first, &verdicts[*other], is_drawn)
            };
            let together = 1 + (at + 1..verdicts.len()).take_while(fits).count();
            let same = &verdicts[at..at + together];
            let subject = subject(same, verdicts.len(), is_drawn);
            let convention = match &first.outcome {
                CheckOutcome::Noted { convention, .. } => Some(convention.as_str()),
                CheckOutcome::Passed
                | CheckOutcome::Failed { .. }
                | CheckOutcome::Raised { .. } => None,
            };
            let was_noted = convention.is_some_and(|convention| noted.contains(&convention));
            lines.push(if was_noted {
                format!("{subject} passed, with a note as above.")
            } else {
                one_line(&subject, &first.outcome)
            });
            noted.extend(convention);
            if is_new(at) {
                // The case has one input, whatever fails of it.
                let is_first = !(0..at).any(is_new);
                let input = first.input.iter().filter(|_| is_first);
                lines.extend(input.map(|input| format!("    Input: {input}")));
                explain(first, lines);
                explained.push((&first.check, first.hint.as_deref()));
                new_in_case -= 1;
                if new_in_case == 0 {
                    lines.push(format!("    Run it alone: {}", grading.rerun(first)));
                }
            } else if is_failed(first) {
                unexplained += together;
            }
            at += together;
        }
    }
    let raised = suite
        .verdicts
        .iter()
        .find(|verdict| matches!(verdict.outcome, CheckOutcome::Raised { .. }));
    if let Some(verdict) = raised {
        lines.push(format!("Run the first of these exceptions alone: {}", grading.rerun(verdict)));
    }
    if unexplained > 0 {
        let are = if unexplained == 1 { "failure is" } else { "failures are" };
        lines.push(format!(
            "{unexplained} more {are} like those explained above; --case NAME explains one."
        ));
    }
    not_asked(suite, lines);
    lines.push(format!("Tests passed: {}/{}", suite.passed(), suite.verdicts.len()));
}

fn is_failed(verdict: &Verdict) -> bool {
    matches!(verdict.outcome, CheckOutcome::Failed { .. })
}

/// What verdicts on one line are about: a case as a whole, or some of its checks.
fn subject(same: &[Verdict], in_case: usize, is_drawn: bool) -> String {
    let checks: Vec<&str> = same.iter().map(|verdict| verdict.check.as_str()).collect();
    let case = &same[0].case;
    if is_drawn && (same.len() == in_case || case.ends_with(checks[0])) {
        case.clone()
    } else {
        format!("{case}: {}", checks.join(", "))
    }
}

/// Whether two checks of one case fit one line: without an answer for one and the same reason, or,
/// in suites of which there is less to read, ended alike.
fn is_same(a: &Verdict, b: &Verdict, is_drawn: bool) -> bool {
    match (&a.outcome, &b.outcome) {
        (CheckOutcome::Raised { .. }, other) => a.outcome == *other,
        (CheckOutcome::Passed, CheckOutcome::Passed)
        | (CheckOutcome::Failed { .. }, CheckOutcome::Failed { .. }) => is_drawn,
        (CheckOutcome::Noted { convention, .. }, CheckOutcome::Noted { convention: other, .. }) => {
            is_drawn && convention == other
        }
        (CheckOutcome::Passed | CheckOutcome::Failed { .. } | CheckOutcome::Noted { .. }, _) => {
            false
        }
    }
}

fn one_line(subject: &str, outcome: &CheckOutcome) -> String {
    match outcome {
        CheckOutcome::Passed => format!("{subject} passed."),
        CheckOutcome::Noted { convention, .. } => {
            format!("{subject} passed, with a note: {convention}.")
        }
        CheckOutcome::Failed { .. } => format!("{subject} failed."),
        CheckOutcome::Raised { message } => {
            // A message of several lines must not look like several verdicts.
            let message = message.replace(char::is_control, " ");
            format!("{subject} failed due to exception: {message}.")
        }
    }
}

fn explain(verdict: &Verdict, lines: &mut Vec<String>) {
    if let CheckOutcome::Failed { findings } = &verdict.outcome {
        lines.extend(findings.iter().map(|finding| format!("    {finding}")));
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
