//! The outputs of a submission: what it answers to a script.

use crate::submission::failure::Failure;
use crate::tensor::Tensor;

/// The output roles of forward passes.
pub(crate) const OF_STEPS: [&str; 3] = ["out", "running_mean", "running_var"];

/// The output roles of backward passes.
pub(crate) const OF_GRADIENTS: [&str; 3] = ["dx", "dgamma", "dbeta"];

/// What a submission answers to a script: its outputs, or why there are none.
pub type Answer = Result<Outputs, Failure>;

/// The outputs of a [`Script`](crate::submission::Script). A call that fails does not take the others with it.
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
                let last = steps.last()?;
                if OF_STEPS.contains(&role) {
                    return last.of_role(role).map(Ok);
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
    /// The running mean after the step, if the submission keeps one where its caller finds it.
    pub running_mean: Option<Tensor>,
    /// The running variance after the step, likewise.
    pub running_var: Option<Tensor>,
    /// What of the caller's the call changed.
    pub touched: Vec<Touched>,
}

impl StepOutput {
    /// What was answered for an output role.
    pub(crate) fn of_role(&self, role: &str) -> Option<&Tensor> {
        match role {
            "out" => Some(&self.out),
            "running_mean" => self.running_mean.as_ref(),
            "running_var" => self.running_var.as_ref(),
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
    /// What of the caller's the call changed.
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

/// Makes [`Touched`] with everything that must know all of its variants.
macro_rules! touched {
    ($($(#[$doc:meta])* $array:ident = $name:literal,)+) => {
        /// Something of the caller's that a call changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Touched {
            $($(#[$doc])* $array,)+
        }

        impl Touched {
            /// Everything that a call can change.
            pub(crate) const ALL: [Self; [$($name),+].len()] = [$(Self::$array),+];

            /// The name in the protocol and in reports.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$array => $name,)+
                }
            }
        }
    };
}

touched! {
    /// The batch of the step.
    X = "x",
    /// The scale.
    Gamma = "gamma",
    /// The shift.
    Beta = "beta",
    /// The gradient handed to the backward pass.
    Dout = "dout",
    /// The array that `bn_param` held as the running mean before the call, not the entry.
    RunningMean = "running_mean",
    /// The array that `bn_param` held as the running variance before the call, not the entry.
    RunningVar = "running_var",
    /// A result of an earlier call.
    EarlierResult = "earlier_result",
    /// The entry of `bn_param`, which was changed or removed.
    Mode = "mode",
    /// The entry of `bn_param`, which was changed or removed.
    Eps = "eps",
    /// The entry of `bn_param`, which was changed or removed.
    Momentum = "momentum",
}
