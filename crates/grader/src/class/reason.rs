//! Why marks are missing, in one sentence.

use std::collections::BTreeMap;

use crate::diagnosis::{Diagnosis, Mistake};
use crate::grading::Grading;
use crate::messages::on_one_line;
use crate::report::Report;
use crate::submission::Failure;
use crate::verdict::{CheckOutcome, Verdict};

/// Why a hand-in does not have all marks; empty if it has.
pub(super) fn reason(grading: &Grading) -> String {
    if grading.marks.as_ref().is_some_and(|marks| marks.scored == marks.out_of) {
        return String::new();
    }
    let sentence = of_timeout(&grading.report)
        .or_else(|| of_every_call(grading))
        .or_else(|| of_diagnosis(&grading.diagnosis))
        .or_else(|| of_some_calls(grading))
        .or_else(|| of_unexplained(&grading.diagnosis))
        .unwrap_or_else(|| of_checks(&grading.report));
    as_sentence(&sentence)
}

/// The message of a check that got no answer, without whether it was asked.
fn message(outcome: &CheckOutcome) -> Option<&str> {
    match outcome {
        CheckOutcome::Raised { message } => Some(Failure::reason(message)),
        CheckOutcome::Passed | CheckOutcome::Failed { .. } | CheckOutcome::Noted { .. } => None,
    }
}

/// A call that did not return: which, and in how many cases.
fn of_timeout(report: &Report) -> Option<String> {
    // By function: whether each case got its answer.
    let mut cases: BTreeMap<&str, bool> = BTreeMap::new();
    let mut function = None;
    for verdict in report.verdicts() {
        let timeout = message(&verdict.outcome).and_then(|text| text.split_once(TIMEOUT));
        *cases.entry(&verdict.case).or_default() |= timeout.is_some();
        function = function.or(timeout.map(|(function, _)| function));
    }
    let stopped = cases.values().filter(|&&is_stopped| is_stopped).count();
    Some(format!("{} did not return in time in {stopped} of {} cases", function?, cases.len()))
}

/// What stands between a function and its limit in the message of a timeout.
const TIMEOUT: &str = " did not return: ";

/// The exception that every call ended in, or that kept the file from being loaded.
fn of_every_call(grading: &Grading) -> Option<String> {
    let is_of_it = |verdict: &Verdict| match &verdict.outcome {
        CheckOutcome::Raised { .. } | CheckOutcome::Noted { .. } => true,
        // A mode that does not exist is to be refused, whatever by.
        CheckOutcome::Passed => verdict.case == "behaviour/unknown_mode",
        CheckOutcome::Failed { .. } => false,
    };
    if !grading.report.verdicts().all(is_of_it) {
        return None;
    }
    let messages = grading.report.verdicts().filter_map(|verdict| message(&verdict.outcome));
    let mut messages = messages.filter(|message| *message != Failure::FORWARD_FAILED);
    let first = messages.next()?;
    if messages.any(|other| other != first) {
        return None;
    }
    let is_of_loading = ["SyntaxError", "IndentationError", "TabError", "the program"]
        .iter()
        .any(|beginning| first.starts_with(beginning))
        || first.contains(" could not be loaded")
        || first.contains(" has a class ")
        || first.contains(" has no function ");
    Some(if is_of_loading { first.to_owned() } else { format!("every call ended in {first}") })
}

/// The first thing that the numbers say.
fn of_diagnosis(diagnosis: &Diagnosis) -> Option<String> {
    let is_mistake = |mistakes: &&Vec<Mistake>| mistakes.iter().any(|m| !m.is_convention);
    let mistakes = diagnosis.found.iter().filter_map(|found| {
        let mut tied = found.alternatives.iter().filter(is_mistake);
        let together = |mistakes: &Vec<Mistake>| {
            let explained: Vec<&str> = mistakes.iter().map(|m| m.explanation).collect();
            explained.join(", and ")
        };
        let first = together(tied.next()?);
        Some(match tied.count() {
            0 => first,
            1 => format!("{first}, or makes another mistake that gives the same numbers"),
            others => format!("{first}, or one of {others} mistakes that give the same numbers"),
        })
    });
    let forms = diagnosis.wrong_forms.iter().map(|form| {
        let verb = if form.is_of_shape() { "has" } else { "is" };
        format!("{} {verb} {}, expected {}", form.quantity, form.found, form.expected)
    });
    mistakes.chain(forms).next()
}

fn of_unexplained(diagnosis: &Diagnosis) -> Option<String> {
    diagnosis.unexplained.first().map(|part| format!("no known mistake explains {part}"))
}

/// The most frequent exception.
fn of_some_calls(grading: &Grading) -> Option<String> {
    let raised = grading.diagnosis.exceptions.first()?;
    Some(format!("{} of {} calls ended in {}", raised.calls, raised.of, raised.message))
}

fn of_checks(report: &Report) -> String {
    let is_failed = |verdict: &&Verdict| !verdict.is_well();
    let (count, all) = (report.verdicts().filter(is_failed).count(), report.verdicts().count());
    match report.verdicts().find(is_failed) {
        Some(verdict) => format!(
            "{count} of {all} checks fail, first {} of {}, and no known mistake explains them",
            verdict.check, verdict.case
        ),
        None => "the rubric has points for checks that were not asked".to_owned(),
    }
}

/// Results whose names a sentence may begin with.
const RESULTS: [&str; 4] = ["out", "dx", "dgamma", "dbeta"];

/// With a capital at its beginning, unless that is a name of the student's, and a full stop at its end.
fn as_sentence(text: &str) -> String {
    let text = on_one_line(text);
    let first_word = text.split_whitespace().next().unwrap_or_default();
    let is_name = first_word.contains(['_', '.']) || RESULTS.contains(&first_word);
    let mut letters = text.chars();
    let capital = match letters.next() {
        Some(first) if !is_name => first.to_uppercase().chain(letters).collect(),
        Some(_) | None => text.clone(),
    };
    let stop = if capital.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{capital}{stop}")
}
