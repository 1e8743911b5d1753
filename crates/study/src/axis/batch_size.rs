//! The axis of batch sizes.

use serde::{Deserialize, Serialize};
use trainer::TrainError;
use trainer::run::RunConfig;

use super::definition::Axis;

/// Images of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchSize(pub u64);

impl BatchSize {
    /// The notebook's.
    pub const NOTEBOOK: Self = Self(50);
}

impl Axis for BatchSize {
    const NAME: &'static str = "batch_size";
    const FLAG: &'static str = "batch-size";
    const VALUE_NAME: &'static str = "N";
    const HELP: &'static str = "Images of a batch [default: 50]";
    const ALWAYS_WRITTEN: bool = true;

    fn default_values(_quick: bool) -> Vec<Self> {
        vec![Self::NOTEBOOK]
    }

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| "a whole number".to_owned())
    }

    fn check(&self) -> Result<(), String> {
        // Larger numbers would overflow sums of steps.
        let range = 1..=u64::from(u32::MAX);
        if range.contains(&self.0) { Ok(()) } else { Err(format!("1 to {}", u32::MAX)) }
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
