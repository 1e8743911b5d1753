//! The axis of heads: frozen as in the notebook, or trained.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};
use trainer::run::RunConfig;
use trainer::{TrainError, Trains};

use super::definition::Axis;

/// Whether the linear head `fc` of a network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Head {
    /// Only the stack `model` is trained; `fc` keeps its initial weights.
    Frozen,
    /// Everything is trained.
    Trained,
}

impl Head {
    /// The name in files and arguments.
    pub fn name(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Trained => "trained",
        }
    }

    fn trains(self) -> Trains {
        match self {
            Self::Frozen => Trains::HeadFrozen,
            Self::Trained => Trains::All,
        }
    }
}

impl Display for Head {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.trains().fmt(formatter)
    }
}

impl Axis for Head {
    const FLAG: &'static str = "heads";
    const VALUE_NAME: &'static str = "HEADS";
    const HELP: &'static str = "Whether the linear head is trained, or only the convolutional stack \
        as in the notebook [default: both, where the networks have a head]";

    fn default_values(_quick: bool) -> Vec<Self> {
        vec![Self::Frozen, Self::Trained]
    }

    fn choices() -> Vec<(&'static str, &'static str)> {
        vec![
            (Self::Frozen.name(), "Only the convolutional stack is trained"),
            (Self::Trained.name(), "Everything is trained"),
        ]
    }

    fn parse(text: &str) -> Result<Self, String> {
        let found = [Self::Frozen, Self::Trained].into_iter().find(|head| head.name() == text);
        found.ok_or_else(|| "frozen or trained".to_owned())
    }

    fn is_as_published(&self) -> bool {
        *self == Self::Frozen
    }

    fn text(&self) -> String {
        self.name().to_owned()
    }

    fn label(&self) -> String {
        self.to_string()
    }

    fn apply(&self, run: &mut RunConfig) -> Result<(), TrainError> {
        run.trains = self.trains();
        Ok(())
    }
}
