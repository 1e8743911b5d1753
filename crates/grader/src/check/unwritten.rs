//! Backward passes that are not written yet: they always say so, or return the zeros that they began with.
//! What they return follows no convention, and its right shapes are no merit.

use crate::submission::{
    Answer, AskedMode, Backward, Failure, Gradients, Kind, OF_GRADIENTS, Outputs, Script,
};

/// The kinds of batch norm whose backward pass is not written yet, as its answers in training tell. Zeros that it returns become the
/// failure that they are.
pub(crate) fn unwritten_backward(scripts: &[Script], answers: &mut [Answer]) -> Vec<Kind> {
    let is_unwritten = |kind: &Kind| {
        let of_kind = scripts.iter().zip(&*answers).filter(|(script, _)| script.kind == *kind);
        let asked = of_kind.filter_map(|(script, answer)| Some((script, answer.as_ref().ok()?)));
        let mut gradients = asked.flat_map(|(script, outputs)| telling(script, outputs)).peekable();
        gradients.peek().is_some()
            && gradients.all(|gradients| match gradients {
                Ok(gradients) => is_zero(gradients),
                Err(failure) => Failure::says_unwritten(&failure.to_string()),
            })
    };
    let unwritten: Vec<Kind> =
        [Kind::Plain, Kind::Spatial].into_iter().filter(is_unwritten).collect();
    for (script, answer) in scripts.iter().zip(answers) {
        let (Ok(outputs), true) = (answer, unwritten.contains(&script.kind)) else { continue };
        for gradients in &mut outputs.gradients {
            if gradients.as_ref().is_ok_and(is_zero) {
                *gradients = Err(zeros(script.kind));
            }
        }
    }
    unwritten
}

/// What the backward passes gave whose results cannot all be 0: in training, after a forward pass that was
/// answered, for a dout with a sum, which is that of dbeta.
fn telling<'a>(
    script: &'a Script,
    outputs: &'a Outputs,
) -> impl Iterator<Item = &'a Result<Gradients, Failure>> {
    let is_telling = |(asked, _): &(&Backward, &Result<Gradients, Failure>)| {
        let is_training =
            script.steps.get(asked.step).is_some_and(|step| step.mode == AskedMode::Train);
        let is_answered = outputs.steps.get(asked.step).is_some_and(Result::is_ok);
        is_training && is_answered && asked.dout.to_f64().sum() != 0.0
    };
    let all = script.backwards.iter().zip(&outputs.gradients);
    all.filter(is_telling).map(|(_, gradients)| gradients)
}

fn is_zero(gradients: &Gradients) -> bool {
    let results = OF_GRADIENTS.iter().filter_map(|role| gradients.of_role(role));
    results.into_iter().all(|result| result.to_f64().iter().all(|value| *value == 0.0))
}

fn zeros(kind: Kind) -> Failure {
    let function = match kind {
        Kind::Plain => "batchnorm_backward",
        Kind::Spatial => "spatial_batchnorm_backward",
    };
    Failure::Refused(format!("{function} returned nothing but zeros"))
}
