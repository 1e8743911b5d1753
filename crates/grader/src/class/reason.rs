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
    if has_all_marks(grading) { String::new() } else { as_sentence(&why(grading)) }
}

/// The same as far as a student may know it: nothing of it is from hidden checks.
pub(super) fn for_student(grading: &Grading) -> String {
    let shown = grading.shown();
    if has_all_marks(grading) {
        String::new()
    } else if shown.report.verdicts().all(Verdict::is_well) {
        "Everything that is shown passes, and a hidden check fails.".to_owned()
    } else {
        as_sentence(&why(&shown))
    }
}

/// Whether a call did not return in time.
pub(super) fn has_timeout(report: &Report) -> bool {
    of_timeout(report).is_some()
}

fn has_all_marks(grading: &Grading) -> bool {
    grading.marks.as_ref().is_some_and(|marks| marks.scored == marks.out_of)
}

fn why(grading: &Grading) -> String {
    of_timeout(&grading.report)
        .or_else(|| of_every_call(grading))
        .or_else(|| of_diagnosis(&grading.diagnosis))
        .or_else(|| of_some_calls(grading))
        .or_else(|| of_unexplained(&grading.diagnosis))
        .unwrap_or_else(|| of_checks(&grading.report))
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
    let Some(function) = function else {
        let mut messages = report.verdicts().filter_map(|verdict| message(&verdict.outcome));
        return messages.find(|message| message.starts_with(WHOLE_TIMEOUT)).map(str::to_owned);
    };
    let stopped = cases.values().filter(|&&is_stopped| is_stopped).count();
    Some(format!("{} did not return in time in {stopped} of {} cases", function, cases.len()))
}

/// How the message of calls begins that were left out after too long a time for all.
const WHOLE_TIMEOUT: &str = "all calls together took longer than ";

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
    Some(if is_of_loading { first.to_owned() } else { of_calls("every call", first) })
}

/// What these calls gave: an exception, or something that a sentence says.
fn of_calls(calls: &str, message: &str) -> String {
    let first = message.split([':', ' ']).next().unwrap_or_default();
    // The names of exceptions begin with a capital, and may have their module before them.
    let name = first.rsplit('.').next().unwrap_or_default();
    if name.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        format!("{calls} ended in {message}")
    } else {
        format!("in {calls}, {message}")
    }
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
            1 => format!("{first}; another mistake gives the same numbers"),
            others => format!("{first}; {others} other mistakes give the same numbers"),
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
    Some(of_calls(&format!("{} of {} calls", raised.calls, raised.of), &raised.message))
}

fn of_checks(report: &Report) -> String {
    let is_failed = |verdict: &&Verdict| !verdict.is_well();
    let (count, all) = (report.verdicts().filter(is_failed).count(), report.verdicts().count());
    match report.verdicts().find(is_failed) {
        Some(verdict) => format!(
            "{count} of {all} checks failed, and no known mistake explains why; the first is {} of {}",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{AnswerPart, CATALOGUE, Diagnosed, RaisedException};
    use crate::report::{Suite, SuiteName};
    use crate::rubric::Rubric;

    const RUBRIC: &str = "[[entry]]\nname = \"a\"\nchecks = [\"case/*\"]\npoints = 1\n";

    fn raised(message: &str) -> CheckOutcome {
        CheckOutcome::Raised { message: message.to_owned() }
    }

    fn failed() -> CheckOutcome {
        CheckOutcome::Failed { findings: Vec::new() }
    }

    /// A grading with these outcomes, each of a case of its own.
    fn graded(outcomes: Vec<CheckOutcome>, diagnosis: Diagnosis, rubric: &str) -> Grading {
        let verdicts = (1..)
            .zip(outcomes)
            .map(|(number, outcome)| Verdict::new("dx", &format!("case/{number}"), outcome, ""));
        let suite = Suite { verdicts: verdicts.collect(), ..Suite::new(SuiteName::Reference) };
        let report = Report { target: "hw.py".to_owned(), suites: vec![suite] };
        let command = "grade".to_owned();
        let mut grading =
            Grading { report, diagnosis, marks: None, isolation: None, command, seconds: None };
        grading.mark(&Rubric::parse(rubric, "rubric.toml").unwrap());
        grading
    }

    fn of(outcomes: Vec<CheckOutcome>, diagnosis: Diagnosis) -> String {
        reason(&graded(outcomes, diagnosis, RUBRIC))
    }

    fn exception(message: &str) -> Diagnosis {
        let exception = RaisedException { message: message.to_owned(), calls: 2, of: 9 };
        Diagnosis { exceptions: vec![exception], ..Diagnosis::default() }
    }

    #[test]
    fn what_calls_gave_is_a_sentence_whether_it_is_an_exception_or_not() {
        let none = "spatial_batchnorm_forward returned None, expected (out, cache)";
        for (message, every, some) in [
            (
                "KeyError: 'x' (hw.py, line 3)",
                "Every call ended in KeyError: 'x' (hw.py, line 3).",
                "2 of 9 calls ended in KeyError: 'x' (hw.py, line 3).",
            ),
            (
                "NotImplementedError (hw.py, line 3)",
                "Every call ended in NotImplementedError (hw.py, line 3).",
                "2 of 9 calls ended in NotImplementedError (hw.py, line 3).",
            ),
            (
                "numpy.linalg.LinAlgError: Singular matrix",
                "Every call ended in numpy.linalg.LinAlgError: Singular matrix.",
                "2 of 9 calls ended in numpy.linalg.LinAlgError: Singular matrix.",
            ),
            (none, &format!("In every call, {none}."), &format!("In 2 of 9 calls, {none}.")),
        ] {
            let forward_failed = raised(Failure::FORWARD_FAILED);
            let all = vec![raised(message), forward_failed];
            assert_eq!(of(all, Diagnosis::default()), every);
            assert_eq!(of(vec![raised(message), failed()], exception(message)), some);
        }
        let missing = "hw.py has no function spatial_batchnorm_forward";
        assert_eq!(of(vec![raised(missing)], Diagnosis::default()), format!("{missing}."));
    }

    #[test]
    fn a_call_that_did_not_return_is_the_reason_for_what_is_not_known() {
        let late = "spatial_batchnorm_backward did not return: it took longer than 10 seconds";
        let unexplained = vec![AnswerPart::Dx];
        let diagnosis = Diagnosis { unexplained, ..Diagnosis::default() };
        let grading = graded(
            vec![raised(late), raised(&format!("not asked any more: {late}")), failed()],
            diagnosis,
            RUBRIC,
        );
        let whole = "all calls together took longer than 120 seconds";
        let outcomes = vec![failed(), raised(&format!("not asked any more: {whole}"))];
        assert_eq!(
            of(outcomes, Diagnosis::default()),
            "All calls together took longer than 120 seconds."
        );
        let expected = "spatial_batchnorm_backward did not return in time in 2 of 3 cases.";
        assert_eq!(reason(&grading), expected);
        assert_eq!(crate::class::table::Line::of("hw", &grading).diagnosis, "");
        assert_eq!(crate::class::finding::Findings::of(&grading).mistakes.len(), 1);
    }

    #[test]
    fn what_no_mistake_explains_is_told_by_its_part_or_by_the_first_check() {
        let unexplained = vec![AnswerPart::Dx];
        let diagnosis = Diagnosis { unexplained, ..Diagnosis::default() };
        assert_eq!(of(vec![failed()], diagnosis), "No known mistake explains dx.");
        let expected = "1 of 2 checks failed, and no known mistake explains why; the first is dx of \
                        case/2.";
        assert_eq!(of(vec![CheckOutcome::Passed, failed()], Diagnosis::default()), expected);
        assert_eq!(of(vec![CheckOutcome::Passed], Diagnosis::default()), "");
    }

    #[test]
    fn mistakes_that_give_the_same_numbers_are_counted_in_a_sentence_of_their_own() {
        let known = |id: &str| vec![*CATALOGUE.iter().find(|mistake| mistake.id == id).unwrap()];
        let alternatives = ["epsilon_outside_root", "epsilon_missing", "epsilon_twice"].map(known);
        for (count, end) in [
            (1, "."),
            (2, "; another mistake gives the same numbers."),
            (3, "; 2 other mistakes give the same numbers."),
        ] {
            let alternatives = alternatives[..count].to_vec();
            let found = vec![Diagnosed { part: Some(AnswerPart::Output), alternatives }];
            let diagnosis = Diagnosis { found, ..Diagnosis::default() };
            let first = as_sentence(known("epsilon_outside_root")[0].explanation);
            let expected = format!("{}{end}", first.trim_end_matches('.'));
            assert_eq!(of(vec![failed()], diagnosis), expected);
        }
    }

    #[test]
    fn a_student_is_told_nothing_of_hidden_checks() {
        let rubric = "[[entry]]\nname = \"a\"\nchecks = [\"case/1\"]\npoints = 1\n\
                      [[entry]]\nname = \"b\"\nchecks = [\"case/2\"]\npoints = 1\nhidden = true\n";
        let told = |outcomes| for_student(&graded(outcomes, Diagnosis::default(), rubric));
        assert_eq!(told(vec![CheckOutcome::Passed, CheckOutcome::Passed]), "");
        let hidden = "Everything that is shown passes, and a hidden check fails.";
        assert_eq!(told(vec![CheckOutcome::Passed, raised("KeyError: 'secret'")]), hidden);
        let shown = told(vec![failed(), raised("KeyError: 'secret'")]);
        assert!(shown.starts_with("1 of 1 checks failed"), "{shown}");
    }
}
