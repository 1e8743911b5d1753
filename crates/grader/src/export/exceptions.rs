//! The exceptions that calls ended in, each told once, with the next step.

use crate::diagnosis::Diagnosed;
use crate::export::next_step::{is_consequence, is_unwritten, next_step};
use crate::grading::Grading;
use crate::messages::on_one_line;
use crate::report::Report;
use crate::submission::Failure;
use crate::verdict::{CheckOutcome, Verdict};

/// Exceptions that are told; the others are counted.
const TOLD: usize = 3;

/// The case that asks for an exception, so that any passes it.
const UNKNOWN_MODE: &str = "behaviour/unknown_mode";

/// An exception, and how often it ended something.
struct Ended {
    message: String,
    /// What it ended, as in "this ended 3 of 40 calls".
    what: String,
}

/// The message of a check that got no answer, on one line and without how often it was asked.
pub(super) fn message_of(verdict: &Verdict) -> Option<String> {
    match &verdict.outcome {
        CheckOutcome::Raised { message } => {
            // A message of several lines must not look like several verdicts.
            let message = on_one_line(message);
            let message = Failure::reason(&message);
            Some(message.to_owned())
        }
        CheckOutcome::Passed | CheckOutcome::Failed { .. } | CheckOutcome::Noted { .. } => None,
    }
}

/// Whether the submission was not asked what a check is of.
pub(super) fn was_not_asked(verdict: &Verdict) -> bool {
    match &verdict.outcome {
        CheckOutcome::Raised { message } => Failure::reason(message) != message,
        CheckOutcome::Passed | CheckOutcome::Failed { .. } | CheckOutcome::Noted { .. } => false,
    }
}

/// The checks that ended in one exception.
struct Checks {
    message: String,
    /// How many ended in it.
    ended: usize,
    /// How many were not asked because of it.
    not_asked: usize,
}

/// The messages that are reasons of their own, in the order in which they appear.
fn messages(report: &Report) -> Vec<Checks> {
    let mut messages: Vec<Checks> = Vec::new();
    for verdict in report.verdicts() {
        let Some(message) = message_of(verdict).filter(|message| !is_consequence(message)) else {
            continue;
        };
        let at = messages.iter().position(|known| known.message == message);
        let at = at.unwrap_or_else(|| {
            messages.push(Checks { message, ended: 0, not_asked: 0 });
            messages.len() - 1
        });
        let Checks { ended, not_asked, .. } = &mut messages[at];
        *(if was_not_asked(verdict) { not_asked } else { ended }) += 1;
    }
    messages
}

/// The exception that all calls ended in, if there is one. Calls that may end in an exception do
/// not count.
pub(super) fn of_every_call(report: &Report) -> Option<String> {
    let [Checks { message, .. }] = messages(report).try_into().ok()?;
    let ended = |verdict: &Verdict| match verdict.outcome {
        CheckOutcome::Raised { .. } | CheckOutcome::Noted { .. } => true,
        CheckOutcome::Passed => verdict.case == UNKNOWN_MODE,
        CheckOutcome::Failed { .. } => false,
    };
    report.verdicts().all(ended).then_some(message)
}

/// The exception that is the only one, if the notebook's own tests met it.
fn only_one(report: &Report) -> Option<String> {
    let [Checks { message, .. }] = messages(report).try_into().ok()?;
    let is_of_several_suites = report.suites.len() > 1;
    let is_met = report.suites.first()?.verdicts.iter().filter_map(message_of).next().is_some();
    (is_of_several_suites && is_met).then_some(message)
}

/// Whether the exceptions can wait: a function is not written yet, and what is written gives wrong numbers.
pub(super) fn can_wait(grading: &Grading) -> bool {
    let is_unwritten = |ended: &Ended| is_unwritten(&ended.message);
    let is_wrong = |verdict: &Verdict| matches!(verdict.outcome, CheckOutcome::Failed { .. });
    ended(grading).iter().all(is_unwritten) && grading.report.verdicts().any(is_wrong)
}

/// What stands above everything else: the one exception that decides most of what follows.
pub(super) fn above_all(grading: &Grading) -> Option<(String, Vec<String>)> {
    if can_wait(grading) {
        return None;
    }
    let message = only_one(&grading.report)?;
    let told = ended(grading).into_iter().find(|ended| ended.message == message)?;
    Some((message, told.lines()))
}

/// How many exceptions there are.
pub(super) fn count(grading: &Grading) -> usize {
    ended(grading).len()
}

/// All exceptions, the most frequent first, each with the next step.
pub(super) fn lines(grading: &Grading) -> Vec<String> {
    let ended = ended(grading);
    let mut lines: Vec<String> = ended.iter().take(TOLD).flat_map(Ended::lines).collect();
    match ended.len().saturating_sub(TOLD) {
        0 => {}
        1 => lines.push("One more exception ended other calls.".to_owned()),
        more => lines.push(format!("{more} more exceptions ended other calls.")),
    }
    lines
}

/// The most frequent exception alone.
pub(super) fn first(grading: &Grading) -> Vec<String> {
    ended(grading).first().map(Ended::lines).unwrap_or_default()
}

/// The exceptions of the diagnosis that a check failed for. What the diagnosis does not see, as
/// where the program was ended, is told by checks, unless a mistake explains it.
fn ended(grading: &Grading) -> Vec<Ended> {
    let of_checks = messages(&grading.report);
    let every = of_every_call(&grading.report);
    let told = |message: &str, times: String| {
        let is_of_every = every.as_deref() == Some(message);
        let what = if is_of_every {
            "no call got any further".to_owned()
        } else {
            format!("this ended {times}")
        };
        Ended { message: message.to_owned(), what }
    };
    let mut ended: Vec<Ended> = Vec::new();
    for raised in &grading.diagnosis.exceptions {
        let message = on_one_line(&raised.message);
        if of_checks.iter().any(|known| known.message == message) {
            ended.push(told(&message, format!("{} of {} calls", raised.calls, raised.of)));
        }
    }
    let is_explained = grading.diagnosis.found.iter().any(is_mistake);
    if ended.is_empty() && !is_explained {
        let all = grading.report.verdicts().count();
        let mut of_checks = of_checks;
        of_checks.sort_by_key(|checks| std::cmp::Reverse(checks.ended + checks.not_asked));
        ended.extend(of_checks.iter().map(|Checks { message, ended, not_asked }| {
            let more = match not_asked {
                0 => String::new(),
                number => format!(", and {number} more were not asked"),
            };
            told(message, format!("{ended} of {all} checks{more}"))
        }));
    }
    ended
}

fn is_mistake(found: &Diagnosed) -> bool {
    found.alternatives.iter().flatten().any(|mistake| !mistake.is_convention)
}

impl Ended {
    fn lines(&self) -> Vec<String> {
        let Self { message, what } = self;
        let line = || message.strip_suffix(')')?.rsplit_once(", line ").map(|(_, line)| line);
        let step = next_step(message).or_else(|| {
            line().map(|line| format!("Look at line {line}, and at what it is given."))
        });
        let mut lines = vec![format!("{message}: {what}.")];
        lines.extend(step.map(|step| format!("  Next step: {step}")));
        lines
    }
}
