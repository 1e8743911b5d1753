//! What is observed inside a network.

use serde::{Deserialize, Serialize};

/// What the values of an observed distribution are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservedQuantity {
    /// The input of the norm before an activation, for one training batch.
    BeforeBatchNorm,
    /// The input of an activation, for one training batch.
    PreActivation,
    /// γ, one value per channel.
    Gamma,
    /// β, one value per channel.
    Beta,
    /// The running mean, one value per channel.
    RunningMean,
    /// The running variance, one value per channel.
    RunningVar,
    /// The input of an activation at one unit, for one training batch.
    UnitPreActivation,
    /// The loss at each step along the gradient, as the two below: [`crate::landscape`].
    LossAlongGradient,
    /// The Euclidean distance of the gradient there from the step's.
    GradientChange,
    /// This distance per distance moved.
    Smoothness,
}

impl ObservedQuantity {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeBatchNorm => "before_batch_norm",
            Self::PreActivation => "pre_activation",
            Self::Gamma => "gamma",
            Self::Beta => "beta",
            Self::RunningMean => "running_mean",
            Self::RunningVar => "running_var",
            Self::UnitPreActivation => "unit_pre_activation",
            Self::LossAlongGradient => "loss_along_gradient",
            Self::GradientChange => "gradient_change",
            Self::Smoothness => "smoothness",
        }
    }
}
