//! The exceptions that calls ended in, counted.

use super::answer_part::AnswerPart;
use super::result::RaisedException;
use crate::submission::{AskedMode, Failure, Outputs, Script};

/// The submission's own exceptions, the most frequent first, and of equally frequent ones the first.
/// A mode that does not exist has to be refused, and what belongs to one of the parts `explained`
/// has been told.
pub(super) fn exceptions(
    answered: &[(&Script, &Outputs)],
    explained: &[AnswerPart],
) -> Vec<RaisedException> {
    let mut found: Vec<RaisedException> = Vec::new();
    let mut calls = 0;
    for (script, outputs) in answered {
        let is_told = [AnswerPart::Start, AnswerPart::Defaults]
            .iter()
            .any(|part| explained.contains(part) && part.concerns(script));
        let known_modes = script.steps.iter().zip(&outputs.steps);
        let forward = known_modes
            .filter(|(step, _)| step.mode != AskedMode::Unknown)
            .map(|(_, step)| step.as_ref().err());
        let backward = outputs.gradients.iter().map(|gradients| gradients.as_ref().err());
        for failure in forward.chain(backward) {
            calls += 1;
            let Some(failure) = failure.filter(|failure| is_reason(failure) && !is_told) else {
                continue;
            };
            let message = failure.to_string();
            match found.iter_mut().find(|known| known.message == message) {
                Some(known) => known.calls += 1,
                None => found.push(RaisedException { message, calls: 1, of: 0 }),
            }
        }
    }
    for exception in &mut found {
        exception.of = calls;
    }
    found.sort_by_key(|exception| std::cmp::Reverse(exception.calls));
    found
}

fn is_reason(failure: &Failure) -> bool {
    failure.is_refusal() && failure.to_string() != Failure::FORWARD_FAILED
}
