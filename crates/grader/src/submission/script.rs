//! A script: a batch of calls that a submission answers together.
//!
//! One script can hold hundreds of forward passes, such as those of a numeric gradient. A submission
//! in another process answers them at the cost of one call.

use kernels::BatchNormConfig;

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
    /// What of the above the caller puts into `bn_param`. What it leaves out has the default value,
    /// which the fields above hold.
    pub entries: Entries,
    /// The forward passes; at least one.
    pub steps: Vec<Step>,
    /// How many of the first steps are those of a numeric gradient: the caller moves one element of
    /// x, then of gamma, then of beta, up and down by [`STEP`](kernels::gradient_check::STEP), in
    /// arrays that all these steps and the one after them share. What a call does to such an array
    /// in place stays done.
    pub moved_steps: usize,
    /// The backward passes, after all forward passes.
    pub backwards: Vec<Backward>,
}

impl Script {
    /// The type of the running statistics, and so of the batches.
    pub fn dtype(&self) -> Dtype {
        self.running_mean.dtype()
    }

    /// Whether the caller is the notebook's: its `bn_param` has no entry but `mode`, which it sets
    /// only when the mode changes.
    pub fn is_by_notebook(&self) -> bool {
        self.entries == Entries::NONE
    }

    /// Whether a step is to be in a mode that does not exist.
    pub(crate) fn asks_an_unknown_mode(&self) -> bool {
        self.steps.iter().any(|step| step.mode == AskedMode::Unknown)
    }

    /// Whether a step trains on one value per channel, whose variance is 0 whatever it is.
    pub(crate) fn trains_on_one_value(&self) -> bool {
        let is_one = |step: &Step| {
            let values = step.x.shape().iter().product::<usize>();
            step.mode == AskedMode::Train && values == step.gamma.shape().iter().product::<usize>()
        };
        self.steps.iter().any(is_one)
    }
}

/// The entries beside `mode` that the caller puts into `bn_param` before the first call. A submission
/// has a default for each: ε is 1e-5, momentum 0.9, and the running statistics are zeros, as in
/// CS231n's `bn_param.get("running_mean", zeros)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entries {
    /// `eps`.
    pub eps: bool,
    /// `momentum`.
    pub momentum: bool,
    /// `running_mean` and `running_var`.
    pub running: bool,
}

impl Entries {
    /// All of them.
    pub const ALL: Self = Self { eps: true, momentum: true, running: true };

    /// None of them, as in the notebook's own tests.
    pub const NONE: Self = Self { eps: false, momentum: false, running: false };
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
