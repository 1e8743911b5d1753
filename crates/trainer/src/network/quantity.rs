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
        }
    }
}
