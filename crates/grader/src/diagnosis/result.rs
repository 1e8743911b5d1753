//! The result of a diagnosis, as data for exports.

use serde::Serialize;

use super::answer_part::AnswerPart;
use super::mistake::Mistake;

/// What is wrong with a submission, as far as its numbers tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Diagnosis {
    /// What was found, in the order of the parts.
    pub found: Vec<Diagnosed>,
    /// Parts that are wrong in a way that the catalogue does not know.
    pub unexplained: Vec<AnswerPart>,
    /// The exceptions that calls ended in, each once, the most frequent first.
    pub exceptions: Vec<RaisedException>,
    /// Results of a wrong shape or type, each once, whatever their values are.
    pub wrong_forms: Vec<WrongForm>,
}

/// An exception that calls ended in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaisedException {
    /// The submission's own message, with the line of its file.
    pub message: String,
    /// How many calls ended in it.
    pub calls: usize,
    /// How many calls were made in all, those of backward passes included.
    pub of: usize,
}

/// A result of a wrong shape or type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrongForm {
    /// The result, as in "dbeta".
    pub quantity: String,
    /// What it is, as in "shape (1, C)" or "int64".
    pub found: String,
    /// What it should be, as in "shape (C,)" or "float64".
    pub expected: String,
}

/// What explains that one part of the answers is wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosed {
    /// The part. Arrays changed in place have none, since no numbers are needed to find them.
    pub part: Option<AnswerPart>,
    /// The explanations, of which more than one is a tie. Each is one mistake, or two together.
    pub alternatives: Vec<Vec<Mistake>>,
}

impl WrongForm {
    /// Whether the shape is wrong; otherwise the type is.
    pub(crate) fn is_of_shape(&self) -> bool {
        self.expected.starts_with("shape ")
    }

    /// Whether the axes are the expected ones in another order.
    pub(crate) fn is_permuted(&self) -> bool {
        let axes = |shape: &str| {
            let axes = shape.strip_prefix("shape (")?.strip_suffix(')')?;
            let mut axes: Vec<String> = axes.split(", ").map(str::to_owned).collect();
            axes.sort();
            Some(axes)
        };
        self.is_of_shape()
            && self.found != self.expected
            && axes(&self.found) == axes(&self.expected)
    }
}

impl Diagnosis {
    /// Whether nothing was found to be wrong.
    pub fn is_empty(&self) -> bool {
        let Self { found, unexplained, exceptions, wrong_forms } = self;
        found.is_empty()
            && unexplained.is_empty()
            && exceptions.is_empty()
            && wrong_forms.is_empty()
    }

    /// Whether this mistake was found, alone or in a tie.
    pub fn names(&self, id: &str) -> bool {
        self.found
            .iter()
            .flat_map(|diagnosed| diagnosed.alternatives.iter().flatten())
            .any(|mistake| mistake.id == id)
    }

    /// The conventions that the submission follows. Of a tie the first alternative counts.
    pub(super) fn conventions(&self) -> Vec<Mistake> {
        let first = self.found.iter().filter_map(|found| found.alternatives.first());
        first.flatten().filter(|mistake| mistake.is_convention).copied().collect()
    }
}
