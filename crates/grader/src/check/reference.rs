//! The reference suite: every output of every case of both batch norms, value by value.

use crate::check::question::{Answer, Question, Questions};
use crate::check::{compare::compare, hint, script_of};
use crate::fixture::{Case, Config, Expected, Mode, Operation};
use crate::submission::{AskedMode, Failure, Outputs, Script, Submission};
use crate::tensor::Tensor;
use crate::verdict::{Finding, Outcome, SuiteName, Verdict};

/// What is asked of all of `cases` that are of a batch norm.
pub(crate) fn reference_questions<'a>(
    submission: &dyn Submission,
    cases: &'a [Case],
    command: &'a str,
) -> Questions<'a> {
    let asked = [Operation::BatchNorm, Operation::SpatialBatchNorm];
    let cases = cases.iter().filter(|case| asked.contains(&case.operation));
    let questions = cases.filter_map(|case| {
        let (Some(script), Config::BatchNorm(mode, _)) = (script_of(case), &case.config) else {
            return None;
        };
        Some(Question::new(vec![script], move |scripts, answers| {
            let [script] = scripts else { return Vec::new() };
            let [answer] = answers else { return Vec::new() };
            verdicts(case, *mode, script, answer, command)
        }))
    });
    Questions::new(SuiteName::Reference, submission, questions)
}

/// One verdict for each output role of a case.
fn verdicts(
    case: &Case,
    mode: Mode,
    script: &Script,
    answer: &Answer,
    command: &str,
) -> Vec<Verdict> {
    let verdict = |(role, expected): &(&'static str, Expected)| {
        let findings = answer
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|outputs| judge(role, expected, script, outputs));
        let hint = hint::for_role(role, mode);
        Verdict::new(role, case, Outcome::of(findings), hint, command)
    };
    case.expected.iter().map(verdict).collect()
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
    if script.steps.last()?.mode != AskedMode::Eval {
        return None;
    }
    let steps = outputs.all_steps().ok()?;
    let (last, earlier) = steps.split_last()?;
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
