//! The parts of a submission's answers, in the order in which the search explains them.

use std::fmt;

use serde::Serialize;

use super::mistake::Group;
use crate::submission::{AskedMode, Entries, Failure, Outputs, Script, StepOutput};
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
    /// All results of forward passes that start without running statistics.
    Start,
    /// All results of forward passes without `eps` or `momentum` in `bn_param`.
    Defaults,
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

/// One result of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    Array(&'a Tensor),
    /// The call failed.
    Failed(&'a Failure),
    /// The call succeeded without this result.
    Missing,
    /// An earlier call over the same running statistics failed, so that this result tells nothing.
    Unknown,
}

/// Takes one array of a forward pass's results.
type Of = fn(&StepOutput) -> Option<&Tensor>;

impl AnswerPart {
    /// All parts, in the order in which they are diagnosed.
    pub(super) const ALL: [Self; 13] = [
        Self::Output,
        Self::RunningMean,
        Self::RunningVar,
        Self::Evaluation,
        Self::RunningInEvaluation,
        Self::Start,
        Self::Defaults,
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
            Self::Start => &[Group::Running, Group::Defaults],
            Self::Defaults => &[Group::Defaults],
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
            Self::Defaults => "what should eps and momentum be where bn_param has none?",
            Self::State => "what do your functions remember between calls?",
            Self::RunningInEvaluation => "when may the running statistics change?",
            Self::Output
            | Self::RunningMean
            | Self::RunningVar
            | Self::Evaluation
            | Self::Dx
            | Self::Dgamma
            | Self::Dbeta => {
                "compute a small example by hand, and compare it with yours step by step"
            }
        }
    }

    /// The parts that one mistake decides together with this one: it is wrong in all that it changes
    /// of them, or it is another mistake.
    pub(super) fn decided_together(self) -> &'static [Self] {
        match self {
            Self::RunningMean | Self::RunningVar => &[Self::RunningMean, Self::RunningVar],
            Self::Evaluation | Self::RunningInEvaluation => {
                &[Self::Evaluation, Self::RunningInEvaluation]
            }
            Self::Dx | Self::Dgamma | Self::Dbeta => &[Self::Dx, Self::Dgamma, Self::Dbeta],
            Self::Output
            | Self::Start
            | Self::Defaults
            | Self::State
            | Self::UnknownMode
            | Self::Types => &[],
        }
    }

    /// Whether this part is about an output role.
    pub(super) fn is_of(self, role: &str) -> bool {
        match self {
            Self::Output | Self::Evaluation => role == "out",
            Self::RunningMean => role == "running_mean",
            Self::RunningVar => role == "running_var",
            Self::Dx => role == "dx",
            Self::Dgamma => role == "dgamma",
            Self::Dbeta => role == "dbeta",
            Self::RunningInEvaluation => role.starts_with("running"),
            Self::Start | Self::Defaults | Self::State | Self::UnknownMode | Self::Types => false,
        }
    }

    /// The parts that must be explained before this one can be.
    pub(super) fn needs(self) -> &'static [Self] {
        match self {
            Self::Start | Self::Defaults => {
                &[Self::Output, Self::RunningMean, Self::RunningVar, Self::Evaluation]
            }
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
        let Entries { eps, momentum, running } = script.entries;
        // What the notebook's tests leave out is not what sets them apart.
        let is_whole = script.entries == Entries::ALL || script.is_by_notebook();
        let is_plain = is_whole && !script.asks_an_unknown_mode();
        let is_single =
            script.backwards.len() < 2 && script.backwards.iter().all(|asked| !asked.x_overwritten);
        match self {
            Self::Start => eps && momentum && !running,
            Self::Defaults => running && !(eps && momentum),
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
        let all = |of: Of| -> Vec<(AskedMode, Piece<'a>)> {
            let mut failed = false;
            let asked = script.steps.iter().zip(&outputs.steps);
            asked
                .map(|(step, output)| {
                    let piece = match output {
                        _ if failed => Piece::Unknown,
                        Ok(output) => of(output).map_or(Piece::Missing, Piece::Array),
                        Err(failure) => Piece::Failed(failure),
                    };
                    failed |= output.is_err();
                    (step.mode, piece)
                })
                .collect()
        };
        let steps = |mode: AskedMode, of: Of| -> Vec<Piece<'a>> {
            all(of)
                .into_iter()
                .filter(|(asked, _)| *asked == mode)
                .map(|(_, piece)| piece)
                .collect()
        };
        let gradients = |role: &str| -> Vec<Piece<'a>> {
            let asked = script.backwards.iter().zip(&outputs.gradients);
            let of_training = |step: usize| {
                script.steps.get(step).is_some_and(|step| step.mode == AskedMode::Train)
            };
            asked
                .filter(|(asked, _)| of_training(asked.step))
                .map(|(_, gradients)| match gradients {
                    Ok(gradients) => gradients.of_role(role).map_or(Piece::Missing, Piece::Array),
                    Err(failure) => Piece::Failed(failure),
                })
                .collect()
        };
        // What an evaluation does to the running statistics belongs to another part.
        let before_evaluation = |of: Of| -> Vec<Piece<'a>> {
            let training = |(mode, _): &(AskedMode, Piece<'a>)| *mode == AskedMode::Train;
            all(of).into_iter().take_while(training).map(|(_, piece)| piece).collect()
        };
        let out: Of = |step| Some(&step.out);
        let mean: Of = |step| step.running_mean.as_ref();
        let var: Of = |step| step.running_var.as_ref();
        match self {
            Self::Output => steps(AskedMode::Train, out),
            Self::RunningMean => before_evaluation(mean),
            Self::RunningVar => before_evaluation(var),
            Self::Evaluation => steps(AskedMode::Eval, out),
            Self::RunningInEvaluation => {
                [steps(AskedMode::Eval, mean), steps(AskedMode::Eval, var)].concat()
            }
            Self::Dx => gradients("dx"),
            Self::Dgamma => gradients("dgamma"),
            Self::Dbeta => gradients("dbeta"),
            Self::State => ["dx", "dgamma", "dbeta"].map(gradients).concat(),
            Self::UnknownMode => steps(AskedMode::Unknown, out),
            Self::Start | Self::Defaults | Self::Types => {
                let mut pieces = Vec::new();
                for of in [out, mean, var] {
                    pieces.extend(all(of).into_iter().map(|(_, piece)| piece));
                }
                // Gradients follow from the forward pass, whatever bn_param lacks.
                if self == Self::Types {
                    pieces.extend(["dx", "dgamma", "dbeta"].map(gradients).concat());
                }
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
            Self::Defaults => "what holds where bn_param has no eps or momentum",
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
