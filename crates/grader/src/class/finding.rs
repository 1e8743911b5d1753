//! What was found in a hand-in, as it is counted over a class.

use serde::{Deserialize, Serialize};

use crate::class::reason::has_timeout;
use crate::grading::Grading;
use crate::submission::Failure;
use crate::verdict::{CheckOutcome, Verdict};

/// What was found in one hand-in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Findings {
    /// What is wrong, each once.
    pub(super) mistakes: Vec<Finding>,
    /// The checks that fail, as in `random/train:dx`.
    pub(super) failed_checks: Vec<String>,
}

/// Something that is wrong with a hand-in, or a convention that it follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    /// Its name. That of an exception is the type.
    pub(super) id: String,
    /// What it is, in words that do not depend on the hand-in.
    pub(super) explanation: String,
}

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// An entry of the catalogue of known mistakes.
    Mistake,
    /// What calls ended in.
    Exception,
    /// A result of a wrong shape or type.
    WrongForm,
    /// A part of the answers that no known mistake explains.
    Unexplained,
    /// An entry of the catalogue that is no mistake.
    Convention,
}

impl Kind {
    /// The name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mistake => "mistake",
            Self::Exception => "exception",
            Self::WrongForm => "wrong form",
            Self::Unexplained => "unexplained",
            Self::Convention => "convention",
        }
    }
}

/// How the message of a check begins that is about a result, and not about a call.
const RESULTS: [&str; 6] =
    ["out has", "dx has", "dgamma has", "dbeta has", "running_mean has", "running_var has"];

impl Findings {
    /// What was found in a graded hand-in.
    pub(super) fn of(grading: &Grading) -> Self {
        let mut mistakes = of_catalogue(grading);
        let diagnosis = &grading.diagnosis;
        let exceptions = diagnosis.exceptions.iter().map(|raised| raised.message.as_str());
        // Crashes and timeouts are no exceptions of a hand-in's own, and known by the checks alone.
        let of_checks = grading.report.verdicts().filter_map(message);
        // What a result is like that a check could not use is a matter of its form.
        let is_of_call = |message: &&str| {
            *message != Failure::FORWARD_FAILED
                && !RESULTS.iter().any(|role| message.starts_with(role))
        };
        for message in exceptions.chain(of_checks).filter(is_of_call) {
            mistakes.push(exception(message));
        }
        mistakes.extend(diagnosis.wrong_forms.iter().map(|form| Finding {
            kind: Kind::WrongForm,
            id: form.quantity.clone(),
            explanation: format!("{}, expected {}", form.found, form.expected),
        }));
        // What was not answered in time is wrong for that reason.
        let is_late = has_timeout(&grading.report);
        let unexplained = diagnosis.unexplained.iter().filter(|_| !is_late);
        mistakes.extend(unexplained.map(|part| Finding {
            kind: Kind::Unexplained,
            id: part.to_string(),
            explanation: format!("no known mistake explains {part}"),
        }));
        mistakes.sort();
        mistakes.dedup();
        let failed = grading.report.verdicts().filter(|verdict| !verdict.is_well());
        let name = |verdict: &Verdict| format!("{}:{}", verdict.case, verdict.check);
        Self { mistakes, failed_checks: failed.map(name).collect() }
    }
}

/// The entries of the catalogue: two together are two findings, a tie is one.
fn of_catalogue(grading: &Grading) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in &grading.diagnosis.found {
        let tied: Vec<[String; 2]> = match found.alternatives.as_slice() {
            [only] => only.iter().map(|m| [m.id.to_owned(), m.explanation.to_owned()]).collect(),
            tied => {
                let joined = |words: &dyn Fn(&crate::diagnosis::Mistake) -> &'static str| {
                    let each = tied.iter().map(|together| {
                        together.iter().map(words).collect::<Vec<_>>().join(" and ")
                    });
                    each.collect::<Vec<_>>().join(" or ")
                };
                vec![[joined(&|m| m.id), joined(&|m| m.explanation)]]
            }
        };
        let is_convention = found.alternatives.iter().flatten().all(|m| m.is_convention);
        let kind = if is_convention { Kind::Convention } else { Kind::Mistake };
        findings.extend(tied.into_iter().map(|[id, explanation]| Finding {
            kind,
            id,
            explanation,
        }));
    }
    findings
}

/// The message of a check that got no answer.
fn message(verdict: &Verdict) -> Option<&str> {
    match &verdict.outcome {
        CheckOutcome::Raised { message } => Some(Failure::reason(message)),
        CheckOutcome::Passed | CheckOutcome::Failed { .. } | CheckOutcome::Noted { .. } => None,
    }
}

/// An exception without what differs between two hand-ins that end in it: the file and its line.
fn exception(message: &str) -> Finding {
    let text = match message.rsplit_once(" (") {
        Some((text, place)) if place.contains(", line ") => text,
        Some(_) | None => message,
    };
    let finding = |id: &str, explanation: String| Finding {
        kind: Kind::Exception,
        id: id.to_owned(),
        explanation,
    };
    if let Some((function, _)) = text.split_once(" did not return: ") {
        return finding("timeout", format!("{function} did not return in time"));
    }
    let is_name = |word: &str| !word.is_empty() && word.chars().all(char::is_alphanumeric);
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    match text.split_once(':') {
        Some((name, _)) if is_name(name) => finding(name, text.to_owned()),
        Some(_) | None if rest.is_empty() && is_name(first) => finding(first, text.to_owned()),
        Some(_) | None if text.starts_with("the program ") => finding("ended", text.to_owned()),
        Some(_) | None if first.ends_with(".py") => finding("file", format!("the file {rest}")),
        Some(_) | None => finding("result", text.to_owned()),
    }
}
