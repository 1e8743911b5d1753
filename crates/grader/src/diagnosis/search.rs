//! The search for mistakes that reproduce a submission's numbers.
//!
//! The parts of the answers are looked at in an order in which each depends on those before it
//! alone. Wherever the mistakes found so far do not reproduce a part, one more is looked for, and
//! then two more, that do, and that leave the parts before it reproduced. So the mistakes of a
//! forward pass and of a backward pass are found one after the other, each as one of a hundred and
//! not as one of ten thousand pairs. Whatever reproduces all numbers equally well is kept as a tie.

use serde::Serialize;

use super::catalogue::{CATALOGUE, Group, Mistake};
use super::matching::{Match, compare};
use super::part::Part;
use super::variant::Variant;
use crate::submission::{AskedMode, Kind, Outputs, Script, Submission, Touched};

/// So many explanations are followed at once.
const MOST: usize = 16;

/// For so many of them, pairs are tried.
const MOST_FOR_PAIRS: usize = 2;

/// What is wrong with a submission, as far as its numbers tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Diagnosis {
    /// What was found, in the order of the parts.
    pub found: Vec<Diagnosed>,
    /// Parts that are wrong in a way that the catalogue does not know.
    pub unexplained: Vec<Part>,
}

/// What explains that one part of the answers is wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosed {
    /// The part; none for arrays changed in place, which need no numbers.
    pub part: Option<Part>,
    /// What explains it: more than one is a tie. Each is one mistake, or two together.
    pub alternatives: Vec<Vec<Mistake>>,
}

impl Diagnosis {
    /// Whether nothing was found to be wrong.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.unexplained.is_empty()
    }

    /// Whether this mistake is among what was found, alone or in a tie.
    pub fn names(&self, id: &str) -> bool {
        self.found
            .iter()
            .flat_map(|diagnosed| diagnosed.alternatives.iter().flatten())
            .any(|mistake| mistake.id == id)
    }

    /// The conventions that the submission follows beyond doubt.
    pub(super) fn conventions(&self) -> Vec<Mistake> {
        let certain = self.found.iter().filter_map(|found| found.alternatives.first());
        certain.flatten().filter(|mistake| mistake.is_convention).copied().collect()
    }
}

/// Mistakes by the part that each was found in: places in the catalogue.
#[derive(Debug, Clone, PartialEq)]
struct Explanation {
    stages: Vec<Vec<usize>>,
}

impl Explanation {
    fn mistakes(&self) -> impl Iterator<Item = &'static Mistake> {
        self.stages.iter().flatten().filter_map(|&at| CATALOGUE.get(at))
    }

    fn with(&self, more: &[usize]) -> Self {
        let mut stages = self.stages.clone();
        stages.push(more.to_vec());
        Self { stages }
    }

    fn variant(&self) -> Variant {
        Variant::with(self.mistakes())
    }
}

/// Scripts with a submission's answers.
pub(crate) type Answered<'a> = (&'a Script, &'a Outputs);

/// Looks for mistakes that reproduce these answers.
pub(crate) fn diagnose(answered: &[Answered<'_>]) -> Diagnosis {
    let right = Variant::with([]);
    let answered: Vec<Answered<'_>> = answered
        .iter()
        .filter(|(script, _)| script.kind == Kind::Spatial && right.declines(script).is_none())
        .copied()
        .collect();
    let mut search = Search {
        answered,
        explanations: vec![Explanation { stages: Vec::new() }],
        parts: Vec::new(),
        explained: Vec::new(),
        unexplained: Vec::new(),
    };
    for part in Part::ALL {
        search.explain(part);
    }
    let mut diagnosis = search.diagnosis();
    let touched = changed_in_place(&search.answered);
    diagnosis.found.extend(
        touched
            .into_iter()
            .map(|mistake| Diagnosed { part: None, alternatives: vec![vec![mistake]] }),
    );
    diagnosis
}

struct Search<'a> {
    answered: Vec<Answered<'a>>,
    /// All of equal length, and equally good.
    explanations: Vec<Explanation>,
    /// The part of each stage.
    parts: Vec<Part>,
    explained: Vec<Part>,
    unexplained: Vec<Part>,
}

impl Search<'_> {
    /// The answers that a part can be judged by.
    fn concerning(&self, part: Part) -> Vec<Answered<'_>> {
        let is_unknown = |part: Part| self.unexplained.contains(&part);
        let running_is_unknown = is_unknown(Part::RunningMean) || is_unknown(Part::RunningVar);
        let is_told = |script: &Script| {
            let trains = script.steps.iter().any(|step| step.mode == AskedMode::Train);
            let evaluates = matches!(part, Part::Evaluation | Part::RunningInEvaluation);
            !(running_is_unknown && evaluates && trains)
        };
        let concerned = self.answered.iter().filter(|(script, _)| part.concerns(script));
        concerned.filter(|(script, _)| is_told(script)).copied().collect()
    }

    fn explain(&mut self, part: Part) {
        if part.needs().iter().any(|needed| self.unexplained.contains(needed)) {
            return;
        }
        let mut answered = self.concerning(part);
        let survivors: Vec<Explanation> = self
            .explanations
            .iter()
            .filter(|explanation| reproduces(&explanation.variant(), part, &answered))
            .cloned()
            .collect();
        if !survivors.is_empty() {
            self.explanations = survivors;
            self.explained.push(part);
            return;
        }
        // What differs comes first, the smallest before all, so that most candidates fail at once.
        let base = self.explanations[0].variant();
        answered.sort_by_key(|(script, outputs)| {
            let differs = compare(part, script, outputs, &base) == Match::Different;
            let size: usize =
                script.steps.iter().map(|step| step.x.shape().iter().product::<usize>()).sum();
            (!differs, size)
        });
        let found = self.singles(part, &answered);
        let found = if found.is_empty() { self.pairs(part, &answered) } else { found };
        if found.is_empty() {
            self.unexplained.push(part);
        } else {
            self.explanations = found;
            self.explanations.truncate(MOST);
            self.parts.push(part);
            self.explained.push(part);
        }
    }

    fn singles(&self, part: Part, answered: &[Answered<'_>]) -> Vec<Explanation> {
        let mut found = Vec::new();
        for explanation in &self.explanations {
            for at in 0..CATALOGUE.len() {
                self.try_more(explanation, &[at], part, answered, &mut found);
            }
        }
        found
    }

    fn pairs(&self, part: Part, answered: &[Answered<'_>]) -> Vec<Explanation> {
        let mut found = Vec::new();
        for explanation in self.explanations.iter().take(MOST_FOR_PAIRS) {
            let base = explanation.variant();
            // A mistake that changes nothing here is no half of a pair.
            let before: Vec<(&Script, Outputs)> = answered
                .iter()
                .filter(|(script, outputs)| {
                    compare(part, script, outputs, &base) == Match::Different
                })
                .filter_map(|(script, _)| base.run(script).ok().map(|outputs| (*script, outputs)))
                .collect();
            let matters = |&at: &usize| {
                let variant = explanation.with(&[at]).variant();
                part.groups().contains(&CATALOGUE[at].group)
                    && before.iter().any(|(script, outputs)| {
                        compare(part, script, outputs, &variant) == Match::Different
                    })
            };
            let candidates: Vec<usize> = (0..CATALOGUE.len()).filter(matters).collect();
            for (nth, &first) in candidates.iter().enumerate() {
                for &second in &candidates[nth + 1..] {
                    // Two answers to one decision are no pair.
                    let both = explanation.with(&[first, second]).variant();
                    let is_pair = [first, second]
                        .iter()
                        .all(|&one| explanation.with(&[one]).variant().choices() != both.choices());
                    if is_pair {
                        self.try_more(explanation, &[first, second], part, answered, &mut found);
                    }
                }
            }
        }
        found
    }

    /// Keeps an explanation with more mistakes if it reproduces this part and those before it.
    fn try_more(
        &self,
        explanation: &Explanation,
        more: &[usize],
        part: Part,
        answered: &[Answered<'_>],
        found: &mut Vec<Explanation>,
    ) {
        let candidate = explanation.with(more);
        let variant = candidate.variant();
        let keeps = |&before: &Part| reproduces(&variant, before, &self.concerning(before));
        if reproduces(&variant, part, answered) && self.explained.iter().all(keeps) {
            found.push(candidate);
        }
    }

    fn diagnosis(&self) -> Diagnosis {
        let mut found = Vec::new();
        for (stage, &part) in self.parts.iter().enumerate() {
            let mut alternatives: Vec<Vec<Mistake>> = Vec::new();
            for explanation in &self.explanations {
                let mistakes: Vec<Mistake> =
                    explanation.stages[stage].iter().map(|&at| CATALOGUE[at]).collect();
                if !alternatives.contains(&mistakes) {
                    alternatives.push(mistakes);
                }
            }
            found.push(Diagnosed { part: Some(part), alternatives });
        }
        Diagnosis { found, unexplained: self.unexplained.clone() }
    }
}

/// Whether a variant gives the same as the submission wherever there is something to compare.
fn reproduces(variant: &Variant, part: Part, answered: &[Answered<'_>]) -> bool {
    answered
        .iter()
        .all(|(script, outputs)| compare(part, script, outputs, variant) != Match::Different)
}

/// The catalogue's entries for arrays of the caller's that were changed in place.
fn changed_in_place(answered: &[Answered<'_>]) -> Vec<Mistake> {
    let mut touched: Vec<Touched> = Vec::new();
    for (_, outputs) in answered {
        touched.extend(outputs.steps.iter().flatten().flat_map(|step| &step.touched));
        touched.extend(outputs.gradients.iter().flatten().flat_map(|step| &step.touched));
    }
    let aliasing = CATALOGUE.iter().filter(|mistake| mistake.group == Group::Aliasing);
    aliasing
        .filter(|mistake| {
            let variant = Variant::with([*mistake]);
            let choices = variant.choices();
            let own = choices.forward_touches.iter().chain(choices.backward_touches);
            own.into_iter().any(|array| touched.contains(array))
        })
        .copied()
        .collect()
}
