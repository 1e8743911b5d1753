//! The notebook's own suite, with its inputs, its criteria and their weaknesses.
//!
//! The forward tests look at the mean and standard deviation of each output channel only; the
//! backward test holds the analytic gradients against numeric ones of the submission's own forward
//! pass. What slips through them is for the reference suite.

use kernels::gradient_check::{STEP, directional_slope, perturbed, rel_error};
use ndarray::{ArrayD, ArrayViewD, Axis};

use crate::check::{compare::is_close, hint, script_of};
use crate::fixture::{Case, Config, Mode, NOTEBOOK_BACKWARD, NOTEBOOK_TESTS};
use crate::submission::{Failure, Script, Step, Submission};
use crate::tensor::Tensor;
use crate::verdict::{Finding, Outcome, Suite, SuiteName, Verdict};

const RTOL: f64 = 1e-5;
const ATOL_TRAIN: f64 = 1e-5;
const ATOL_EVAL: f64 = 0.15;
const GRADIENT_LIMIT: f64 = 1e-6;

/// Asks the notebook's tests whose cases are among `cases`.
pub fn notebook_suite(submission: &dyn Submission, cases: &[Case], command: &str) -> Suite {
    let mut suite = Suite::new(SuiteName::Notebook);
    for (name, check) in NOTEBOOK_TESTS {
        let Some(case) = cases.iter().find(|case| case.name == name) else { continue };
        let (Some(script), Config::BatchNorm(mode, _)) = (script_of(case), &case.config) else {
            continue;
        };
        if let Some(reason) = submission.declines(&script) {
            suite.not_asked(reason);
            continue;
        }
        let backward = name == NOTEBOOK_BACKWARD;
        let findings = if backward {
            backward_test(submission, &script)
        } else {
            forward_test(submission, &script, *mode)
        };
        let outcome = Outcome::of(findings);
        let hint = hint::for_notebook(backward, *mode);
        suite.verdicts.push(Verdict::new(check, case, outcome, hint, command));
    }
    suite
}

/// Each channel of the output must have mean beta and standard deviation gamma.
fn forward_test(
    submission: &dyn Submission,
    script: &Script,
    mode: Mode,
) -> Result<Vec<Finding>, Failure> {
    let outputs = submission.run(script)?;
    let (Some(step), Some(output)) = (script.steps.last(), outputs.steps.last()) else {
        return Err(no_answer());
    };
    let out = output.out.to_f64();
    if out.shape() != step.x.shape() {
        return Ok(vec![Finding::Shape {
            quantity: "out".to_owned(),
            found: out.shape().to_vec(),
            expected: step.x.shape().to_vec(),
        }]);
    }
    let atol = if mode == Mode::Train { ATOL_TRAIN } else { ATOL_EVAL };
    let mut findings = Vec::new();
    let wanted = [("mean", "beta", step.beta.to_f64()), ("std", "gamma", step.gamma.to_f64())];
    for (quantity, parameter, expected) in wanted {
        for (channel, (values, &expected)) in out.axis_iter(Axis(1)).zip(&expected).enumerate() {
            let found = if quantity == "mean" { mean(values) } else { std(values) };
            // As the notebook calls it: the measured value is the reference of rtol.
            if !is_close(expected, found, RTOL, atol) {
                findings.push(Finding::Statistic {
                    quantity: quantity.to_owned(),
                    channel,
                    found,
                    parameter: parameter.to_owned(),
                    expected,
                    rtol: RTOL,
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

/// dx, dgamma and dbeta must agree with central differences of the submission's own forward pass.
fn backward_test(submission: &dyn Submission, script: &Script) -> Result<Vec<Finding>, Failure> {
    let (Some(step), Some(dout)) = (script.steps.last(), &script.dout) else {
        return Err(no_answer());
    };
    let dout = dout.to_f64();
    let arguments = [("dx", &step.x), ("dgamma", &step.gamma), ("dbeta", &step.beta)];
    let with_argument = |quantity: &str, moved: ArrayD<f64>| {
        let mut step = Step { mode: Mode::Train, ..step.clone() };
        match quantity {
            "dx" => step.x = Tensor::Float64(moved),
            "dgamma" => step.gamma = Tensor::Float64(moved),
            _ => step.beta = Tensor::Float64(moved),
        }
        step
    };
    // One script for all forward passes of the three numeric gradients.
    let mut steps = Vec::new();
    for (quantity, argument) in arguments {
        let argument = argument.to_f64();
        for [above, below] in perturbed(argument.view(), STEP) {
            steps.extend([with_argument(quantity, above), with_argument(quantity, below)]);
        }
    }
    let perturbed = Script { steps, dout: None, ..script.clone() };
    let mut outputs = submission.run(&perturbed)?.steps.into_iter().map(|step| step.out.to_f64());
    let analytic = match submission.run(script)?.gradients {
        Some(gradients) => gradients?,
        None => return Err(no_answer()),
    };

    let mut findings = Vec::new();
    let results = [&analytic.dx, &analytic.dgamma, &analytic.dbeta];
    for ((quantity, argument), result) in arguments.into_iter().zip(results) {
        let mut numeric = ArrayD::zeros(argument.shape());
        for slope in &mut numeric {
            let (Some(above), Some(below)) = (outputs.next(), outputs.next()) else {
                return Err(no_answer());
            };
            *slope = directional_slope(above.view(), below.view(), dout.view(), STEP)
                .map_err(|error| Failure::Refused(error.to_string()))?;
        }
        let result = result.to_f64();
        match rel_error(numeric.view(), result.view()) {
            // As the notebook's `isclose(error, 0, atol=1e-6)`, for which the limit itself is close.
            Ok(error) if error <= GRADIENT_LIMIT => {}
            Ok(found) => findings.push(Finding::Gradient {
                quantity: quantity.to_owned(),
                found,
                limit: GRADIENT_LIMIT,
            }),
            Err(_) => findings.push(Finding::Shape {
                quantity: quantity.to_owned(),
                found: result.shape().to_vec(),
                expected: argument.shape().to_vec(),
            }),
        }
    }
    Ok(findings)
}

fn no_answer() -> Failure {
    Failure::Refused("the submission returned fewer results than it was asked for".to_owned())
}
