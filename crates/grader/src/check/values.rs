//! The comparison of whole answers, role by role and call by call.

use crate::compare::compare;
use crate::submission::{AskedMode, Failure, Outputs, Script};
pub(crate) use crate::submission::{OF_GRADIENTS, OF_STEPS};
use crate::tensor::Tensor;
use crate::verdict::Finding;

/// How the circumstances of a finding in an evaluation end.
pub(crate) const IN_EVALUATION: &str = ", evaluation";

/// The roles that a script's answer has.
pub(crate) fn roles(script: &Script) -> Vec<&'static str> {
    let gradients = if script.backwards.is_empty() { &[][..] } else { &OF_GRADIENTS };
    OF_STEPS.iter().chain(gradients).copied().collect()
}

/// What all calls gave for a role, in order.
///
/// # Errors
///
/// The first failure among the calls.
pub(crate) fn all_of_role<'a>(
    role: &str,
    outputs: &'a Outputs,
) -> Result<Vec<&'a Tensor>, Failure> {
    let of_role: Vec<&Tensor> = if OF_STEPS.contains(&role) {
        let missing = || Failure::Missing { what: format!("{role} in bn_param after the call") };
        let steps = outputs.all_steps().map_err(Clone::clone)?;
        let found = steps.into_iter().map(|step| step.of_role(role).ok_or_else(missing));
        found.collect::<Result<_, Failure>>()?
    } else {
        let gradients: Result<Vec<_>, &Failure> =
            outputs.gradients.iter().map(Result::as_ref).collect();
        let gradients = gradients.map_err(Clone::clone)?;
        gradients.into_iter().filter_map(|gradients| gradients.of_role(role)).collect()
    };
    Ok(of_role)
}

/// What differs in the first call whose result for a role is not as expected: |a − b| ≤
/// tolerance·(|b| + max |b|).
///
/// # Errors
///
/// The submission's failure.
pub(crate) fn compare_role(
    role: &str,
    script: &Script,
    found: &Outputs,
    expected: &Outputs,
    tolerance: f64,
) -> Result<Vec<Finding>, Failure> {
    let (found, expected) = (all_of_role(role, found)?, all_of_role(role, expected)?);
    if found.len() < expected.len() {
        return Err(Failure::TooFew);
    }
    let calls = expected.len();
    for (call, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        let atol = one_digit(tolerance * largest(expected));
        if let Err(finding) = compare(role, found, expected, tolerance, atol) {
            return Ok(vec![if calls == 1 {
                finding
            } else {
                in_call(role, call, script, finding)
            }]);
        }
    }
    Ok(Vec::new())
}

fn in_call(role: &str, call: usize, script: &Script, finding: Finding) -> Finding {
    let number = call + 1;
    let circumstances = if OF_GRADIENTS.contains(&role) {
        format!("in backward pass {number}")
    } else {
        match script.steps.get(call).map(|step| step.mode) {
            Some(AskedMode::Train) => format!("in call {number}, training"),
            Some(AskedMode::Eval) => format!("in call {number}{IN_EVALUATION}"),
            Some(AskedMode::Unknown) | None => format!("in call {number}"),
        }
    };
    Finding::During { circumstances, finding: Box::new(finding) }
}

/// The first channel of running statistics that has changed, be it by a single bit.
pub(crate) fn moved(role: &str, before: &Tensor, after: &Tensor) -> Option<Finding> {
    if before.shape() != after.shape() || before.is_bit_identical(after) {
        return None;
    }
    let (before, after) = (before.to_f64(), after.to_f64());
    let mut pairs = before.iter().zip(&after).enumerate();
    let (channel, (&before, &after)) = pairs.find(|(_, (a, b))| a.to_bits() != b.to_bits())?;
    Some(Finding::Moved { quantity: role.to_owned(), channel, before, after })
}

/// The largest absolute value.
pub(crate) fn largest(tensor: &Tensor) -> f64 {
    tensor.to_f64().iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

/// Rounded to one digit, for a tolerance that one can read.
fn one_digit(value: f64) -> f64 {
    format!("{value:.0e}").parse().unwrap_or(value)
}
