//! The parts of a submission's answers that are diagnosed one after the other.

use std::fmt;

use serde::Serialize;

use super::catalogue::Group;
use crate::submission::{AskedMode, Failure, Outputs, Script, StepOutput};
use crate::tensor::Tensor;

/// A part of the answers. Each depends on those before it, and on none after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The output in training.
    Output,
    /// The running mean after training.
    RunningMean,
    /// The running variance after training.
    RunningVar,
    /// The output in evaluation.
    Evaluation,
    /// The running statistics after evaluation.
    RunningInEvaluation,
    /// Everything of a script that starts without running statistics.
    Start,
    /// The gradient of x.
    Dx,
    /// The gradient of gamma.
    Dgamma,
    /// The gradient of beta.
    Dbeta,
    /// Gradients after other calls, or after the caller's x has changed.
    State,
    /// What is answered in a mode that does not exist.
    UnknownMode,
    /// The element types of all results.
    Types,
}

/// One comparable piece of an answer.
pub(super) type Piece<'a> = Result<&'a Tensor, &'a Failure>;

/// A result of a forward pass.
type Of = fn(&StepOutput) -> &Tensor;

impl Part {
    /// All parts, in the order in which they are diagnosed.
    pub(super) const ALL: [Self; 12] = [
        Self::Output,
        Self::RunningMean,
        Self::RunningVar,
        Self::Evaluation,
        Self::RunningInEvaluation,
        Self::Start,
        Self::Dx,
        Self::Dgamma,
        Self::Dbeta,
        Self::State,
        Self::UnknownMode,
        Self::Types,
    ];

    /// The groups whose mistakes are tried in pairs for this part.
    pub(super) fn groups(self) -> &'static [Group] {
        match self {
            Self::Output => &[Group::Forward, Group::Results],
            Self::RunningMean | Self::RunningVar => &[Group::Running, Group::Results],
            Self::Start => &[Group::Running],
            Self::Evaluation | Self::RunningInEvaluation => &[Group::Evaluation],
            Self::Dx | Self::Dgamma | Self::Dbeta => &[Group::Backward, Group::Results],
            Self::State | Self::UnknownMode => &[Group::State],
            Self::Types => &[Group::Results],
        }
    }

    /// What to do where no known mistake explains this part.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Types => "print the dtype of every result before you return it",
            Self::UnknownMode => "what happens in your code when mode is misspelt?",
            Self::Start => "what are the running statistics before the first batch?",
            Self::State => "what do your functions remember between calls?",
            Self::RunningInEvaluation => "when is a running statistic allowed to change?",
            _ => "compare your formula with the lesson's, term by term",
        }
    }

    /// The parts without which this one says nothing.
    pub(super) fn needs(self) -> &'static [Self] {
        match self {
            Self::Start => &[Self::Output, Self::RunningMean, Self::RunningVar, Self::Evaluation],
            Self::State => &[Self::Dx, Self::Dgamma, Self::Dbeta],
            _ => &[],
        }
    }

    /// Whether this part says anything about a script at all.
    pub(super) fn concerns(self, script: &Script) -> bool {
        let is_plain = !script.starts_empty && !script.asks_an_unknown_mode();
        let is_single =
            script.backwards.len() < 2 && script.backwards.iter().all(|asked| !asked.x_overwritten);
        match self {
            Self::Start => script.starts_empty,
            Self::UnknownMode => script.asks_an_unknown_mode(),
            Self::State => is_plain && !is_single,
            Self::Dx | Self::Dgamma | Self::Dbeta => is_plain && is_single,
            _ => is_plain,
        }
    }

    /// The pieces of an answer that belong to this part, in an order that depends on the script
    /// alone.
    pub(super) fn pieces<'a>(self, script: &Script, outputs: &'a Outputs) -> Vec<Piece<'a>> {
        let steps = |mode: AskedMode, of: Of| -> Vec<Piece<'a>> {
            let asked = script.steps.iter().zip(&outputs.steps);
            asked
                .filter(|(step, _)| step.mode == mode)
                .map(|(_, output)| output.as_ref().map(of))
                .collect()
        };
        let gradients = |role: &str| -> Vec<Piece<'a>> {
            let asked = script.backwards.iter().zip(&outputs.gradients);
            let of_training = |step: usize| {
                script.steps.get(step).is_some_and(|step| step.mode == AskedMode::Train)
            };
            asked
                .filter(|(asked, _)| of_training(asked.step))
                .filter_map(|(_, gradients)| match gradients {
                    Ok(gradients) => gradients.of_role(role).map(Ok),
                    Err(failure) => Some(Err(failure)),
                })
                .collect()
        };
        // What an evaluation before it has done to it is another part's.
        let before_evaluation = |of: Of| -> Vec<Piece<'a>> {
            let asked = script.steps.iter().zip(&outputs.steps);
            asked
                .take_while(|(step, _)| step.mode == AskedMode::Train)
                .map(|(_, output)| output.as_ref().map(of))
                .collect()
        };
        let mean: Of = |step| &step.running_mean;
        let var: Of = |step| &step.running_var;
        match self {
            Self::Output => steps(AskedMode::Train, |step| &step.out),
            Self::RunningMean => before_evaluation(mean),
            Self::RunningVar => before_evaluation(var),
            Self::Evaluation => steps(AskedMode::Eval, |step| &step.out),
            Self::RunningInEvaluation => {
                [steps(AskedMode::Eval, mean), steps(AskedMode::Eval, var)].concat()
            }
            Self::Dx => gradients("dx"),
            Self::Dgamma => gradients("dgamma"),
            Self::Dbeta => gradients("dbeta"),
            Self::State => ["dx", "dgamma", "dbeta"].map(gradients).concat(),
            Self::UnknownMode => steps(AskedMode::Unknown, |step| &step.out),
            Self::Start | Self::Types => {
                let out: Of = |step| &step.out;
                let mut pieces = Vec::new();
                for of in [out, mean, var] {
                    pieces.extend(outputs.steps.iter().map(|output| output.as_ref().map(of)));
                }
                pieces.extend(["dx", "dgamma", "dbeta"].map(gradients).concat());
                pieces
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Output => "the output in training",
            Self::RunningMean => "the running mean",
            Self::RunningVar => "the running variance",
            Self::Start => "the start without running statistics",
            Self::Evaluation => "the output in evaluation",
            Self::RunningInEvaluation => "the running statistics in evaluation",
            Self::Dx => "dx",
            Self::Dgamma => "dgamma",
            Self::Dbeta => "dbeta",
            Self::State => "gradients after other calls",
            Self::UnknownMode => "an unknown mode",
            Self::Types => "the element types",
        })
    }
}
