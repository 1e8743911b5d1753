//! The reference suite: every output of every case of both batch norms, value by value.

use crate::check::hint;
use crate::check::question::{Question, Questions};
use crate::check::script::script_of;
use crate::check::tolerances::{CONVENTION, CONVENTION_F32};
use crate::check::values::{OF_GRADIENTS, compare_role, moved};
use crate::compare::compare;
use crate::diagnosis::ConventionPolicy;
use crate::fixture::{Case, Config, Expected, Mode, Operation};
use crate::report::{Suite, SuiteName};
use crate::submission::{Answer, AskedMode, Failure, Outputs, Script, Submission};
use crate::tensor::Dtype;
use crate::verdict::{Finding, Verdict};

/// What is asked of all of `cases` that are of a batch norm.
pub(crate) fn reference_questions<'a>(
    submission: &dyn Submission,
    cases: &'a [Case],
) -> Questions<'a> {
    let asked = [Operation::BatchNorm, Operation::SpatialBatchNorm];
    let cases = cases.iter().filter(|case| asked.contains(&case.operation));
    let questions = cases.filter_map(|case| {
        let (Some(script), Config::BatchNorm(mode, _)) = (script_of(case), &case.config) else {
            return None;
        };
        Some(Question::new(vec![script], move |scripts, answers, policy| {
            let ([script], [answer]) = (scripts, answers) else { return Vec::new() };
            verdicts(case, *mode, script, answer, policy)
        }))
    });
    Questions::new(SuiteName::Reference, submission, questions)
}

/// Gives failures the hint of their own case, which is about what sets it apart: only where the same
/// output of the plain case passes. Else something more common is wrong, and the hint would mislead.
pub(crate) fn give_own_hints(suite: &mut Suite, cases: &[Case]) {
    let own: Vec<Option<&str>> = suite
        .verdicts
        .iter()
        .map(|verdict| {
            let case = cases.iter().find(|case| case.name == verdict.case)?;
            let hint = case.hint.as_deref()?;
            let plain = plain_case_of(case)?;
            let is_plain = |other: &&Verdict| other.case == plain && other.check == verdict.check;
            suite.verdicts.iter().find(is_plain)?.is_well().then_some(hint)
        })
        .collect();
    for (verdict, own) in suite.verdicts.iter_mut().zip(own) {
        if let (Some(hint), Some(own)) = (&mut verdict.hint, own) {
            own.clone_into(hint);
        }
    }
}

/// The case of the same batch norm and mode that has nothing special.
fn plain_case_of(case: &Case) -> Option<String> {
    let (operation, _) = case.name.split_once('/')?;
    let Config::BatchNorm(mode, _) = &case.config else { return None };
    let mode = match mode {
        Mode::Train => "train",
        Mode::Eval => "eval",
    };
    Some(format!("{operation}/{mode}_notebook_numpy"))
}

/// One verdict for each output role of a case.
fn verdicts(
    case: &Case,
    mode: Mode,
    script: &Script,
    answer: &Answer,
    policy: &ConventionPolicy,
) -> Vec<Verdict> {
    let verdict = |(role, expected): &(&'static str, Expected)| {
        let found = answer.as_ref().map_err(Clone::clone);
        let findings = found.and_then(|outputs| judge(role, expected, script, outputs));
        let forward_answered = answer.as_ref().is_ok_and(|outputs| outputs.all_steps().is_ok());
        let outcome = if mode == Mode::Eval && forward_answered && OF_GRADIENTS.contains(role) {
            policy.backward_left_open(
                script,
                findings,
                "a backward pass in evaluation is not the notebook's",
            )
        } else {
            policy.outcome(findings, script, |other| {
                let outputs = answer.as_ref().map_err(Clone::clone)?;
                let is_single = script.dtype() == Dtype::Float32;
                let tolerance = if is_single { CONVENTION_F32 } else { CONVENTION };
                compare_role(role, script, outputs, other, tolerance)
            })
        };
        Verdict::new(role, &case.name, outcome, hint::for_role(role, mode))
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
        None => return Err(Failure::Missing { what: role.to_owned() }),
    };
    let compared = compare(role, found, &expected.values, expected.rtol, expected.atol);
    Ok(compared.err().into_iter().chain(moved_in_evaluation(role, script, outputs)).collect())
}

/// Running statistics that an evaluation has changed, be it by a single bit.
fn moved_in_evaluation(role: &str, script: &Script, outputs: &Outputs) -> Option<Finding> {
    if script.steps.last()?.mode != AskedMode::Eval {
        return None;
    }
    let steps = outputs.all_steps().ok()?;
    let (last, earlier) = steps.split_last()?;
    let (at_first, after) = match role {
        "running_mean" => (&script.running_mean, last.running_mean.as_ref()?),
        "running_var" => (&script.running_var, last.running_var.as_ref()?),
        _ => return None,
    };
    let before = earlier.last().map_or(Some(at_first), |step| step.of_role(role))?;
    moved(role, before, after)
}
