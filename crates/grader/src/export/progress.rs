//! How far a learner is: what is done of each task, the first failure, and its hints one by one.

use crate::diagnosis::{Diagnosis, WrongForm};
use crate::export::diagnosis::{form_line, step_of_form};
use crate::export::exceptions::{message_of, was_not_asked};
use crate::export::exercism::task;
use crate::export::for_student;
use crate::export::next_step::{is_unwritten, next_step, place};
use crate::grading::Grading;
use crate::submission::{Learner, Place};
use crate::verdict::{CheckOutcome, Finding, Verdict};

/// The names of the functions that the exercise in Python supplies begin so.
const SUPPLIED: &str = "plain_batchnorm_";

/// Findings that a hint shows; the others are counted.
const FINDINGS: usize = 3;

/// The two tasks of the exercise, and what is checked of both together.
const TASKS: [&str; 3] =
    ["Task 1, the forward pass", "Task 2, the backward pass", "Both tasks together"];

/// How far a learner is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is done of each task.
    pub tasks: Vec<TaskProgress>,
    /// The first check that fails, in the order of the tasks; `None` if all pass.
    pub first: Option<FirstFailure>,
    /// The number of checks that pass with a note on a convention.
    pub noted: usize,
}

/// What is done of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskProgress {
    /// The task.
    pub title: &'static str,
    /// The number of checks that pass.
    pub passed: usize,
    /// The number of all its checks.
    pub of: usize,
    /// The number of those that were not asked, since the code ended the program or did not return.
    pub not_asked: usize,
}

/// The check to make pass next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstFailure {
    /// Its name, or the exception that ended it.
    pub name: String,
    /// What leads to the mistake, step by step: where it is, what differs, and a question.
    pub hints: Vec<String>,
    /// The command that shows all that is known of it.
    pub alone: String,
}

impl Progress {
    /// What a grading of this learner's code says of it.
    pub fn of(grading: &Grading, learner: &Learner) -> Self {
        let grading = grading.shown();
        let of_task = |nth: usize| {
            grading.report.verdicts().filter(move |verdict| place_of(&verdict.check) == nth)
        };
        let tasks = TASKS.iter().enumerate().map(|(nth, title)| TaskProgress {
            title,
            passed: of_task(nth).filter(|verdict| verdict.is_well()).count(),
            of: of_task(nth).count(),
            not_asked: of_task(nth).filter(|verdict| was_not_asked(verdict)).count(),
        });
        let failed = || (0..TASKS.len()).flat_map(of_task).filter(|verdict| !verdict.is_well());
        let failed = failed().find(|verdict| !was_not_asked(verdict)).or_else(|| failed().next());
        Self {
            tasks: tasks.filter(|task| task.of > 0).collect(),
            noted: grading.report.verdicts().filter(|verdict| is_noted(verdict)).count(),
            first: failed.map(|verdict| FirstFailure::of(verdict, &grading, learner)),
        }
    }
}

fn is_noted(verdict: &Verdict) -> bool {
    match &verdict.outcome {
        CheckOutcome::Noted { .. } => true,
        CheckOutcome::Passed | CheckOutcome::Failed { .. } | CheckOutcome::Raised { .. } => false,
    }
}

/// The place in [`TASKS`] of what a check is of.
fn place_of(check: &str) -> usize {
    task(check).map_or(TASKS.len() - 1, |task| usize::from(task) - 1)
}

impl FirstFailure {
    fn of(verdict: &Verdict, grading: &Grading, learner: &Learner) -> Self {
        let alone = grading.rerun(verdict);
        match message_of(verdict) {
            Some(message) => {
                let hints = if is_unwritten(&message) {
                    of_unwritten(place_of(&verdict.check), &message, learner)
                } else {
                    of_exception(verdict, &message, &grading.diagnosis, learner)
                };
                Self { name: message, hints, alone }
            }
            None => {
                let name = for_student::name(verdict);
                Self { hints: of_numbers(verdict, &grading.diagnosis), name, alone }
            }
        }
    }
}

/// The hints for a function that is still to be written.
fn of_unwritten(task: usize, message: &str, learner: &Learner) -> Vec<String> {
    let of_function = if task == 0 { &learner.forward } else { &learner.backward };
    let at = place(message).unwrap_or(of_function);
    let at = if at.is_empty() { String::new() } else { format!(" ({at})") };
    let mut hints = of_task(task, &at);
    // It may be written, and its results may be lost on the way.
    hints.extend(place(message).is_none().then(|| next_step(message)).flatten());
    hints
}

fn of_task(task: usize, at: &str) -> Vec<String> {
    if task == 0 {
        vec![
            format!(
                "Write task 1, spatial_batchnorm_forward{at}. The lesson says what it computes."
            ),
            "It is given x of shape (N, C, H, W), and gamma and beta of shape (C,). It returns an \
             array of the shape of x. All values of one channel share one mean and one variance."
                .to_owned(),
            "Plain batch norm normalises the columns of a matrix. Which matrix has one column per \
             channel, and which axis of x must become the last one for that?"
                .to_owned(),
        ]
    } else {
        vec![
            format!(
                "Write task 2, spatial_batchnorm_backward{at}. The lesson derives what it computes."
            ),
            "It is given dout of shape (N, C, H, W) and your cache. It returns dx of the same \
             shape, and dgamma and dbeta of shape (C,)."
                .to_owned(),
            "dout belongs to the output as its values lie. Which way did x take to become rows, \
             and which way leads back?"
                .to_owned(),
        ]
    }
}

/// The hints for an exception: where it arises, on which input, and what to do.
fn of_exception(
    verdict: &Verdict,
    message: &str,
    diagnosis: &Diagnosis,
    learner: &Learner,
) -> Vec<String> {
    let mut hints: Vec<String> =
        place(message).map(|at| arises(verdict, message, at, learner)).into_iter().collect();
    let step = next_step(message);
    if hints.is_empty() && step.is_none() {
        return of_numbers(verdict, diagnosis);
    }
    hints.extend(verdict.input.as_ref().map(|input| format!("Given was {input}")));
    hints.extend(step);
    hints
}

/// Where an exception arises: the function, its file and line, the code of the line, and the case.
fn arises(verdict: &Verdict, message: &str, at: &str, learner: &Learner) -> String {
    // A message of the exercise says what its function was given, and shows the code.
    let place = learner.at(at);
    let given = message.split_once(", given ").and_then(|(function, rest)| {
        let (given, _) = rest.split_once(": ")?;
        let is_here = place.is_some_and(|place| place.function == Some(function));
        let whose = if is_here { String::new() } else { format!("when {function} is ") };
        Some(format!(", {whose}given {given}"))
    });
    let given = given.unwrap_or_default();
    let case = format!("The case is {}.", verdict.case);
    match place {
        Some(Place { function: Some(function), code: None }) => {
            format!("It arises in {function} ({at}), or in what that calls. {case}")
        }
        Some(Place { function: Some(function), code: Some(_) })
            if function.starts_with(SUPPLIED) =>
        {
            format!("It arises in {function} ({at}). What does your code hand over to it? {case}")
        }
        Some(Place { function, code }) => {
            let function = function.map_or_else(
                || "outside of all functions".to_owned(),
                |function| format!("in {function}"),
            );
            let code = code.filter(|code| !message.contains(&format!("`{code}")));
            let code = code.map_or(String::new(), |code| format!("\n`{code}`"));
            format!("It arises {function} ({at}){given}. {case}{code}")
        }
        None => format!("It arises in {at}{given}. {case}"),
    }
}

/// The wrong form that a check complains of, if it does.
fn form_of<'a>(verdict: &Verdict, diagnosis: &'a Diagnosis) -> Option<&'a WrongForm> {
    let said = match &verdict.outcome {
        CheckOutcome::Raised { message } => vec![message.clone()],
        CheckOutcome::Failed { findings } => findings.iter().map(Finding::to_string).collect(),
        CheckOutcome::Passed | CheckOutcome::Noted { .. } => Vec::new(),
    };
    let is_told = |form: &&WrongForm| {
        let (quantity, found) = (&form.quantity, &form.found);
        let complaint = if form.is_of_shape() {
            format!("{quantity} has shape [")
        } else {
            format!("{quantity} is {found}, expected ")
        };
        said.iter().any(|said| said.contains(&complaint))
    };
    diagnosis.wrong_forms.iter().find(is_told)
}

/// The wrong form that a message tells, as in "out has shape [2, 4, 3], expected [2, 3, 4]".
fn form_in(message: &str) -> Option<WrongForm> {
    let (quantity, shapes) = message.split_once(" has shape [")?;
    let (found, expected) = shapes.strip_suffix(']')?.split_once("], expected [")?;
    let [found, expected] = [found, expected].map(|shape| format!("shape ({shape})"));
    Some(WrongForm { quantity: quantity.to_owned(), found, expected })
}

/// The hints for a result of a wrong shape or type.
fn of_form(verdict: &Verdict, form: &WrongForm) -> Vec<String> {
    let place = format!("It is in {}.", part(verdict));
    vec![place, form_line(&[&form.quantity], form), step_of_form(form).to_owned()]
}

/// The hints for a wrong answer: where, what differs, and a question.
fn of_numbers(verdict: &Verdict, diagnosis: &Diagnosis) -> Vec<String> {
    if let Some(form) = form_of(verdict, diagnosis) {
        return of_form(verdict, form);
    }
    if let Some(form) =
        message_of(verdict).as_deref().and_then(form_in).filter(WrongForm::is_permuted)
    {
        return vec![format!("It is in {}.", part(verdict)), step_of_form(&form).to_owned()];
    }
    let mut hints = vec![format!("It is in {}.", part(verdict))];
    if let CheckOutcome::Failed { findings } = &verdict.outcome {
        let mut lines: Vec<String> =
            findings.iter().take(FINDINGS).map(Finding::to_string).collect();
        let more = findings.len().saturating_sub(FINDINGS);
        lines.extend((more > 0).then(|| format!("… and {more} more like these")));
        lines.extend(verdict.input.as_ref().map(|input| format!("Given was {input}")));
        hints.push(lines.join("\n"));
    }
    // A mistake that is found has the better question.
    let alternatives = diagnosis.found.iter().flat_map(|found| found.alternatives.first());
    let found = alternatives.flatten().find(|mistake| !mistake.is_convention);
    hints.extend(found.map(|mistake| mistake.hint.to_owned()).or_else(|| verdict.hint.clone()));
    hints
}

/// What a check looks at, in words.
fn part(verdict: &Verdict) -> &str {
    match verdict.check.as_str() {
        "out" => "the output of your forward pass",
        "running_mean" => "the running mean that your forward pass leaves in bn_param",
        "running_var" => "the running variance that your forward pass leaves in bn_param",
        "dx" => "dx, the gradient with respect to x",
        "dgamma" => "dgamma, the gradient with respect to gamma",
        "dbeta" => "dbeta, the gradient with respect to beta",
        name if name.starts_with("SpatialBatchnormForward") && name.contains("(test)") => {
            "the output of your forward pass in test mode, whose mean and standard deviation it \
             looks at, channel by channel"
        }
        name if name.starts_with("SpatialBatchnormForward") => {
            "the output of your forward pass in training, whose mean and standard deviation it \
             looks at, channel by channel"
        }
        name if name.starts_with("SpatialBatchnormBackward") => {
            "your gradients, which it compares with numeric ones of your own forward pass"
        }
        _ => "what your functions do beside computing: to their arguments, and from call to call",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Report, Suite, SuiteName};

    fn learner() -> Learner {
        Learner::of("layers.py", "def rows(x):\n    return x.reshape(-1, 7)\n", "def", false)
    }

    fn graded(outcomes: &[(&str, CheckOutcome)]) -> Grading {
        let mut suite = Suite::new(SuiteName::Random);
        let verdict = |(check, outcome): &(&str, CheckOutcome)| {
            Verdict::new(check, "random/train", outcome.clone(), "Which axes?")
        };
        suite.verdicts = outcomes.iter().map(verdict).collect();
        let report = Report { target: "exercise".to_owned(), suites: vec![suite] };
        let command = "cargo xtask grade --target exercise".to_owned();
        let diagnosis = Diagnosis::default();
        Grading { report, diagnosis, marks: None, isolation: None, command, seconds: None }
    }

    #[test]
    fn the_first_task_that_fails_comes_first_with_hints_from_where_to_why() {
        let wrong = CheckOutcome::Failed { findings: vec![Finding::shape("out", &[1], &[3])] };
        let grading =
            graded(&[("dx", wrong.clone()), ("out", wrong), ("dbeta", CheckOutcome::Passed)]);
        let progress = Progress::of(&grading, &learner());
        let counts: Vec<_> = progress.tasks.iter().map(|task| (task.passed, task.of)).collect();
        assert_eq!(counts, [(0, 1), (1, 2)]);
        let first = progress.first.unwrap();
        assert_eq!(first.name, "random/train: out");
        let expected = [
            "It is in the output of your forward pass.",
            "out has shape [1], expected [3]",
            "Which axes?",
        ];
        assert_eq!(first.hints, expected);
        assert_eq!(first.alone, "cargo xtask grade --target exercise --case random/train");
    }

    #[test]
    fn every_kind_of_failure_has_a_hint() {
        for message in [
            "spatial_batchnorm_forward is not implemented yet (spatial_batchnorm.rs, line 42)",
            "your forward pass did not return within 10 s (spatial_batchnorm.rs, line 42)",
            "your forward pass overflowed the stack (spatial_batchnorm.rs, line 42)",
            "your forward pass ended the program with exit code 0 (spatial_batchnorm.rs, line 42)",
            "your forward pass aborted the program (spatial_batchnorm.rs, line 42)",
            "your forward pass took more memory than its limit of 4096 MiB (a.rs, line 42)",
            "spatial_batchnorm_forward, given x of shape (1, 2, 3, 4): no: `x?` (a.rs, line 42)",
        ] {
            let raised = CheckOutcome::Raised { message: message.to_owned() };
            let first = Progress::of(&graded(&[("out", raised)]), &learner()).first.unwrap();
            assert_eq!(first.name, message);
            assert!(first.hints[0].contains("line 42"), "{message}: {:?}", first.hints);
            assert!(first.hints.len() > 1 || message.contains(": no:"), "{message}");
        }
    }

    #[test]
    fn an_exception_is_told_with_its_function_its_code_and_its_input() {
        let raised = |message: &str| CheckOutcome::Raised { message: message.to_owned() };
        let hints = |message: &str| {
            Progress::of(&graded(&[("out", raised(message))]), &learner()).first.unwrap().hints
        };
        let told =
            hints("ValueError: cannot reshape array of size 6 into shape (7) (layers.py, line 2)");
        assert_eq!(
            told[0],
            "It arises in rows (layers.py, line 2). The case is random/train.\n`return x.reshape(-1, 7)`"
        );
        assert!(told[1].contains("6 values, which 7 does not divide"), "{told:?}");
        let told = hints("f, given x of shape (1, 2, 3, 4): no: `x?` (layers.py, line 2)");
        let expected =
            "It arises in rows (layers.py, line 2), when f is given x of shape (1, 2, 3, 4).";
        assert!(told[0].starts_with(expected), "{told:?}");
        let told = hints("your forward pass overflowed the stack (layers.py, line 1)");
        assert_eq!(
            told[0],
            "It arises in rows (layers.py, line 1), or in what that calls. The case is random/train."
        );
        assert_eq!(told[1], "Which function calls itself, and what ends that?");
    }

    #[test]
    fn a_wrong_shape_is_told_as_that_though_numpy_raised_an_exception() {
        let message = "out has shape [2, 4, 5, 3], expected [2, 3, 4, 5]".to_owned();
        let mut grading = graded(&[("out", CheckOutcome::Raised { message: message.clone() })]);
        let [quantity, found, expected] =
            ["out", "shape (N, H, W, C)", "shape (N, C, H, W)"].map(str::to_owned);
        grading.diagnosis.wrong_forms = vec![WrongForm { quantity, found, expected }];
        let first = Progress::of(&grading, &learner()).first.unwrap();
        assert_eq!(first.name, message);
        assert_eq!(first.hints[0], "It is in the output of your forward pass.");
        assert_eq!(first.hints[1], "out has shape (N, H, W, C), expected (N, C, H, W).");
        assert!(first.hints[2].starts_with("The axes are there, in another order."), "{first:?}");
        // A known mistake makes the form, and none is recorded.
        grading.diagnosis.wrong_forms.clear();
        let first = Progress::of(&grading, &learner()).first.unwrap();
        assert_eq!(first.hints[0], "It is in the output of your forward pass.");
        assert!(first.hints[1].starts_with("The axes are there, in another order."), "{first:?}");
        let message = "out has shape [2, 3], expected [2, 3, 4, 5]".to_owned();
        let grading = graded(&[("out", CheckOutcome::Raised { message })]);
        let first = Progress::of(&grading, &learner()).first.unwrap();
        assert_eq!(first.hints, ["It is in the output of your forward pass."]);
    }

    #[test]
    fn what_was_not_asked_is_counted_and_comes_last() {
        let raised = |message: &str| CheckOutcome::Raised { message: message.to_owned() };
        let grading = graded(&[
            ("out", raised("not asked any more: your forward pass aborted the program")),
            ("running_mean", raised("your forward pass aborted the program")),
        ]);
        let progress = Progress::of(&grading, &learner());
        assert_eq!((progress.tasks[0].of, progress.tasks[0].not_asked), (2, 1));
        assert_eq!(progress.first.unwrap().alone.rsplit(' ').next(), Some("random/train"));
    }

    #[test]
    fn nothing_fails_where_all_checks_pass() {
        let progress = Progress::of(&graded(&[("out", CheckOutcome::Passed)]), &learner());
        assert_eq!(progress.first, None);
    }
}
