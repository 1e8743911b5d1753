//! A mistake: what it is called, what is told of it, and the choices that it changes.

use std::fmt;

use serde::Serialize;

use super::choices::Choices;

/// A mistake that people make: an entry of the catalogue. Some are conventions.
#[derive(Clone, Copy, Serialize)]
pub struct Mistake {
    /// The name in reports and tests.
    pub id: &'static str,
    /// The part of the work that the mistake is in.
    pub group: Group,
    /// What the submission does, in one line.
    pub explanation: &'static str,
    /// A question that leads to the correction without naming it.
    pub hint: &'static str,
    /// A case that fails because of the mistake.
    #[serde(skip)]
    pub exposed_by: &'static str,
    /// Whether this is a convention: the notebook does it otherwise, other libraries do it so.
    pub is_convention: bool,
    /// Makes the mistake in the right choices.
    #[serde(skip)]
    pub(super) change: fn(&mut Choices),
}

/// The same as a convention.
pub(super) const fn convention(mistake: Mistake) -> Mistake {
    Mistake { is_convention: true, ..mistake }
}

/// The parts of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The output in training.
    Forward,
    /// The running statistics.
    Running,
    /// What holds where `bn_param` lacks an entry.
    Defaults,
    /// The output in evaluation.
    Evaluation,
    /// The gradients.
    Backward,
    /// The caller's arrays, changed in place.
    Aliasing,
    /// Shapes and types of results.
    Results,
    /// What outlives a call, and unknown modes.
    State,
}

impl Group {
    /// The name in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Running => "running statistics",
            Self::Defaults => "defaults",
            Self::Evaluation => "evaluation",
            Self::Backward => "backward",
            Self::Aliasing => "arrays changed in place",
            Self::Results => "shapes and types",
            Self::State => "state and modes",
        }
    }

    /// A mistake of this group that the plainest case of the group exposes.
    pub(super) const fn mistake(
        self,
        id: &'static str,
        explanation: &'static str,
        hint: &'static str,
        change: fn(&mut Choices),
    ) -> Mistake {
        let exposed_by = match self {
            Self::Forward | Self::Running | Self::Backward => "random/train",
            Self::Defaults => "random/eps_default",
            Self::Evaluation => "random/eval",
            Self::Aliasing => "behaviour/x_untouched",
            Self::Results => "behaviour/shapes",
            Self::State => "behaviour/unknown_mode",
        };
        self.mistake_in(exposed_by, id, explanation, hint, change)
    }

    /// A mistake of this group that the named case exposes.
    pub(super) const fn mistake_in(
        self,
        exposed_by: &'static str,
        id: &'static str,
        explanation: &'static str,
        hint: &'static str,
        change: fn(&mut Choices),
    ) -> Mistake {
        Mistake { id, group: self, explanation, hint, exposed_by, is_convention: false, change }
    }
}

impl fmt::Debug for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id)
    }
}

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
