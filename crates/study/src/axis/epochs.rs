//! The axis of epochs.

use serde::{Deserialize, Serialize};
use trainer::TrainError;
use trainer::run::RunConfig;

use super::definition::{Axis, expect_count, expected_count};

/// Passes over the training images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epochs(pub u64);

impl Epochs {
    /// The notebook's.
    pub const NOTEBOOK: Self = Self(5);
}

impl Axis for Epochs {
    const FLAG: &'static str = "epochs";
    const VALUE_NAME: &'static str = "N";
    const HELP: &'static str = "Passes over the training images [default: 5, with --quick 3]";
    const ALWAYS_WRITTEN: bool = true;

    fn default_values(quick: bool) -> Vec<Self> {
        vec![if quick { Self(3) } else { Self::NOTEBOOK }]
    }

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| expected_count())
    }

    fn check(&self) -> Result<(), String> {
        expect_count(self.0)
    }

    fn is_as_published(&self) -> bool {
        true // as far as both go
    }

    fn text(&self) -> String {
        format!("{:?}", self.0)
    }

    fn label(&self) -> String {
        let plural = if self.0 == 1 { "" } else { "s" };
        format!("{} epoch{plural}", self.0)
    }

    fn apply(&self, run: &mut RunConfig) -> Result<(), TrainError> {
        run.epochs = self.0;
        Ok(())
    }
}
