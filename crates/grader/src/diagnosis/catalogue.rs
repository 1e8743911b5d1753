//! The catalogue of known mistakes, each a change of the plain variant's decisions.

mod backward;
mod calls;
mod evaluation;
mod forward;
mod running;

use std::fmt;
use std::sync::LazyLock;

use serde::{Serialize, Serializer};

use super::choices::Choices;

/// A mistake that people make, or a convention that is none.
#[derive(Clone, Copy)]
pub struct Mistake {
    /// Its name in reports and tests.
    pub id: &'static str,
    /// The part of the work that it is in.
    pub group: Group,
    /// What the submission does, in one line.
    pub explanation: &'static str,
    /// A question that leads to the mend and does not say it.
    pub hint: &'static str,
    /// A case that fails because of it.
    pub exposed_by: &'static str,
    /// Whether it is a convention: wrong by the notebook's letter, right elsewhere.
    pub is_convention: bool,
    /// What it changes of a right implementation.
    pub(super) change: fn(&mut Choices),
}

/// The parts of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The output in training.
    Forward,
    /// The running statistics.
    Running,
    /// The output in evaluation.
    Evaluation,
    /// The gradients.
    Backward,
    /// Arrays of the caller's, changed in place.
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
            Self::Evaluation => "evaluation",
            Self::Backward => "backward",
            Self::Aliasing => "arrays changed in place",
            Self::Results => "shapes and types",
            Self::State => "state and modes",
        }
    }
}

/// All known mistakes, by group.
pub static CATALOGUE: LazyLock<Vec<Mistake>> = LazyLock::new(|| {
    [
        forward::MISTAKES,
        running::MISTAKES,
        evaluation::MISTAKES,
        backward::MISTAKES,
        calls::MISTAKES,
    ]
    .concat()
});

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

impl Serialize for Mistake {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Told {
            id: &'static str,
            group: Group,
            explanation: &'static str,
            hint: &'static str,
            is_convention: bool,
        }
        let Self { id, group, explanation, hint, is_convention, .. } = *self;
        Told { id, group, explanation, hint, is_convention }.serialize(serializer)
    }
}

/// An entry of the catalogue: id, explanation, hint, the case that exposes it, the change.
const fn mistake(
    group: Group,
    id: &'static str,
    explanation: &'static str,
    hint: &'static str,
    exposed_by: &'static str,
    change: fn(&mut Choices),
) -> Mistake {
    Mistake { id, group, explanation, hint, exposed_by, is_convention: false, change }
}

const fn convention(mistake: Mistake) -> Mistake {
    Mistake { is_convention: true, ..mistake }
}
