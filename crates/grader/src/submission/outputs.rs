//! The outputs of a submission: what it answers to a script.

use crate::submission::failure::Failure;
use crate::tensor::Tensor;

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

/// Makes [`Touched`] with everything that must know all of its variants.
macro_rules! touched {
    ($($(#[$doc:meta])* $array:ident = $name:literal,)+) => {
        /// An array of the caller's that a call changed in place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Touched {
            $($(#[$doc])* $array,)+
        }

        impl Touched {
            /// Every array that a call can change.
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
    /// The array that the caller put in as the running mean, not the entry that held it.
    RunningMean = "running_mean",
    /// The array that the caller put in as the running variance, not the entry that held it.
    RunningVar = "running_var",
}
