//! Conventions, and when a check passes because of one.

use super::mistake::Mistake;
use super::result::Diagnosis;
use super::variant::Variant;
use crate::submission::{Failure, Kind, Outputs, Script, Submission};
use crate::verdict::{CheckOutcome, Finding};

/// Whether answers by another convention than the notebook's pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// They pass with a note.
    #[default]
    Notebook,
    /// They fail.
    Strict,
}

/// Decides the outcome of checks, given the conventions that a submission follows.
pub(crate) struct ConventionPolicy {
    profile: Profile,
    /// The conventions that pass.
    conventions: Vec<Mistake>,
    /// The batch norms whose backward pass is not written yet.
    without_backward: Vec<Kind>,
}

impl ConventionPolicy {
    /// The policy for a submission with this diagnosis.
    pub(crate) fn new(profile: Profile, diagnosis: &Diagnosis) -> Self {
        let conventions = match profile {
            Profile::Notebook => diagnosis.conventions(),
            Profile::Strict => Vec::new(),
        };
        Self { profile, conventions, without_backward: Vec::new() }
    }

    /// The same policy for a submission whose backward passes of these kinds are not written yet.
    pub(crate) fn without_backward(self, without_backward: Vec<Kind>) -> Self {
        Self { without_backward, ..self }
    }

    /// Whether a check may pass because of the diagnosis.
    pub(crate) fn is_lenient(&self) -> bool {
        !self.conventions.is_empty()
    }

    /// The outcome of a check with these findings. `against` compares the same answer with another
    /// expected one.
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
        // The right variant agrees: then the check failed for another reason than a convention.
        if agrees(&[]) {
            return CheckOutcome::Failed { findings };
        }
        // The note names one convention if one alone explains the answer.
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

    /// The outcome of a check of a backward pass that the notebook does not define: another answer is noted
    /// under every profile, and so is a refusal. A crash is no refusal, and what is not written yet follows no
    /// convention.
    pub(crate) fn backward_left_open(
        &self,
        script: &Script,
        findings: Result<Vec<Finding>, Failure>,
        convention: &str,
    ) -> CheckOutcome {
        let noted = |findings| CheckOutcome::Noted { convention: convention.to_owned(), findings };
        match findings {
            findings if self.without_backward.contains(&script.kind) => CheckOutcome::of(findings),
            Err(failure) if failure.is_refusal() => noted(Vec::new()),
            Ok(findings) if !findings.is_empty() => noted(findings),
            other => CheckOutcome::of(other),
        }
    }

    /// The outcome of a check whose findings all come from this convention.
    pub(crate) fn noted(
        &self,
        findings: Result<Vec<Finding>, Failure>,
        convention: &str,
    ) -> CheckOutcome {
        match (CheckOutcome::of(findings), self.profile) {
            (CheckOutcome::Failed { findings }, Profile::Notebook) => {
                CheckOutcome::Noted { convention: convention.to_owned(), findings }
            }
            (outcome, Profile::Notebook | Profile::Strict) => outcome,
        }
    }
}
