//! The reference suite: every output of every case of both batch norms, value by value.

use crate::check::{compare::compare, hint, script_of};
use crate::fixture::{Case, Config, Expected, Mode, Operation};
use crate::submission::{Failure, Outputs, Script, Submission};
use crate::tensor::Tensor;
use crate::verdict::{Finding, Outcome, Suite, SuiteName, Verdict};

/// Asks all of `cases` that are of a batch norm.
pub(crate) fn reference_suite(submission: &dyn Submission, cases: &[Case], command: &str) -> Suite {
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
            let findings = outputs
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|outputs| judge(role, expected, &script, outputs));
            let outcome = Outcome::of(findings);
            let hint = hint::for_role(role, *mode);
            suite.verdicts.push(Verdict::new(role, case, outcome, hint, command));
        }
    }
    suite
}

/// What is wrong with one output role.
fn judge(
    role: &str,
    expected: &Expected,
    script: &Script,
    outputs: &Outputs,
) -> Result<Vec<Finding>, Failure> {
    let found = match outputs.of_role(role) {
        Some(found) => found.map_err(Clone::clone)?,
        None => return Err(Failure::Refused(format!("the submission returned no {role}"))),
    };
    let compared = compare(role, found, &expected.values, expected.rtol, expected.atol);
    Ok(compared.err().into_iter().chain(moved(role, script, outputs)).collect())
}

/// Running statistics that an evaluation has changed, be it by a single bit.
fn moved(role: &str, script: &Script, outputs: &Outputs) -> Option<Finding> {
    if script.steps.last()?.mode != Mode::Eval {
        return None;
    }
    let (last, earlier) = outputs.steps.split_last()?;
    let (at_first, after) = match role {
        "running_mean" => (&script.running_mean, &last.running_mean),
        "running_var" => (&script.running_var, &last.running_var),
        _ => return None,
    };
    let before = earlier.last().map_or(Some(at_first), |step| step.of_role(role))?;
    if before.shape() != after.shape() || before.is_bit_identical(after) {
        return None;
    }
    let values = |tensor: &Tensor| tensor.to_f64().into_iter().collect::<Vec<f64>>();
    let (before, after) = (values(before), values(after));
    let channel = (0..before.len()).find(|&at| before[at].to_bits() != after[at].to_bits())?;
    let (before, after) = (before[channel], after[channel]);
    Some(Finding::Moved { quantity: role.to_owned(), channel, before, after })
}
