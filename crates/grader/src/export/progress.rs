//! How far a learner is: what is done of each task, the first failure, and its hints one by one.

use crate::diagnosis::Diagnosis;
use crate::export::exceptions::message_of;
use crate::export::exercism::task;
use crate::export::for_student;
use crate::export::next_step::{is_unwritten, next_step, place};
use crate::grading::Grading;
use crate::verdict::{CheckOutcome, Finding, Verdict};

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
    /// What a grading says of it.
    pub fn of(grading: &Grading) -> Self {
        let grading = grading.shown();
        let of_task = |nth: usize| {
            grading.report.verdicts().filter(move |verdict| place_of(&verdict.check) == nth)
        };
        let tasks = TASKS.iter().enumerate().map(|(nth, title)| TaskProgress {
            title,
            passed: of_task(nth).filter(|verdict| verdict.is_well()).count(),
            of: of_task(nth).count(),
        });
        let failed = (0..TASKS.len()).flat_map(of_task).find(|verdict| !verdict.is_well());
        Self {
            tasks: tasks.filter(|task| task.of > 0).collect(),
            first: failed.map(|verdict| FirstFailure::of(verdict, &grading)),
        }
    }
}

/// The place in [`TASKS`] of what a check is of.
fn place_of(check: &str) -> usize {
    task(check).map_or(TASKS.len() - 1, |task| usize::from(task) - 1)
}

impl FirstFailure {
    fn of(verdict: &Verdict, grading: &Grading) -> Self {
        let alone = grading.rerun(verdict);
        match message_of(verdict) {
            Some(message) => {
                let hints = if is_unwritten(&message) {
                    of_unwritten(place_of(&verdict.check), &message)
                } else {
                    of_exception(&message)
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
fn of_unwritten(task: usize, message: &str) -> Vec<String> {
    let at = place(message).map_or(String::new(), |place| format!(" ({place})"));
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

/// The hints for an exception: the line, and what to do.
fn of_exception(message: &str) -> Vec<String> {
    let look = place(message)
        .map(|place| format!("Look at {place}, and at the shapes and values that it is given."));
    let step = next_step(message);
    look.into_iter().chain(step).collect()
}

/// The hints for a wrong answer: where, what differs, and a question.
fn of_numbers(verdict: &Verdict, diagnosis: &Diagnosis) -> Vec<String> {
    let mut hints = vec![format!("It is in {}.", part(verdict))];
    if let CheckOutcome::Failed { findings } = &verdict.outcome {
        let mut lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
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
        let progress = Progress::of(&grading);
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
            let first = Progress::of(&graded(&[("out", raised)])).first.unwrap();
            assert_eq!(first.name, message);
            assert!(first.hints[0].contains("line 42"), "{message}: {:?}", first.hints);
            assert!(first.hints.len() > 1 || message.contains(": no:"), "{message}");
        }
    }

    #[test]
    fn nothing_fails_where_all_checks_pass() {
        let progress = Progress::of(&graded(&[("out", CheckOutcome::Passed)]));
        assert_eq!(progress.first, None);
    }
}
