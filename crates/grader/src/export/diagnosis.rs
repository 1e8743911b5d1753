//! The diagnosis in words.

use crate::diagnosis::{AnswerPart, Diagnosed, Diagnosis, Mistake, WrongForm};
use crate::export::exceptions;
use crate::grading::Grading;
use crate::report::Report;
use crate::verdict::{CheckOutcome, Verdict};

/// The diagnosis for people, in lines; empty if nothing is wrong. `grading` is what students may
/// see. Only conventions are told unless something failed.
pub(super) fn lines(grading: &Grading, something_failed: bool) -> Vec<String> {
    let (conventions, _) = conventions_and_mistakes(&grading.diagnosis);
    with_conventions(grading, something_failed, &conventions)
}

/// The same, without the conventions that [`noted`] tells.
pub(super) fn lines_after_notes(grading: &Grading, something_failed: bool) -> Vec<String> {
    let (mut conventions, _) = conventions_and_mistakes(&grading.diagnosis);
    conventions.retain(|found| !is_noted(grading, found));
    with_conventions(grading, something_failed, &conventions)
}

fn with_conventions(
    grading: &Grading,
    something_failed: bool,
    conventions: &[&Diagnosed],
) -> Vec<String> {
    let mut lines = if something_failed { mistakes(grading) } else { Vec::new() };
    if !conventions.is_empty() {
        lines.push(if lines.is_empty() && something_failed {
            "What differs, by the numbers, is a convention other than the notebook's:".to_owned()
        } else {
            "Conventions other than the notebook's, which are no mistakes:".to_owned()
        });
        conventions.iter().for_each(|found| tell(found, &mut lines));
    }
    if lines.is_empty() && something_failed {
        lines.push("No known mistake explains it.".to_owned());
    }
    lines
}

/// What to correct, the first thing first.
fn mistakes(grading: &Grading) -> Vec<String> {
    let diagnosis = &grading.diagnosis;
    let can_wait = exceptions::can_wait(grading);
    let mut lines = if can_wait { Vec::new() } else { exceptions::lines(grading) };
    lines.extend(wrong_forms(&diagnosis.wrong_forms));
    let is_explained = !lines.is_empty();
    let (_, mistakes) = conventions_and_mistakes(diagnosis);
    let (earlier, mut later) = by_first(diagnosis, first_part(&mistakes), is_explained);
    // Where no number is wrong, exceptions explain everything.
    let is_wrong = |verdict: &Verdict| matches!(verdict.outcome, CheckOutcome::Failed { .. });
    if is_explained && !grading.report.verdicts().any(is_wrong) {
        later.clear();
    }
    // Of several parts the later ones may follow from the first.
    let mut earlier = earlier.into_iter();
    lines.extend(earlier.next().map(unknown));
    let rest: Vec<String> = earlier.map(ToString::to_string).collect();
    if !rest.is_empty() {
        let rest = rest.join("; ");
        lines.push(format!("Nor is there one for {rest}, which may follow from that."));
    }
    if !mistakes.is_empty() {
        lines.push("What is wrong, by the numbers:".to_owned());
        mistakes.iter().for_each(|found| tell(found, &mut lines));
    }
    match later.as_slice() {
        [] => {}
        [part] => {
            lines.push(format!("No known mistake explains {part}: it may follow from the above"));
        }
        parts => {
            let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            let parts = parts.join("; ");
            lines
                .push(format!("No known mistake explains {parts}: they may follow from the above"));
        }
    }
    if can_wait {
        lines.extend(exceptions::lines(grading));
    }
    let is_one_exception =
        exceptions::count(grading) == 1 && diagnosis.wrong_forms.is_empty() && mistakes.is_empty();
    if is_one_exception {
        lines.push("Mend that, then grade again.".to_owned());
    } else if is_explained || !mistakes.is_empty() {
        lines.push("Mend the first of these, then grade again.".to_owned());
    }
    lines
}

/// What to correct first, in lines; empty if nothing is wrong.
pub(super) fn first(grading: &Grading) -> Vec<String> {
    let diagnosis = &grading.diagnosis;
    let ended = exceptions::first(grading);
    if !ended.is_empty() && !exceptions::can_wait(grading) {
        return ended;
    }
    let forms = wrong_forms(&diagnosis.wrong_forms);
    if !forms.is_empty() {
        return forms;
    }
    let (_, mistakes) = conventions_and_mistakes(diagnosis);
    let (earlier, _) = by_first(diagnosis, first_part(&mistakes), false);
    let mut lines = Vec::new();
    if let Some(part) = earlier.first() {
        lines.push(unknown(part));
    } else if let Some(found) = mistakes.first() {
        lines.push("What is wrong, by the numbers:".to_owned());
        tell(found, &mut lines);
    }
    lines
}

/// The conventions for which checks passed with a note, each once with the number of checks, and
/// with its hint if it is one of the catalogue's.
pub(super) fn noted(grading: &Grading) -> Vec<String> {
    let noted = noted_conventions(&grading.report);
    if noted.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["Passed with a note, since it is no mistake:".to_owned()];
    let found = &grading.diagnosis.found;
    let all = || found.iter().flat_map(|found| found.alternatives.iter().flatten());
    for (convention, checks) in noted {
        let of = if checks == 1 { "check" } else { "checks" };
        let known = all().find(|mistake| mistake.explanation == convention);
        let id = known.map_or(String::new(), |mistake| format!(" [{}]", mistake.id));
        lines.push(format!("  {checks} {of}: {convention}{id}"));
        lines.extend(known.map(|mistake| format!("    Hint: {}", mistake.hint)));
    }
    lines
}

/// The conventions that notes name, with the number of checks of each. A note can name several.
fn noted_conventions(report: &Report) -> Vec<(&str, usize)> {
    let mut noted: Vec<(&str, usize)> = Vec::new();
    for verdict in report.verdicts() {
        if let CheckOutcome::Noted { convention, .. } = &verdict.outcome {
            for one in convention.split("; ") {
                match noted.iter_mut().find(|(known, _)| *known == one) {
                    Some((_, checks)) => *checks += 1,
                    None => noted.push((one, 1)),
                }
            }
        }
    }
    noted
}

/// Whether [`noted`] tells each of these conventions.
fn is_noted(grading: &Grading, found: &Diagnosed) -> bool {
    let noted = noted_conventions(&grading.report);
    let is_told = |mistake: &Mistake| noted.iter().any(|(told, _)| *told == mistake.explanation);
    found.alternatives.first().is_some_and(|first| first.iter().all(is_told))
}

/// Results of a wrong shape or type: those that are wrong alike on one line.
fn wrong_forms(forms: &[WrongForm]) -> Vec<String> {
    let mut alike: Vec<(Vec<&str>, &WrongForm)> = Vec::new();
    for form in forms {
        let is_same =
            |other: &WrongForm| other.found == form.found && other.expected == form.expected;
        match alike.iter_mut().find(|(_, other)| is_same(other)) {
            Some((quantities, _)) => quantities.push(&form.quantity),
            None => alike.push((vec![&form.quantity], form)),
        }
    }
    let mut lines: Vec<String> = alike.iter().map(|(names, form)| form_line(names, form)).collect();
    let mut steps: Vec<&str> = forms.iter().map(step_of_form).collect();
    steps.sort_by_key(|step| STEPS_OF_FORMS.iter().position(|other| other == step));
    steps.dedup();
    lines.extend(steps.iter().map(|step| format!("  Next step: {step}")));
    lines
}

/// What to do about axes in another order, about other axes, and about another type, in this order.
const STEPS_OF_FORMS: [&str; 3] = [
    "The axes are there, in another order. Which permutation of axes undoes the one that you made?",
    "Print the shape of what you return. Which axis is too many, or missing?",
    "Print the dtype of what you return. Which line changes it?",
];

/// What to do about a result of a wrong shape or type.
pub(super) fn step_of_form(form: &WrongForm) -> &'static str {
    let [permuted, other, of_type] = STEPS_OF_FORMS;
    match (form.is_of_shape(), form.is_permuted()) {
        (true, true) => permuted,
        (true, false) => other,
        (false, _) => of_type,
    }
}

/// A result of a wrong shape or type.
pub(super) fn form_line(quantities: &[&str], form: &WrongForm) -> String {
    let names = match quantities {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    };
    let one = quantities.len() == 1;
    let shape = form.found.strip_prefix("shape ").zip(form.expected.strip_prefix("shape "));
    match shape {
        Some((found, expected)) => {
            let have = if one { "has" } else { "have" };
            format!("{names} {have} shape {found}, expected {expected}.")
        }
        None => {
            let are = if one { "is" } else { "are" };
            format!("{names} {are} {}, expected {}.", form.found, form.expected)
        }
    }
}

fn unknown(part: &AnswerPart) -> String {
    format!("No known mistake explains {part}: {}", part.advice())
}

/// What is a matter of conventions alone, and what is wrong.
fn conventions_and_mistakes(diagnosis: &Diagnosis) -> (Vec<&Diagnosed>, Vec<&Diagnosed>) {
    let is_convention =
        |found: &&Diagnosed| found.alternatives.iter().flatten().all(|m| m.is_convention);
    diagnosis.found.iter().partition(is_convention)
}

/// The first part that a mistake was found in.
fn first_part(mistakes: &[&Diagnosed]) -> Option<AnswerPart> {
    mistakes.iter().filter_map(|found| found.part).min()
}

/// The unexplained parts that cannot follow from what is wrong in the part `first`, and those that
/// can. After an exception, or a wrong shape or type, every part can.
fn by_first(
    diagnosis: &Diagnosis,
    first: Option<AnswerPart>,
    is_explained: bool,
) -> (Vec<&AnswerPart>, Vec<&AnswerPart>) {
    let is_earlier = |part: AnswerPart| !is_explained && first.is_none_or(|first| part < first);
    diagnosis.unexplained.iter().partition(|&&part| is_earlier(part))
}

fn tell(found: &Diagnosed, lines: &mut Vec<String>) {
    match found.alternatives.as_slice() {
        [only] => tell_together(only, "  ", lines),
        tied => {
            lines.push(format!("  one of these {}, which give the same numbers:", tied.len()));
            tied.iter().for_each(|together| tell_together(together, "    ", lines));
        }
    }
}

fn tell_together(mistakes: &[Mistake], indent: &str, lines: &mut Vec<String>) {
    for (nth, mistake) in mistakes.iter().enumerate() {
        let and = if nth == 0 { "" } else { "and " };
        lines.push(format!("{indent}{and}{} [{}]", mistake.explanation, mistake.id));
        lines.push(format!("{indent}  Hint: {}", mistake.hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::RaisedException;
    use crate::report::{Suite, SuiteName};
    use crate::verdict::Finding;

    const TYPO: &str =
        "AttributeError: 'numpy.ndarray' object has no attribute 'meann' (a.py, line 14)";

    /// A grading of one check of each of these outcomes.
    fn graded(outcomes: Vec<CheckOutcome>, diagnosis: Diagnosis) -> Grading {
        let mut suite = Suite::new(SuiteName::Random);
        suite.verdicts = outcomes
            .into_iter()
            .map(|outcome| Verdict::new("out", "random/train", outcome, "Why?"))
            .collect();
        let report = Report { target: "a.py".to_owned(), suites: vec![suite] };
        let command = "cargo xtask grade".to_owned();
        Grading { report, diagnosis, marks: None, isolation: None, command, seconds: None }
    }

    fn raised(message: &str) -> CheckOutcome {
        CheckOutcome::Raised { message: message.to_owned() }
    }

    fn wrong() -> CheckOutcome {
        CheckOutcome::Failed { findings: vec![Finding::shape("dbeta", &[1, 3], &[3])] }
    }

    fn form(quantity: &str, found: &str, expected: &str) -> WrongForm {
        let [quantity, found, expected] = [quantity, found, expected].map(str::to_owned);
        WrongForm { quantity, found, expected }
    }

    #[test]
    fn an_exception_comes_first_with_its_next_step_and_explains_parts_without_numbers() {
        let exception = RaisedException { message: TYPO.to_owned(), calls: 62, of: 138 };
        let diagnosis = Diagnosis {
            exceptions: vec![exception],
            unexplained: vec![AnswerPart::Output],
            ..Diagnosis::default()
        };
        let told = [
            &format!("{TYPO}: this ended 62 of 138 calls."),
            "  Next step: Arrays have no `meann`. Is the name spelt right in line 14?",
        ];
        let outcomes = vec![CheckOutcome::Passed, raised(TYPO), raised("its forward pass failed")];
        let grading = graded(outcomes, diagnosis.clone());
        let end = ["Mend that, then grade again."];
        assert_eq!(lines(&grading, true), [&told[..], &end].concat());
        assert_eq!(first(&grading), told);
        // A wrong number beside it may be one more mistake.
        let grading = graded(vec![raised(TYPO), wrong()], diagnosis);
        let may_follow = format!(
            "No known mistake explains {}: it may follow from the above",
            AnswerPart::Output
        );
        assert_eq!(lines(&grading, true), [&told[..], &[may_follow.as_str()], &end].concat());
    }

    #[test]
    fn an_exception_that_no_check_failed_for_is_not_told() {
        let exception = RaisedException { message: "refused".to_owned(), calls: 3, of: 9 };
        let diagnosis = Diagnosis { exceptions: vec![exception], ..Diagnosis::default() };
        let told = lines(&graded(vec![wrong()], diagnosis), true);
        assert_eq!(told, ["No known mistake explains it."]);
    }

    #[test]
    fn what_only_checks_know_of_is_told_by_checks() {
        let message = "the program was ended, since it took longer than 10 seconds";
        let again = format!("not asked any more: {message}");
        let all = graded(vec![raised(message), raised(&again)], Diagnosis::default());
        assert_eq!(lines(&all, true)[0], format!("{message}: no call got any further."));
        let some = graded(vec![raised(message), CheckOutcome::Passed], Diagnosis::default());
        assert_eq!(lines(&some, true)[0], format!("{message}: this ended 1 of 2 checks."));
        let outcomes = vec![raised(message), CheckOutcome::Passed, raised(&again), raised(&again)];
        let told = format!("{message}: this ended 1 of 4 checks, and 2 more were not asked.");
        assert_eq!(lines(&graded(outcomes, Diagnosis::default()), true)[0], told);
    }

    #[test]
    fn wrong_shapes_and_types_are_told_together_and_never_as_a_wrong_formula() {
        let wrong_forms = vec![
            form("dgamma", "shape (1, C)", "shape (C,)"),
            form("out", "int64", "float64"),
            form("dbeta", "shape (1, C)", "shape (C,)"),
        ];
        let unexplained = vec![AnswerPart::Dbeta];
        let diagnosis = Diagnosis { wrong_forms, unexplained, ..Diagnosis::default() };
        let told = lines(&graded(vec![wrong()], diagnosis), true);
        assert_eq!(
            told,
            [
                "dgamma and dbeta have shape (1, C), expected (C,).",
                "out is int64, expected float64.",
                "  Next step: Print the shape of what you return. Which axis is too many, or missing?",
                "  Next step: Print the dtype of what you return. Which line changes it?",
                "No known mistake explains dbeta: it may follow from the above",
                "Mend the first of these, then grade again.",
            ]
        );
    }

    #[test]
    fn nothing_is_unexplained_where_everything_passed() {
        let unexplained = vec![AnswerPart::Output];
        let wrong_forms = vec![form("out", "int64", "float64")];
        let diagnosis = Diagnosis { wrong_forms, unexplained, ..Diagnosis::default() };
        assert_eq!(lines(&graded(vec![CheckOutcome::Passed], diagnosis), false), [""; 0]);
    }
}
