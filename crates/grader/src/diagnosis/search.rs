//! The search for mistakes that reproduce a submission's numbers.
//!
//! The parts of the answers are looked at in an order in which each depends on those before it
//! alone. Wherever the mistakes found so far do not reproduce a part, one more is looked for, and
//! then two more, that do, and that leave the parts before it reproduced. So the mistakes of a
//! forward pass and of a backward pass are found one after the other, each as one of a hundred and
//! not as one of ten thousand pairs. Whatever reproduces all numbers equally well is kept as a tie.

use std::cell::OnceCell;
use std::rc::Rc;

use serde::Serialize;

use super::answer_part::Part;
use super::catalogue::{CATALOGUE, Group, Mistake};
use super::comparison::{Match, compare};
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
#[derive(Clone)]
struct Explanation {
    stages: Vec<Vec<usize>>,
    variant: Variant,
    /// What the variant answers to each script, once it was asked.
    answers: Rc<[OnceCell<Option<Outputs>>]>,
}

impl Explanation {
    fn new(stages: Vec<Vec<usize>>, scripts: usize) -> Self {
        let variant = Variant::with(mistakes(&stages));
        Self { stages, variant, answers: vec![OnceCell::new(); scripts].into() }
    }

    /// Whether its mistakes are the same in any order, so that none decides what another has
    /// decided.
    fn is_consistent(&self) -> bool {
        let mut reversed: Vec<&Mistake> = mistakes(&self.stages).collect();
        reversed.reverse();
        Variant::with(reversed) == self.variant
    }

    fn with(&self, more: &[usize]) -> Self {
        let mut stages = self.stages.clone();
        stages.push(more.to_vec());
        Self::new(stages, self.answers.len())
    }
}

fn mistakes(stages: &[Vec<usize>]) -> impl Iterator<Item = &'static Mistake> {
    stages.iter().flatten().filter_map(|&at| CATALOGUE.get(at))
}

/// Scripts with a submission's answers.
pub(crate) type Answered<'a> = (&'a Script, &'a Outputs);

/// Looks for mistakes that reproduce these answers.
pub(crate) fn diagnose(answered: &[Answered<'_>]) -> Diagnosis {
    let right = Variant::with([]);
    let is_diagnosed =
        |script: &Script| script.kind == Kind::Spatial && right.declines(script).is_none();
    let answered: Vec<Answered<'_>> =
        answered.iter().filter(|(script, _)| is_diagnosed(script)).copied().collect();
    let mut search = Search {
        explanations: vec![Explanation::new(Vec::new(), answered.len())],
        answered,
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
    /// The places of the answers that a part can be judged by.
    fn concerning(&self, part: Part) -> Vec<usize> {
        let is_unknown = |part: Part| self.unexplained.contains(&part);
        let running_is_unknown = is_unknown(Part::RunningMean) || is_unknown(Part::RunningVar);
        let evaluates = matches!(part, Part::Evaluation | Part::RunningInEvaluation);
        let is_told = |script: &Script| {
            let trains = script.steps.iter().any(|step| step.mode == AskedMode::Train);
            part.concerns(script) && !(running_is_unknown && evaluates && trains)
        };
        (0..self.answered.len()).filter(|&at| is_told(self.answered[at].0)).collect()
    }

    /// Compares the submission's answer in one place with an explanation's.
    fn compare(&self, part: Part, at: usize, explanation: &Explanation) -> Match {
        let (script, outputs) = self.answered[at];
        match self.answer(at, explanation) {
            Some(answer) => compare(part, script, outputs, answer),
            None => Match::Nothing,
        }
    }

    fn answer<'a>(&self, at: usize, explanation: &'a Explanation) -> Option<&'a Outputs> {
        let script = self.answered[at].0;
        explanation.answers[at].get_or_init(|| explanation.variant.run(script).ok()).as_ref()
    }

    /// Whether an explanation gives the same as the submission wherever there is something to
    /// compare.
    fn reproduces(&self, part: Part, places: &[usize], explanation: &Explanation) -> bool {
        places.iter().all(|&at| self.compare(part, at, explanation) != Match::Different)
    }

    fn explain(&mut self, part: Part) {
        if part.needs().iter().any(|needed| self.unexplained.contains(needed)) {
            return;
        }
        let mut places = self.concerning(part);
        let survivors: Vec<Explanation> = self
            .explanations
            .iter()
            .filter(|explanation| self.reproduces(part, &places, explanation))
            .cloned()
            .collect();
        if !survivors.is_empty() {
            self.explanations = survivors;
            self.explained.push(part);
            return;
        }
        // What differs comes first, the smallest before all, so that most candidates fail at once.
        places.sort_by_key(|&at| {
            let differs = self.compare(part, at, &self.explanations[0]) == Match::Different;
            let steps = &self.answered[at].0.steps;
            let sizes = steps.iter().map(|step| step.x.shape().iter().product::<usize>());
            (!differs, sizes.sum::<usize>())
        });
        let found = self.singles(part, &places);
        let found = if found.is_empty() { self.pairs(part, &places) } else { found };
        if found.is_empty() {
            // After another mistake, how it reads the caller's arrays is a matter of detail, and
            // the suite `behaviour` tells what it is about.
            let is_detail = part == Part::State && !self.parts.is_empty();
            if !is_detail {
                self.unexplained.push(part);
            }
        } else {
            self.explanations = found;
            self.explanations.truncate(MOST);
            self.parts.push(part);
            self.explained.push(part);
        }
    }

    fn singles(&self, part: Part, places: &[usize]) -> Vec<Explanation> {
        let mut found = Vec::new();
        for explanation in &self.explanations {
            let candidates = (0..CATALOGUE.len()).map(|at| explanation.with(&[at]));
            found.extend(candidates.filter(|candidate| self.is_better(part, places, candidate)));
        }
        found
    }

    fn pairs(&self, part: Part, places: &[usize]) -> Vec<Explanation> {
        let mut found = Vec::new();
        for explanation in self.explanations.iter().take(MOST_FOR_PAIRS) {
            let is_wrong = |&at: &usize| self.compare(part, at, explanation) == Match::Different;
            let wrong: Vec<usize> = places.iter().copied().filter(is_wrong).collect();
            // A mistake that changes nothing here is no half of a pair.
            let matters = |alone: &Explanation| {
                wrong.iter().any(|&at| {
                    let script = self.answered[at].0;
                    match (self.answer(at, explanation), self.answer(at, alone)) {
                        (Some(before), Some(after)) => {
                            compare(part, script, before, after) == Match::Different
                        }
                        _ => false,
                    }
                })
            };
            let candidates: Vec<(usize, Explanation)> = (0..CATALOGUE.len())
                .filter(|&at| part.groups().contains(&CATALOGUE[at].group))
                .map(|at| (at, explanation.with(&[at])))
                .filter(|(_, alone)| matters(alone))
                .collect();
            for (nth, (first, first_alone)) in candidates.iter().enumerate() {
                for (second, second_alone) in &candidates[nth + 1..] {
                    let both = explanation.with(&[*first, *second]);
                    // Two answers to one decision are no pair.
                    let is_pair =
                        both.variant != first_alone.variant && both.variant != second_alone.variant;
                    if is_pair && self.is_better(part, places, &both) {
                        found.push(both);
                    }
                }
            }
        }
        found
    }

    /// Whether an explanation reproduces this part and those before it, and no mistake in it takes
    /// another back.
    fn is_better(&self, part: Part, places: &[usize], candidate: &Explanation) -> bool {
        let keeps = |&before: &Part| self.reproduces(before, &self.concerning(before), candidate);
        self.reproduces(part, places, candidate)
            && self.explained.iter().all(keeps)
            && candidate.is_consistent()
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
