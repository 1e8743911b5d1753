//! A candidate: mistakes that may explain a submission's answers.

use std::cell::OnceCell;
use std::rc::Rc;

use super::catalogue::CATALOGUE;
use super::form::in_right_shapes;
use super::mistake::Mistake;
use super::variant::Variant;
use crate::submission::{Outputs, Script, Submission};

/// Mistakes, grouped by the part of the answers that each was found in.
#[derive(Clone)]
pub(super) struct Candidate {
    /// For each such part the indices of its mistakes in the catalogue.
    pub stages: Vec<Vec<usize>>,
    pub variant: Variant,
    /// The variant's answer to each script, computed when first needed.
    answers: Rc<[OnceCell<Option<Outputs>>]>,
}

impl Candidate {
    /// The candidate without mistakes, for so many scripts.
    pub(super) fn right(scripts: usize) -> Self {
        Self::new(Vec::new(), scripts)
    }

    fn new(stages: Vec<Vec<usize>>, scripts: usize) -> Self {
        let variant = Variant::with(mistakes(&stages));
        Self { stages, variant, answers: vec![OnceCell::new(); scripts].into() }
    }

    /// This candidate with more mistakes, found in a further part.
    pub(super) fn with(&self, more: &[usize]) -> Self {
        let mut stages = self.stages.clone();
        stages.push(more.to_vec());
        Self::new(stages, self.answers.len())
    }

    /// Whether the order of the mistakes does not matter, so that no mistake undoes another.
    pub(super) fn is_consistent(&self) -> bool {
        let mut reversed: Vec<&Mistake> = mistakes(&self.stages).collect();
        reversed.reverse();
        Variant::with(reversed) == self.variant
    }

    /// The variant's answer to a script, which has this index among all scripts.
    pub(super) fn answer(&self, at: usize, script: &Script) -> Option<&Outputs> {
        let answer = || Some(in_right_shapes(script, &self.variant.run(script).ok()?));
        self.answers[at].get_or_init(answer).as_ref()
    }
}

fn mistakes(stages: &[Vec<usize>]) -> impl Iterator<Item = &'static Mistake> {
    stages.iter().flatten().filter_map(|&at| CATALOGUE.get(at))
}
