//! Conventions that are no mistakes, and when they pass.

use super::catalogue::Mistake;
use super::search::Diagnosis;
use super::variant::Variant;
use crate::submission::{Failure, Outputs, Script, Submission};
use crate::verdict::{CheckOutcome, Finding};

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
    conventions: Vec<Mistake>,
}

impl Leniency {
    /// What passes of a submission with this diagnosis.
    pub(crate) fn new(profile: Profile, diagnosis: &Diagnosis) -> Self {
        let conventions = match profile {
            Profile::Notebook => diagnosis.conventions(),
            Profile::Strict => Vec::new(),
        };
        Self { profile, conventions }
    }

    /// Whether anything passes that would not otherwise.
    pub(crate) fn is_lenient(&self) -> bool {
        !self.conventions.is_empty()
    }

    /// The outcome of a check that found this against the notebook's convention, and that would
    /// find what `against` says against other answers.
    pub(crate) fn outcome(
        &self,
        findings: Result<Vec<Finding>, Failure>,
        script: &Script,
        against: impl Fn(&Outputs) -> Result<Vec<Finding>, Failure>,
    ) -> CheckOutcome {
        let outcome = CheckOutcome::of(findings);
        let CheckOutcome::Failed { findings } = outcome else { return outcome };
        if !self.is_lenient() {
            return CheckOutcome::Failed { findings };
        }
        let agrees = |conventions: &[Mistake]| {
            let variant = Variant::with(conventions);
            variant.declines(script).is_none()
                && variant
                    .run(script)
                    .is_ok_and(|other| against(&other).is_ok_and(|findings| findings.is_empty()))
        };
        // What is wrong by the notebook's convention too is no matter of convention.
        if agrees(&[]) {
            return CheckOutcome::Failed { findings };
        }
        // Of several, those that show here.
        let alone = self.conventions.chunks(1).find(|one| agrees(one));
        let all = || Some(&self.conventions[..]).filter(|all| agrees(all));
        match alone.or_else(all) {
            Some(conventions) => {
                let named: Vec<&str> =
                    conventions.iter().map(|convention| convention.explanation).collect();
                CheckOutcome::Noted { convention: named.join("; "), findings }
            }
            None => CheckOutcome::Failed { findings },
        }
    }

    /// The outcome of a check that by this convention need not have an answer. A refusal is one, a
    /// crash is not.
    pub(crate) fn left_open(
        &self,
        findings: Result<Vec<Finding>, Failure>,
        convention: &str,
    ) -> CheckOutcome {
        let is_refusal = findings.as_ref().is_err_and(Failure::is_refusal);
        match (self.noted(findings, convention), self.profile) {
            (CheckOutcome::Raised { .. }, Profile::Notebook) if is_refusal => {
                CheckOutcome::Noted { convention: convention.to_owned(), findings: Vec::new() }
            }
            (outcome, _) => outcome,
        }
    }

    /// The outcome of a check whose every finding is a matter of this convention.
    pub(crate) fn noted(
        &self,
        findings: Result<Vec<Finding>, Failure>,
        convention: &str,
    ) -> CheckOutcome {
        match (CheckOutcome::of(findings), self.profile) {
            (CheckOutcome::Failed { findings }, Profile::Notebook) => {
                CheckOutcome::Noted { convention: convention.to_owned(), findings }
            }
            (outcome, _) => outcome,
        }
    }
}
