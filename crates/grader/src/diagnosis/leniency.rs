//! Conventions that are no mistakes, and when they pass.

use crate::submission::{Failure, Outputs, Script};
use crate::verdict::{Finding, Outcome};

/// How strictly conventions are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Deviations that are conventions, not mistakes, are noted and pass.
    #[default]
    Notebook,
    /// They fail.
    Strict,
}

/// What a grading lets pass.
pub(crate) struct Leniency {
    profile: Profile,
}

impl Leniency {
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile }
    }

    /// The outcome of a check that found this against the notebook's convention, and that would
    /// find what `against` says against other answers.
    pub(crate) fn outcome(
        &self,
        findings: Result<Vec<Finding>, Failure>,
        _script: &Script,
        _against: impl Fn(&Outputs) -> Result<Vec<Finding>, Failure>,
    ) -> Outcome {
        Outcome::of(findings)
    }

    /// The outcome of a check whose every finding is a matter of this convention.
    pub(crate) fn noted(
        &self,
        findings: Result<Vec<Finding>, Failure>,
        convention: &str,
    ) -> Outcome {
        match (Outcome::of(findings), self.profile) {
            (Outcome::Failed { findings }, Profile::Notebook) => {
                Outcome::Noted { convention: convention.to_owned(), findings }
            }
            (outcome, _) => outcome,
        }
    }
}
