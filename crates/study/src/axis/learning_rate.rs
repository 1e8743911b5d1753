//! The axis of learning rates.

use serde::{Deserialize, Serialize};
use trainer::TrainError;
use trainer::optimizer::OptimizerConfig;
use trainer::run::RunConfig;

use super::definition::Axis;

/// The learning rate of the optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LearningRate(pub f64);

/// What is expected in the place of another text or number.
const EXPECTED: &str = "a finite number above 0";

impl LearningRate {
    /// The notebook's.
    pub const NOTEBOOK: Self = Self(5e-4);
}

impl Axis for LearningRate {
    const FLAG: &'static str = "learning-rate";
    const VALUE_NAME: &'static str = "RATE";
    const HELP: &'static str = "Learning rate of the optimiser [default: 0.0005]";
    const ALWAYS_WRITTEN: bool = true;

    fn default_values(_quick: bool) -> Vec<Self> {
        vec![Self::NOTEBOOK]
    }

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| EXPECTED.to_owned())
    }

    fn check(&self) -> Result<(), String> {
        let is_rate = self.0.is_finite() && self.0 > 0.0;
        if is_rate { Ok(()) } else { Err(EXPECTED.to_owned()) }
    }

    fn text(&self) -> String {
        format!("{:?}", self.0)
    }

    fn label(&self) -> String {
        format!("learning rate {:?}", self.0)
    }

    fn apply(&self, run: &mut RunConfig) -> Result<(), TrainError> {
        run.optimizer = OptimizerConfig::usual(run.optimizer.name(), self.0)?;
        Ok(())
    }
}
