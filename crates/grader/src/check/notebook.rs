//! The notebook's own suite, with its inputs, its criteria and their weaknesses.
//!
//! The forward tests look at the mean and standard deviation of each output channel only; the
//! backward test holds the analytic gradients against numeric ones of the submission's own forward
//! pass. What slips through them is for the reference suite.

use kernels::gradient_check::{STEP, perturbed, rel_error};
use ndarray::ArrayD;

use crate::check::hint;
use crate::check::numpy::{broadcast, mean_and_std, misfit};
use crate::check::question::{Question, Questions, ask};
use crate::check::script::script_of;
use crate::check::tolerances::{
    NOTEBOOK_ATOL_EVAL, NOTEBOOK_ATOL_TRAIN, NOTEBOOK_GRADIENT, NOTEBOOK_RTOL,
};
use crate::compare::is_close;
use crate::diagnosis::Profile;
use crate::fixture::{Case, Config, Mode, NOTEBOOK_BACKWARD, NOTEBOOK_TESTS};
use crate::report::{Suite, SuiteName};
use crate::rubric::Pattern;
use crate::submission::{Answer, AskedMode, Backward, Failure, Script, Step, Submission};
use crate::tensor::Tensor;
use crate::verdict::{CheckOutcome, Finding, Verdict};

/// Asks the notebook's tests whose cases are among `cases`.
pub(crate) fn notebook_suite(submission: &dyn Submission, cases: &[Case]) -> Suite {
    let questions = notebook_questions(submission, cases, &[]);
    let (mut suites, _) = ask(submission, vec![questions], Profile::Strict, &[]);
    suites.pop().unwrap_or_else(|| Suite::new(SuiteName::Notebook))
}

/// The notebook's tests whose cases are among `cases`. Those that are `hidden` are asked apart.
pub(crate) fn notebook_questions<'a>(
    submission: &dyn Submission,
    cases: &'a [Case],
    hidden: &[Pattern],
) -> Questions<'a> {
    let tests = NOTEBOOK_TESTS.into_iter().filter_map(|(name, check)| {
        let case = cases.iter().find(|case| case.name == name)?;
        let (Some(script), Config::BatchNorm(mode, _)) = (script_of(case), &case.config) else {
            return None;
        };
        Some((Test { case, check, mode: *mode, backward: name == NOTEBOOK_BACKWARD }, script))
    });
    let (backward, forward): (Vec<_>, Vec<_>) = tests.partition(|(test, _)| test.backward);
    let is_hidden = |(test, _): &(Test<'a>, Script)| {
        hidden.iter().any(|pattern| pattern.names(&test.case.name, test.check))
    };
    let (unseen, seen): (Vec<_>, Vec<_>) = forward.into_iter().partition(is_hidden);
    let mut questions = Vec::new();
    for forward in [seen, unseen] {
        if forward.is_empty() {
            continue;
        }
        let (tests, scripts): (Vec<Test<'a>>, Vec<Script>) = forward.into_iter().unzip();
        questions.push(Question::new(scripts, move |scripts, answers, _| {
            forward_verdicts(&tests, scripts, answers)
        }));
    }
    for (test, script) in backward {
        let scripts = vec![with_numeric_gradient(script)];
        questions.push(Question::new(scripts, move |scripts, answers, _| {
            let findings = match (scripts, answers) {
                ([script], [answer]) => backward_test(script, answer),
                _ => Err(Failure::TooFew),
            };
            vec![test.verdict(findings)]
        }));
    }
    Questions::new(SuiteName::Notebook, submission, questions)
}

/// A test of the notebook.
struct Test<'a> {
    case: &'a Case,
    /// Its name in the notebook.
    check: &'static str,
    mode: Mode,
    backward: bool,
}

impl Test<'_> {
    fn verdict(&self, findings: Result<Vec<Finding>, Failure>) -> Verdict {
        let hint = hint::for_notebook(self.backward, self.mode);
        let hint = self.case.hint.as_deref().unwrap_or(hint);
        Verdict::new(self.check, &self.case.name, CheckOutcome::of(findings), hint)
    }
}

/// The verdicts of the forward tests. The notebook makes all of them before it runs the first, and
/// making one includes its warm-up batches: an exception there ends them all.
fn forward_verdicts(tests: &[Test<'_>], scripts: &[Script], answers: &[Answer]) -> Vec<Verdict> {
    let warm_up_failure = answers.iter().find_map(|answer| {
        let (_, warm_up) = answer.as_ref().ok()?.steps.split_last()?;
        warm_up.iter().find_map(|step| step.as_ref().err())
    });
    let verdict = |((test, script), answer): ((&Test<'_>, &Script), &Answer)| {
        let findings = match warm_up_failure {
            Some(failure) => Err(failure.clone()),
            None => forward_test(script, answer, test.mode),
        };
        test.verdict(findings)
    };
    tests.iter().zip(scripts).zip(answers).map(verdict).collect()
}

/// The mean and standard deviation of the output over the axes (0, 2, 3) must be beta and gamma.
fn forward_test(script: &Script, answer: &Answer, mode: Mode) -> Result<Vec<Finding>, Failure> {
    let outputs = answer.as_ref().map_err(Clone::clone)?;
    let steps = outputs.all_steps().map_err(Clone::clone)?;
    let (Some(step), Some(output)) = (script.steps.last(), steps.last()) else {
        return Err(Failure::TooFew);
    };
    let misfit = || misfit("out", output.out.shape(), step.x.shape());
    let (mean, std) = mean_and_std(&output.out.to_f64()).ok_or_else(misfit)?;
    let atol = if mode == Mode::Train { NOTEBOOK_ATOL_TRAIN } else { NOTEBOOK_ATOL_EVAL };
    let mut findings = Vec::new();
    for (quantity, measured, parameter, expected) in
        [("mean", mean, "beta", &step.beta), ("std", std, "gamma", &step.gamma)]
    {
        let (measured, expected) = broadcast(&measured, &expected.to_f64()).ok_or_else(misfit)?;
        for (channel, (&found, &expected)) in measured.iter().zip(&expected).enumerate() {
            // As the notebook calls it: the measured value is the reference of rtol.
            if !is_close(expected, found, NOTEBOOK_RTOL, atol) {
                findings.push(Finding::Statistic {
                    quantity: quantity.to_owned(),
                    channel,
                    found,
                    parameter: parameter.to_owned(),
                    expected,
                    rtol: NOTEBOOK_RTOL,
                    atol,
                });
            }
        }
    }
    Ok(findings)
}

/// The three gradients' arguments in the order in which they are moved.
fn arguments(step: &Step) -> [(&'static str, &Tensor); 3] {
    [("dx", &step.x), ("dgamma", &step.gamma), ("dbeta", &step.beta)]
}

/// The script of the backward test: the forward passes of three numeric gradients, which move each
/// element of each argument up, then down, and then the forward pass and the backward pass of the
/// script itself.
fn with_numeric_gradient(script: Script) -> Script {
    let mut steps = Vec::new();
    if let Some(last) = script.steps.last() {
        for (quantity, argument) in arguments(last) {
            let argument = argument.to_f64();
            for moved in perturbed(argument.view(), STEP).flatten() {
                let mut step = Step { mode: AskedMode::Train, ..last.clone() };
                match quantity {
                    "dx" => step.x = Tensor::Float64(moved),
                    "dgamma" => step.gamma = Tensor::Float64(moved),
                    _ => step.beta = Tensor::Float64(moved),
                }
                steps.push(step);
            }
        }
    }
    let moved_steps = steps.len();
    let backward = |asked: &Backward| Backward { step: moved_steps + asked.step, ..asked.clone() };
    let backwards = script.backwards.iter().map(backward).collect();
    steps.extend(script.steps.iter().cloned());
    Script { steps, moved_steps, backwards, ..script }
}

/// dx, dgamma and dbeta must agree with central differences of the submission's own forward pass.
fn backward_test(script: &Script, answer: &Answer) -> Result<Vec<Finding>, Failure> {
    let (Some(step), Some(backward)) = (script.steps.last(), script.backwards.last()) else {
        return Err(Failure::TooFew);
    };
    let dout = backward.dout.to_f64();
    let answer = answer.as_ref().map_err(Clone::clone)?;
    let steps = answer.all_steps().map_err(Clone::clone)?;
    let mut outputs = steps.into_iter().map(|step| step.out.to_f64());
    let analytic = match answer.gradients.last() {
        Some(gradients) => gradients.as_ref().map_err(Clone::clone)?,
        None => return Err(Failure::TooFew),
    };

    let mut findings = Vec::new();
    let results = [&analytic.dx, &analytic.dgamma, &analytic.dbeta];
    for ((quantity, argument), result) in arguments(step).into_iter().zip(results) {
        let mut numeric = ArrayD::zeros(argument.shape());
        for slope in &mut numeric {
            let (Some(above), Some(below)) = (outputs.next(), outputs.next()) else {
                return Err(Failure::TooFew);
            };
            let misfit = || misfit("out", above.shape(), step.x.shape());
            let (above, below) = broadcast(&above, &below).ok_or_else(misfit)?;
            let (difference, dout) = broadcast(&(above - below), &dout).ok_or_else(misfit)?;
            *slope = (difference * dout).sum() / (2.0 * STEP);
        }
        let misfit = || misfit(quantity, result.shape(), argument.shape());
        let (numeric, result) = broadcast(&numeric, &result.to_f64()).ok_or_else(misfit)?;
        let found = rel_error(numeric.view(), result.view())?;
        // As the notebook's `isclose(error, 0, atol=1e-6)`, for which the limit itself is close.
        if found.is_nan() || found > NOTEBOOK_GRADIENT {
            let limit = NOTEBOOK_GRADIENT;
            findings.push(Finding::Gradient { quantity: quantity.to_owned(), found, limit });
        }
    }
    Ok(findings)
}
