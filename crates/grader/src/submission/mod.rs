//! What is graded: anything that answers a [`Script`] with [`Outputs`].
//!
//! A script is a batch of calls, so that a submission in another process can answer hundreds of
//! forward passes, such as those of a numeric gradient, at the cost of one call.

mod kernels;
mod outputs;
mod panics;
mod process;
pub mod protocol;
mod python;
mod rust_functions;

use ::kernels::BatchNormConfig;
use thiserror::Error;

pub use self::kernels::Kernels;
pub use self::outputs::{InputsFolder, OutputsFolder};
pub use self::process::{Patience, Process, Setting};
pub use self::python::Interpreter;
pub use self::rust_functions::{BnParam, Gradients64, RustFunctions};
use crate::fixture::Mode;
use crate::tensor::{Dtype, Tensor};

/// Which of the two batch norms a script is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Over (N, D).
    Plain,
    /// Over (N, C, H, W), a channel at a time.
    Spatial,
}

impl Kind {
    /// The kernel of this kind, by the name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "batch_norm",
            Self::Spatial => "spatial_batch_norm",
        }
    }
}

/// Calls of one submission over one evolving pair of running statistics: forward passes in order,
/// then backward passes in order. An array keeps the memory layout that its case asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Which batch norm.
    pub kind: Kind,
    /// ε, momentum and convention.
    pub config: BatchNormConfig,
    /// The running mean before the first step, (C).
    pub running_mean: Tensor,
    /// The running variance before the first step, (C).
    pub running_var: Tensor,
    /// Whether the submission is handed no running statistics at first and has to make them
    /// itself, as in CS231n's `bn_param.get("running_mean", zeros)`. The two above are then zeros.
    pub starts_empty: bool,
    /// The forward passes; at least one.
    pub steps: Vec<Step>,
    /// The backward passes, after all forward passes.
    pub backwards: Vec<Backward>,
}

impl Script {
    /// The type of the running statistics, and so of the batches.
    pub fn dtype(&self) -> Dtype {
        self.running_mean.dtype()
    }

    /// Whether a step is to be in a mode that does not exist.
    pub(crate) fn asks_an_unknown_mode(&self) -> bool {
        self.steps.iter().any(|step| step.mode == AskedMode::Unknown)
    }

    /// Whether a scale or shift is of integers.
    pub(crate) fn has_integers(&self) -> bool {
        let is_integer = |tensor: &Tensor| tensor.dtype() == Dtype::Int64;
        self.steps.iter().any(|step| is_integer(&step.gamma) || is_integer(&step.beta))
    }
}

/// One forward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Whether it is one in training or in evaluation.
    pub mode: AskedMode,
    /// The batch, (N, D) or (N, C, H, W).
    pub x: Tensor,
    /// The scale, (C).
    pub gamma: Tensor,
    /// The shift, (C).
    pub beta: Tensor,
}

/// The mode that a submission is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedMode {
    /// Training.
    Train,
    /// Evaluation.
    Eval,
    /// A word that is neither, which a submission must refuse.
    Unknown,
}

impl From<Mode> for AskedMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Train => Self::Train,
            Mode::Eval => Self::Eval,
        }
    }
}

/// One backward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Backward {
    /// The index of the step whose cache it is given.
    pub step: usize,
    /// The gradient of the loss with respect to that step's output.
    pub dout: Tensor,
    /// Whether the caller has overwritten that step's x, in place and with zeros, before the call.
    pub x_overwritten: bool,
}

/// The answer to a [`Script`]. A call that fails does not take the others with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    /// The results of its steps, in order.
    pub steps: Vec<Result<StepOutput, Failure>>,
    /// The results of its backward passes, in order.
    pub gradients: Vec<Result<Gradients, Failure>>,
}

impl Outputs {
    /// The results of all steps.
    ///
    /// # Errors
    ///
    /// The first failure among them.
    pub(crate) fn all_steps(&self) -> Result<Vec<&StepOutput>, &Failure> {
        self.steps.iter().map(Result::as_ref).collect()
    }

    /// What was answered for an output role of a case of batch norm: the last step's, or the last
    /// backward pass's. `None` if there is no such answer, or no such role.
    pub(crate) fn of_role(&self, role: &str) -> Option<Result<&Tensor, &Failure>> {
        match self.all_steps() {
            Ok(steps) => {
                if let Some(found) = steps.last()?.of_role(role) {
                    return Some(Ok(found));
                }
                match self.gradients.last()? {
                    Ok(gradients) => gradients.of_role(role).map(Ok),
                    Err(failure) => Some(Err(failure)),
                }
            }
            Err(failure) => Some(Err(failure)),
        }
    }
}

/// The results of one forward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutput {
    /// The normalised batch.
    pub out: Tensor,
    /// The running mean after the step.
    pub running_mean: Tensor,
    /// The running variance after the step.
    pub running_var: Tensor,
    /// Which of the caller's arrays the call changed in place.
    pub touched: Vec<Touched>,
}

impl StepOutput {
    /// What was answered for an output role.
    pub(crate) fn of_role(&self, role: &str) -> Option<&Tensor> {
        match role {
            "out" => Some(&self.out),
            "running_mean" => Some(&self.running_mean),
            "running_var" => Some(&self.running_var),
            _ => None,
        }
    }
}

/// The results of a backward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// With respect to x.
    pub dx: Tensor,
    /// With respect to gamma.
    pub dgamma: Tensor,
    /// With respect to beta.
    pub dbeta: Tensor,
    /// Which of the caller's arrays the call changed in place.
    pub touched: Vec<Touched>,
}

impl Gradients {
    /// What was answered for an output role.
    pub(crate) fn of_role(&self, role: &str) -> Option<&Tensor> {
        match role {
            "dx" => Some(&self.dx),
            "dgamma" => Some(&self.dgamma),
            "dbeta" => Some(&self.dbeta),
            _ => None,
        }
    }
}

/// An array of the caller's that a call changed in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    /// The batch of the step.
    X,
    /// The scale.
    Gamma,
    /// The shift.
    Beta,
    /// The gradient handed to the backward pass.
    Dout,
    /// The array that the caller put in as the running mean, not the entry that held it.
    RunningMean,
    /// The array that the caller put in as the running variance, not the entry that held it.
    RunningVar,
}

/// Why a submission gave no answer. The message is the submission's own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// It panicked.
    #[error("{0}")]
    Panicked(String),
    /// It returned an error.
    #[error("{0}")]
    Refused(String),
    /// Its process ended by itself, without an answer.
    #[error("{0}")]
    Crashed(String),
    /// Its process was ended, since it went beyond a limit.
    #[error("{0}")]
    Stopped(String),
    /// Its process was not started again, having failed too often.
    #[error("not asked any more: {0}")]
    GivenUp(String),
    /// A result is not there.
    #[error("{file} is missing")]
    Missing {
        /// The file, below the folder of outputs.
        file: String,
    },
    /// A result is there, and is no array that the grader reads.
    #[error("{file} {reason}")]
    Unreadable {
        /// The file, below the folder of outputs.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Failure {
    /// Whether the submission itself said that something is wrong, with an error or a panic.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Panicked(_) | Self::Refused(_))
    }
}

/// Something that maps inputs to outputs, and is graded by them.
pub trait Submission {
    /// What transcripts call it.
    fn name(&self) -> &str;

    /// Why it is not to be asked this script, as in "in float32"; `None` if it is.
    fn declines(&self, _script: &Script) -> Option<&'static str> {
        None
    }

    /// Answers a script that it does not decline.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the script as a whole gives no result.
    fn run(&self, script: &Script) -> Result<Outputs, Failure>;

    /// Answers all scripts of a grading, in order. A submission in another process answers them
    /// in one go.
    fn run_all(&self, scripts: &[Script]) -> Vec<Result<Outputs, Failure>> {
        scripts.iter().map(|script| self.run(script)).collect()
    }
}
