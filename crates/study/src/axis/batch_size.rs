//! The axis of batch sizes.

use serde::{Deserialize, Serialize};
use trainer::TrainError;
use trainer::run::RunConfig;

use super::definition::{Axis, expect_count, expected_count};

/// Images of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchSize(pub u64);

impl BatchSize {
    /// The notebook's.
    pub const NOTEBOOK: Self = Self(50);
}

impl Axis for BatchSize {
    const FLAG: &'static str = "batch-size";
    const VALUE_NAME: &'static str = "N";
    const HELP: &'static str = "Images of a batch [default: 50]";
    const ALWAYS_WRITTEN: bool = true;

    fn default_values(_quick: bool) -> Vec<Self> {
        vec![Self::NOTEBOOK]
    }

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| expected_count())
    }

    fn check(&self) -> Result<(), String> {
        expect_count(self.0)
    }

    fn text(&self) -> String {
        format!("{:?}", self.0)
    }

    fn label(&self) -> String {
        format!("batches of {}", self.0)
    }

    fn apply(&self, run: &mut RunConfig) -> Result<(), TrainError> {
        // A batch that no address space can hold is refused where it is made.
        run.batch_size = usize::try_from(self.0).unwrap_or(usize::MAX);
        Ok(())
    }
}
