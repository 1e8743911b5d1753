//! One suite in the text: its heading, and its cases one after the other.

use super::cases::{bounded, failed_cases};
use crate::export::exceptions::message_of;
use crate::export::next_step::is_consequence;
use crate::grading::Grading;
use crate::report::{Suite, SuiteName};
use crate::verdict::{CheckOutcome, Verdict};

/// What decides how much is listed, and what was told already.
pub(super) struct Told {
    pub(super) lists_every_check: bool,
    /// The messages of exceptions that stand further up.
    pub(super) exceptions: Vec<String>,
    /// The exception that every call ended in, of which no suite lists anything.
    pub(super) of_every_call: Option<String>,
}

/// The heading, and below it what is listed of the suite.
pub(super) fn lines(suite: &Suite, grading: &Grading, told: &mut Told) -> Vec<String> {
    let mut lines = vec![heading(suite)];
    let mut listed = Vec::new();
    if told.lists_every_check {
        listed = by_case(suite, &suite.verdicts, grading);
    } else if told.of_every_call.is_none() {
        let failed = suite.verdicts.iter().filter(|verdict| is_failed(verdict));
        let failed: Vec<Verdict> = failed.cloned().collect();
        listed = by_case(suite, &failed, grading);
        listed.extend(raised(suite, grading, told));
    }
    // What explains a line is indented already.
    let indented = |line: String| if line.starts_with(' ') { line } else { format!("  {line}") };
    lines.extend(listed.into_iter().map(indented));
    lines
}

fn heading(suite: &Suite) -> String {
    let title = match suite.name {
        SuiteName::Notebook => "Notebook",
        SuiteName::Reference => "Reference",
        SuiteName::Behaviour => "Behaviour",
        SuiteName::Random => "Random",
    };
    let (passed, all) = (suite.passed(), suite.verdicts.len());
    let end = not_asked(suite).map_or_else(String::new, |reasons| format!("; {reasons}"));
    format!("{title}: {passed} of {all} checks passed{end}")
}

/// Why cases were not asked, if any were not.
pub(super) fn not_asked(suite: &Suite) -> Option<String> {
    let total: usize = suite.not_asked.iter().map(|reason| reason.cases).sum();
    let reasons: Vec<String> =
        suite.not_asked.iter().map(|known| format!("{} {}", known.cases, known.reason)).collect();
    let were = if total == 1 { "case was" } else { "cases were" };
    (total > 0).then(|| format!("{total} {were} not asked: {}.", reasons.join("; ")))
}

/// The checks that ended in an exception: each exception once, with how many and in which cases.
fn raised(suite: &Suite, grading: &Grading, told: &mut Told) -> Vec<String> {
    let of = |message: &str| -> Vec<Verdict> {
        let verdicts = suite.verdicts.iter();
        verdicts.filter(|one| message_of(one).as_deref() == Some(message)).cloned().collect()
    };
    let mut messages: Vec<String> = Vec::new();
    for message in suite.verdicts.iter().filter_map(message_of) {
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    // Consequences come last, whatever was met first.
    messages.sort_by_key(|message| is_consequence(message));
    let mut lines = Vec::new();
    for message in messages {
        let verdicts = of(&message);
        let checks = verdicts.len();
        let checks = if checks == 1 { "1 check".to_owned() } else { format!("{checks} checks") };
        if is_consequence(&message) {
            lines.push(format!("{checks} could not be made, since the forward pass failed."));
        } else if told.exceptions.contains(&message) && told.exceptions.len() > 1 {
            lines.push(format!("{checks} failed due to exception: {message}."));
        } else if told.exceptions.contains(&message) {
            lines.push(format!("{checks} failed due to the same exception as above."));
        } else {
            lines.push(format!("{checks} failed due to exception: {message}."));
            lines.push(format!("    Cases: {}", bounded(&failed_cases(&verdicts))));
            let first = verdicts.first();
            lines.extend(
                first.map(|first| format!("    Run the first alone: {}", grading.rerun(first))),
            );
            told.exceptions.push(message);
        }
    }
    lines
}

/// A case after the other. A failure that was explained in an earlier case, by the same hint, is
/// named and not explained again, and so is a note.
fn by_case(suite: &Suite, listed: &[Verdict], grading: &Grading) -> Vec<String> {
    let mut lines = Vec::new();
    let is_drawn = suite.name != SuiteName::Reference;
    let mut explained: Vec<(&str, Option<&str>)> = Vec::new();
    let mut noted: Vec<&str> = Vec::new();
    let mut unexplained = 0;
    for verdicts in listed.chunk_by(|a, b| a.case == b.case) {
        let in_case = suite.verdicts.iter().filter(|other| other.case == verdicts[0].case).count();
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
            let subject = subject(same, in_case, is_drawn);
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
                explain(first, &mut lines);
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
    let is_raised = |verdict: &&Verdict| matches!(verdict.outcome, CheckOutcome::Raised { .. });
    if let Some(verdict) = listed.iter().find(is_raised) {
        lines.push(format!("Run the first of these exceptions alone: {}", grading.rerun(verdict)));
    }
    if unexplained > 0 {
        let are = if unexplained == 1 { "failure is" } else { "failures are" };
        lines.push(format!(
            "{unexplained} more {are} like those explained above; --case NAME explains one."
        ));
    }
    lines
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

/// The line of a subject with this outcome, in the notebook's words.
pub(super) fn one_line(subject: &str, outcome: &CheckOutcome) -> String {
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

/// What was measured, and the hint.
pub(super) fn explain(verdict: &Verdict, lines: &mut Vec<String>) {
    if let CheckOutcome::Failed { findings } = &verdict.outcome {
        lines.extend(findings.iter().map(|finding| format!("    {finding}")));
        lines.extend(verdict.hint.iter().map(|hint| format!("    Hint: {hint}")));
    }
}
