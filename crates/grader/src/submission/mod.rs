//! What is graded: anything that answers a [`Script`] with [`Outputs`].
//!
//! A script is a batch of calls, so that a submission in another process can answer hundreds of
//! forward passes, such as those of a numeric gradient, at the cost of one call.

mod kernels;
mod panics;
mod rust_functions;

use ::kernels::BatchNormConfig;
use thiserror::Error;

pub use self::kernels::Kernels;
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

/// Forward passes in order over one evolving pair of running statistics, and then perhaps the
/// backward pass of the last of them. All arrays are of one floating-point type.
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
    /// The forward passes; at least one.
    pub steps: Vec<Step>,
    /// The gradient of the loss with respect to the last step's output, for a backward pass.
    pub dout: Option<Tensor>,
}

impl Script {
    /// The type of all its arrays.
    pub fn dtype(&self) -> Dtype {
        self.running_mean.dtype()
    }
}

/// One forward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Whether it is one in training or in evaluation.
    pub mode: Mode,
    /// The batch, (N, D) or (N, C, H, W).
    pub x: Tensor,
    /// The scale, (C).
    pub gamma: Tensor,
    /// The shift, (C).
    pub beta: Tensor,
}

/// The answer to a [`Script`].
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    /// The results of its steps, in order.
    pub steps: Vec<StepOutput>,
    /// The gradients, if the script asks for them. A backward pass that fails does not take the
    /// forward passes with it.
    pub gradients: Option<Result<Gradients, Failure>>,
}

impl Outputs {
    /// What was answered for an output role of a case of batch norm: the last step's, or a
    /// gradient. `None` if there is no such answer, or no such role.
    pub(crate) fn of_role(&self, role: &str) -> Option<Result<&Tensor, &Failure>> {
        if let Some(found) = self.steps.last()?.of_role(role) {
            return Some(Ok(found));
        }
        let of_role: fn(&Gradients) -> &Tensor = match role {
            "dx" => |gradients| &gradients.dx,
            "dgamma" => |gradients| &gradients.dgamma,
            "dbeta" => |gradients| &gradients.dbeta,
            _ => return None,
        };
        Some(self.gradients.as_ref()?.as_ref().map(of_role))
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
    /// [`Failure`] when a forward pass gives no result.
    fn run(&self, script: &Script) -> Result<Outputs, Failure>;
}
