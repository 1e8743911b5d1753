//! The reference suite: every output of every case of both batch norms, value by value.

use crate::check::{compare::compare, hint, rerun, script_of};
use crate::fixture::{Case, Config, Expected, Mode, Operation};
use crate::submission::{Outputs, Script, StepOutput, Submission};
use crate::tensor::Tensor;
use crate::verdict::{Finding, Outcome, Suite, SuiteName, Verdict};

/// Asks all of `cases` that are of a batch norm.
pub fn reference_suite(submission: &dyn Submission, cases: &[Case], command: &str) -> Suite {
    let mut suite = Suite::new(SuiteName::Reference);
    let asked = [Operation::BatchNorm, Operation::SpatialBatchNorm];
    for case in cases.iter().filter(|case| asked.contains(&case.operation)) {
        let (Some(script), Config::BatchNorm(mode, _)) = (script_of(case), &case.config) else {
            continue;
        };
        if let Some(reason) = submission.declines(&script) {
            suite.not_asked(reason);
            continue;
        }
        let outputs = submission.run(&script);
        for (role, expected) in &case.expected {
            let outcome = match &outputs {
                Ok(outputs) => judge(role, expected, &script, outputs),
                Err(failure) => Outcome::Raised { message: failure.to_string() },
            };
            let hint = matches!(outcome, Outcome::Failed { .. }).then(|| match &case.hint {
                Some(hint) => hint.clone(),
                None => hint::for_role(role, *mode).to_owned(),
            });
            suite.verdicts.push(Verdict {
                check: (*role).to_owned(),
                case: case.name.clone(),
                outcome,
                hint,
                rerun: rerun(command, case),
            });
        }
    }
    suite
}

/// The outcome of one output role.
fn judge(role: &str, expected: &Expected, script: &Script, outputs: &Outputs) -> Outcome {
    let missing = || Outcome::Raised { message: format!("the submission returned no {role}") };
    let Some(last) = outputs.steps.last() else { return missing() };
    let found = match (role, &outputs.gradients) {
        ("out", _) => &last.out,
        ("running_mean", _) => &last.running_mean,
        ("running_var", _) => &last.running_var,
        (_, None) => return missing(),
        (_, Some(Err(failure))) => return Outcome::Raised { message: failure.to_string() },
        ("dx", Some(Ok(gradients))) => &gradients.dx,
        ("dgamma", Some(Ok(gradients))) => &gradients.dgamma,
        ("dbeta", Some(Ok(gradients))) => &gradients.dbeta,
        _ => return missing(),
    };
    let compared = compare(role, found, &expected.values, expected.rtol, expected.atol);
    let findings: Vec<Finding> =
        compared.err().into_iter().chain(moved(role, script, outputs)).collect();
    if findings.is_empty() { Outcome::Passed } else { Outcome::Failed { findings } }
}

/// Running statistics that an evaluation has changed, be it by a single bit.
fn moved(role: &str, script: &Script, outputs: &Outputs) -> Option<Finding> {
    let statistic = |step: &StepOutput| match role {
        "running_mean" => Some(step.running_mean.clone()),
        "running_var" => Some(step.running_var.clone()),
        _ => None,
    };
    if script.steps.last()?.mode != Mode::Eval {
        return None;
    }
    let (last, earlier) = outputs.steps.split_last()?;
    let after = statistic(last)?;
    let before = match earlier.last() {
        Some(step) => statistic(step)?,
        None if role == "running_mean" => script.running_mean.clone(),
        None => script.running_var.clone(),
    };
    if before.shape() != after.shape() || before.is_bit_identical(&after) {
        return None;
    }
    let values = |tensor: &Tensor| tensor.to_f64().into_iter().collect::<Vec<f64>>();
    let (before, after) = (values(&before), values(&after));
    let channel = (0..before.len()).find(|&at| before[at].to_bits() != after[at].to_bits())?;
    let (before, after) = (before[channel], after[channel]);
    Some(Finding::Moved { quantity: role.to_owned(), channel, before, after })
}
