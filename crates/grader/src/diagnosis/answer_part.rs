//! The parts of a submission's answers, in the order in which the search explains them.

use std::fmt;

use serde::Serialize;

use super::mistake::Group;
use crate::submission::{AskedMode, Failure, Outputs, Script, StepOutput};
use crate::tensor::Tensor;

/// A part of a submission's answers to all scripts. A part depends on the parts before it only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerPart {
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
    /// All answers to scripts that start without running statistics.
    Start,
    /// The gradient of x.
    Dx,
    /// The gradient of gamma.
    Dgamma,
    /// The gradient of beta.
    Dbeta,
    /// Gradients after other calls, or after the caller's x has changed.
    State,
    /// The output in a mode that does not exist.
    UnknownMode,
    /// The element types of all results.
    Types,
}

/// One array of an answer, or the failure in its place.
pub(super) type Piece<'a> = Result<&'a Tensor, &'a Failure>;

/// Takes one array of a forward pass's results.
type Of = fn(&StepOutput) -> &Tensor;

impl AnswerPart {
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

    /// What to do if no known mistake explains this part.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Types => "print the dtype of every result before you return it",
            Self::UnknownMode => "what does your code do when mode is misspelt?",
            Self::Start => "what should the running statistics be before the first batch?",
            Self::State => "what do your functions remember between calls?",
            Self::RunningInEvaluation => "when may the running statistics change?",
            Self::Output
            | Self::RunningMean
            | Self::RunningVar
            | Self::Evaluation
            | Self::Dx
            | Self::Dgamma
            | Self::Dbeta => "compare your formula with the lesson's, term by term",
        }
    }

    /// The parts that must be explained before this one can be.
    pub(super) fn needs(self) -> &'static [Self] {
        match self {
            Self::Start => &[Self::Output, Self::RunningMean, Self::RunningVar, Self::Evaluation],
            Self::State => &[Self::Dx, Self::Dgamma, Self::Dbeta],
            Self::Output
            | Self::RunningMean
            | Self::RunningVar
            | Self::Evaluation
            | Self::RunningInEvaluation
            | Self::Dx
            | Self::Dgamma
            | Self::Dbeta
            | Self::UnknownMode
            | Self::Types => &[],
        }
    }

    /// Whether the answer to this script has this part.
    pub(super) fn concerns(self, script: &Script) -> bool {
        let is_plain = !script.starts_empty && !script.asks_an_unknown_mode();
        let is_single =
            script.backwards.len() < 2 && script.backwards.iter().all(|asked| !asked.x_overwritten);
        match self {
            Self::Start => script.starts_empty,
            Self::UnknownMode => script.asks_an_unknown_mode(),
            Self::State => is_plain && !is_single,
            Self::Dx | Self::Dgamma | Self::Dbeta => is_plain && is_single,
            Self::Output
            | Self::RunningMean
            | Self::RunningVar
            | Self::Evaluation
            | Self::RunningInEvaluation
            | Self::Types => is_plain,
        }
    }

    /// The arrays of an answer that belong to this part. Their order depends on the script only.
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
        // What an evaluation does to the running statistics belongs to another part.
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

impl fmt::Display for AnswerPart {
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
