//! The notebook's own suite, with its inputs, its criteria and their weaknesses.
//!
//! The forward tests look at the mean and standard deviation of each output channel only; the
//! backward test holds the analytic gradients against numeric ones of the submission's own forward
//! pass. What slips through them is for the reference suite.

use kernels::gradient_check::{STEP, directional_slope, perturbed, rel_error};
use ndarray::{ArrayD, ArrayViewD, Axis};

use crate::check::hint;
use crate::check::question::{Question, Questions, ask};
use crate::check::script::script_of;
use crate::check::tolerances::{
    NOTEBOOK_ATOL_EVAL, NOTEBOOK_ATOL_TRAIN, NOTEBOOK_GRADIENT, NOTEBOOK_RTOL,
};
use crate::compare::is_close;
use crate::diagnosis::Profile;
use crate::fixture::{Case, Config, Mode, NOTEBOOK_BACKWARD, NOTEBOOK_TESTS};
use crate::report::{Suite, SuiteName};
use crate::submission::{Answer, AskedMode, Failure, Script, Step, Submission};
use crate::tensor::Tensor;
use crate::verdict::{CheckOutcome, Finding, Verdict};

/// Asks the notebook's tests whose cases are among `cases`.
pub(crate) fn notebook_suite(submission: &dyn Submission, cases: &[Case]) -> Suite {
    let questions = notebook_questions(submission, cases);
    let (mut suites, _) = ask(submission, vec![questions], Profile::Strict);
    suites.pop().unwrap_or_else(|| Suite::new(SuiteName::Notebook))
}

/// The notebook's tests whose cases are among `cases`.
pub(crate) fn notebook_questions<'a>(
    submission: &dyn Submission,
    cases: &'a [Case],
) -> Questions<'a> {
    let questions = NOTEBOOK_TESTS.into_iter().filter_map(|(name, check)| {
        let case = cases.iter().find(|case| case.name == name)?;
        let (Some(script), Config::BatchNorm(mode, _)) = (script_of(case), &case.config) else {
            return None;
        };
        let backward = name == NOTEBOOK_BACKWARD;
        let scripts = if backward { vec![perturbed_script(&script), script] } else { vec![script] };
        Some(Question::new(scripts, move |scripts, answers, _| {
            let findings = match (scripts, answers) {
                ([script], [answer]) => forward_test(script, answer, *mode),
                ([_, script], [perturbed, answer]) => backward_test(script, perturbed, answer),
                _ => Err(Failure::TooFew),
            };
            let hint = case.hint.as_deref().unwrap_or(hint::for_notebook(backward, *mode));
            vec![Verdict::new(check, &case.name, CheckOutcome::of(findings), hint)]
        }))
    });
    Questions::new(SuiteName::Notebook, submission, questions)
}

/// Each channel of the output must have mean beta and standard deviation gamma.
fn forward_test(script: &Script, answer: &Answer, mode: Mode) -> Result<Vec<Finding>, Failure> {
    let outputs = answer.as_ref().map_err(Clone::clone)?;
    let steps = outputs.all_steps().map_err(Clone::clone)?;
    let (Some(step), Some(output)) = (script.steps.last(), steps.last()) else {
        return Err(Failure::TooFew);
    };
    let out = output.out.to_f64();
    if out.shape() != step.x.shape() {
        return Ok(vec![Finding::shape("out", out.shape(), step.x.shape())]);
    }
    let atol = if mode == Mode::Train { NOTEBOOK_ATOL_TRAIN } else { NOTEBOOK_ATOL_EVAL };
    let mut findings = Vec::new();
    let wanted = [("mean", "beta", step.beta.to_f64()), ("std", "gamma", step.gamma.to_f64())];
    for (quantity, parameter, expected) in wanted {
        for (channel, (values, &expected)) in out.axis_iter(Axis(1)).zip(&expected).enumerate() {
            let found = if quantity == "mean" { mean(values) } else { std(values) };
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

fn mean(values: ArrayViewD<'_, f64>) -> f64 {
    values.sum() / values.len() as f64
}

/// The population standard deviation.
fn std(values: ArrayViewD<'_, f64>) -> f64 {
    let mean = mean(values.view());
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / values.len() as f64).sqrt()
}

/// The three gradients' arguments in the order in which they are moved.
fn arguments(step: &Step) -> [(&'static str, &Tensor); 3] {
    [("dx", &step.x), ("dgamma", &step.gamma), ("dbeta", &step.beta)]
}

/// All forward passes of the three numeric gradients: each element of each argument moved up, then
/// down.
fn perturbed_script(script: &Script) -> Script {
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
    Script { steps, backwards: Vec::new(), ..script.clone() }
}

/// dx, dgamma and dbeta must agree with central differences of the submission's own forward pass.
fn backward_test(
    script: &Script,
    perturbed: &Answer,
    answer: &Answer,
) -> Result<Vec<Finding>, Failure> {
    let (Some(step), Some(backward)) = (script.steps.last(), script.backwards.last()) else {
        return Err(Failure::TooFew);
    };
    let dout = backward.dout.to_f64();
    let perturbed = perturbed.as_ref().map_err(Clone::clone)?;
    let perturbed = perturbed.all_steps().map_err(Clone::clone)?;
    let mut outputs = perturbed.into_iter().map(|step| step.out.to_f64());
    let answer = answer.as_ref().map_err(Clone::clone)?;
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
            *slope = directional_slope(above.view(), below.view(), dout.view(), STEP).map_err(
                |error| Failure::Unusable {
                    what: "the output of a forward pass".to_owned(),
                    reason: format!("does not fit dout: {error}"),
                },
            )?;
        }
        let result = result.to_f64();
        match rel_error(numeric.view(), result.view()) {
            // As the notebook's `isclose(error, 0, atol=1e-6)`, for which the limit itself is close.
            Ok(error) if error <= NOTEBOOK_GRADIENT => {}
            Ok(found) => findings.push(Finding::Gradient {
                quantity: quantity.to_owned(),
                found,
                limit: NOTEBOOK_GRADIENT,
            }),
            Err(_) => findings.push(Finding::shape(quantity, result.shape(), argument.shape())),
        }
    }
    Ok(findings)
}
