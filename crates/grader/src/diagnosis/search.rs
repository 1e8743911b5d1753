//! The search for mistakes that reproduce a submission's numbers.
//!
//! The search goes through the parts of the answers in order. Each part depends only on the parts
//! before it. If the mistakes found so far do not reproduce a part, the search looks for one more
//! mistake that does, then for two more. The parts before must stay reproduced. So the mistakes of a
//! forward pass and of a backward pass are found one after the other, each among some three hundred
//! entries and not among all pairs. All candidates that reproduce the numbers are kept as a tie.

use super::answer_part::{AnswerPart, Piece};
use super::candidate::Candidate;
use super::catalogue::{CATALOGUE, in_language};
use super::choices::Rounds;
use super::comparison::{Comparison, compare};
use super::exceptions::exceptions;
use super::form::{Found, in_right_shapes, wrong_forms};
use super::limits::{BEAM_WIDTH, BEAM_WIDTH_FOR_PAIRS};
use super::mistake::{Group, Mistake};
use super::result::{Diagnosed, Diagnosis};
use super::variant::Variant;
use crate::submission::{AskedMode, Kind, Language, Outputs, Script, Submission, Touched};

/// A script with a submission's answer.
pub(crate) type Answered<'a> = (&'a Script, &'a Outputs);

/// Looks for mistakes that reproduce these answers, which a submission in this language gave. The submission's
/// own words and shapes are told of `shown` alone: those in `unseen` could hold inputs that students are not to
/// see.
pub(crate) fn diagnose(
    shown: &[Answered<'_>],
    unseen: &[Answered<'_>],
    language: Option<Language>,
) -> Diagnosis {
    let mut diagnosis = found(shown, unseen);
    for mistake in diagnosis.found.iter_mut().flat_map(|one| one.alternatives.iter_mut().flatten())
    {
        *mistake = in_language(*mistake, language);
    }
    diagnosis
}

fn found(shown: &[Answered<'_>], unseen: &[Answered<'_>]) -> Diagnosis {
    let right = Variant::with([]);
    let is_diagnosed = |(script, _): &&Answered<'_>| {
        script.kind == Kind::Spatial && right.declines(script).is_none()
    };
    let shown: Vec<Answered<'_>> = shown.iter().filter(is_diagnosed).copied().collect();
    let unseen = unseen.iter().filter(is_diagnosed);
    let answered: Vec<Answered<'_>> = shown.iter().chain(unseen).copied().collect();
    let shaped: Vec<Outputs> =
        answered.iter().map(|(script, outputs)| in_right_shapes(script, outputs)).collect();
    let mut search = Search {
        right: Candidate::right(answered.len()),
        candidates: vec![Candidate::right(answered.len())],
        answered: answered.iter().map(|(script, _)| *script).zip(&shaped).collect(),
        stages: Vec::new(),
        explained: Vec::new(),
        unexplained: Vec::new(),
    };
    for part in AnswerPart::ALL {
        search.explain(part);
    }
    let mut diagnosis = search.diagnosis();
    let without_numbers = |mistake| Diagnosed { part: None, alternatives: vec![vec![mistake]] };
    let differing = equal_calls_differ(&answered);
    if differing.is_some() {
        // Whatever else is wrong may come and go with it.
        diagnosis.unexplained.clear();
    }
    diagnosis.found.splice(0..0, differing.map(without_numbers));
    diagnosis.found.extend(changed_in_place(&answered).into_iter().map(without_numbers));

    for Found { form, is_form_alone } in wrong_forms(&shown) {
        let is_shape = form.is_of_shape();
        let is_of_form = |part: &AnswerPart| {
            if is_shape { part.is_of(&form.quantity) } else { *part == AnswerPart::Types }
        };
        if is_form_alone || diagnosis.unexplained.iter().any(is_of_form) {
            diagnosis.unexplained.retain(|part| is_form_alone || !is_of_form(part));
            diagnosis.wrong_forms.push(form);
        }
    }
    diagnosis.exceptions = exceptions(&shown, &search.stages);
    let all_failed = |part: &AnswerPart| search.has_only_failures(*part);
    diagnosis.unexplained.retain(|part| !all_failed(part));
    if !diagnosis.exceptions.is_empty() {
        // Calls that fail are told of as that, whatever bn_param lacks.
        let is_of_entries =
            |part: &AnswerPart| matches!(part, AnswerPart::Start | AnswerPart::Defaults);
        diagnosis.unexplained.retain(|part| !is_of_entries(part));
    }
    diagnosis
}

/// The entry for two equal calls that give different results, if there are such calls.
fn equal_calls_differ(answered: &[Answered<'_>]) -> Option<Mistake> {
    let differ = answered.iter().enumerate().any(|(nth, (script, outputs))| {
        answered[nth + 1..].iter().any(|(other, other_outputs)| {
            script == other
                && AnswerPart::ALL.iter().any(|part| {
                    part.concerns(script)
                        // A call that failed in one of the two tells nothing.
                        && [(outputs, other_outputs), (other_outputs, outputs)].iter().all(
                            |(one, other)| {
                                compare(*part, script, one, other, None, Rounds::Nowhere)
                                    == Comparison::Different
                            },
                        )
                })
        })
    });
    let entry =
        || CATALOGUE.iter().find(|mistake| Variant::with([*mistake]).choices().differs_by_call);
    differ.then(entry).flatten().copied()
}

struct Search<'a> {
    answered: Vec<Answered<'a>>,
    /// The candidate without mistakes.
    right: Candidate,
    /// Candidates that reproduce all explained parts, with equally many stages.
    candidates: Vec<Candidate>,
    /// The part that each stage of the candidates was found in.
    stages: Vec<AnswerPart>,
    explained: Vec<AnswerPart>,
    unexplained: Vec<AnswerPart>,
}

impl Search<'_> {
    /// The indices of the scripts that a part can be judged by.
    fn concerning(&self, part: AnswerPart) -> Vec<usize> {
        let is_unknown = |part: AnswerPart| self.unexplained.contains(&part);
        let running_is_unknown =
            is_unknown(AnswerPart::RunningMean) || is_unknown(AnswerPart::RunningVar);
        let evaluates = matches!(part, AnswerPart::Evaluation | AnswerPart::RunningInEvaluation);
        let is_told = |script: &Script| {
            let trains = script.steps.iter().any(|step| step.mode == AskedMode::Train);
            part.concerns(script) && !(running_is_unknown && evaluates && trains)
        };
        (0..self.answered.len()).filter(|&at| is_told(self.answered[at].0)).collect()
    }

    /// Compares the submission's answer to the script of this index with a candidate's.
    fn compare(&self, part: AnswerPart, at: usize, candidate: &Candidate) -> Comparison {
        let (script, outputs) = self.answered[at];
        match candidate.answer(at, script) {
            Some(answer) => {
                let right = self.right.answer(at, script);
                compare(part, script, outputs, answer, right, candidate.variant.choices().rounds)
            }
            None => Comparison::NothingToCompare,
        }
    }

    /// Whether the submission failed in every call that a part can be judged by.
    fn has_only_failures(&self, part: AnswerPart) -> bool {
        let answered = self.answered.iter().filter(|(script, _)| part.concerns(script));
        let mut pieces = answered.flat_map(|(script, outputs)| part.pieces(script, outputs));
        pieces.all(|piece| matches!(piece, Piece::Failed(_) | Piece::Unknown))
    }

    fn differs(&self, part: AnswerPart, at: usize, candidate: &Candidate) -> bool {
        self.compare(part, at, candidate) == Comparison::Different
    }

    /// Whether a candidate gives the submission's numbers wherever there is something to compare.
    fn reproduces(&self, part: AnswerPart, scripts: &[usize], candidate: &Candidate) -> bool {
        scripts.iter().all(|&at| !self.differs(part, at, candidate))
    }

    fn explain(&mut self, part: AnswerPart) {
        if part.needs().iter().any(|needed| self.unexplained.contains(needed)) {
            return;
        }
        let mut scripts = self.concerning(part);
        let survivors: Vec<Candidate> = self
            .candidates
            .iter()
            .filter(|candidate| self.reproduces(part, &scripts, candidate))
            .cloned()
            .collect();
        if !survivors.is_empty() {
            self.candidates = survivors;
            self.explained.push(part);
            return;
        }
        // Scripts whose answers differ come first, small ones before large ones, so that most
        // candidates fail at once.
        scripts.sort_by_key(|&at| {
            let differs = self.differs(part, at, &self.candidates[0]);
            let steps = &self.answered[at].0.steps;
            let sizes = steps.iter().map(|step| step.x.shape().iter().product::<usize>());
            (!differs, sizes.sum::<usize>())
        });
        let mut found = self.singles(part, &scripts);
        // Where every call fails there are no numbers that a pair could give.
        if found.is_empty() && !self.has_only_failures(part) {
            found = self.pairs(part, &scripts);
        }
        if found.is_empty() {
            // After another mistake it is a detail how the cache reads the caller's arrays. The
            // suite `behaviour` reports it.
            let is_detail = part == AnswerPart::State && !self.stages.is_empty();
            if !is_detail {
                self.unexplained.push(part);
            }
        } else {
            found.truncate(BEAM_WIDTH);
            self.candidates = found;
            self.stages.push(part);
            self.explained.push(part);
        }
    }

    /// Candidates with one more mistake that explain a part.
    fn singles(&self, part: AnswerPart, scripts: &[usize]) -> Vec<Candidate> {
        let mut found = Vec::new();
        for candidate in &self.candidates {
            let more = (0..CATALOGUE.len()).map(|at| candidate.with(&[at]));
            found.extend(more.filter(|more| self.explains(part, scripts, candidate, more)));
        }
        found
    }

    /// Candidates with two more mistakes that explain a part.
    fn pairs(&self, part: AnswerPart, scripts: &[usize]) -> Vec<Candidate> {
        let mut found = Vec::new();
        for candidate in self.candidates.iter().take(BEAM_WIDTH_FOR_PAIRS) {
            let mut wrong: Vec<(AnswerPart, usize)> = Vec::new();
            for decided in self.decided_with(part) {
                let scripts = self.concerning(decided);
                let differs = |at: &usize| self.differs(decided, *at, candidate);
                wrong.extend(scripts.into_iter().filter(differs).map(|at| (decided, at)));
            }
            // A mistake that changes nothing in the wrong answers cannot be half of a pair.
            let matters = |alone: &Candidate| {
                wrong.iter().any(|&(part, at)| self.changes(part, at, candidate, alone))
            };
            let halves: Vec<(usize, Candidate)> = (0..CATALOGUE.len())
                .filter(|&at| part.groups().contains(&CATALOGUE[at].group))
                .map(|at| (at, candidate.with(&[at])))
                .filter(|(_, alone)| matters(alone))
                .collect();
            for (nth, (first, first_alone)) in halves.iter().enumerate() {
                for (second, second_alone) in &halves[nth + 1..] {
                    let both = candidate.with(&[*first, *second]);
                    // If one mistake overrides the other, the two are no pair.
                    let is_pair =
                        both.variant != first_alone.variant && both.variant != second_alone.variant;
                    if is_pair && self.explains(part, scripts, candidate, &both) {
                        found.push(both);
                    }
                }
            }
        }
        found
    }

    /// Whether a candidate is consistent and reproduces this part, all explained parts, and what else
    /// the mistakes decide that it has beyond the candidate `before`: who swaps two results is wrong
    /// in both.
    fn explains(
        &self,
        part: AnswerPart,
        scripts: &[usize],
        before: &Candidate,
        candidate: &Candidate,
    ) -> bool {
        let keeps =
            |&before: &AnswerPart| self.reproduces(before, &self.concerning(before), candidate);
        let agrees = |&decided: &AnswerPart| {
            let scripts = self.concerning(decided);
            self.reproduces(decided, &scripts, candidate)
                || !scripts.iter().any(|&at| self.changes(decided, at, before, candidate))
        };
        self.reproduces(part, scripts, candidate)
            && self.explained.iter().all(keeps)
            && self.decided_with(part).iter().all(agrees)
            && candidate.is_consistent()
    }

    /// The parts that a mistake in this part may decide too, this part first.
    fn decided_with(&self, part: AnswerPart) -> Vec<AnswerPart> {
        let is_known = |other: &AnswerPart| !self.explained.contains(other);
        let others = part.decided_together().iter().copied().filter(|&other| other != part);
        [part].into_iter().chain(others.filter(is_known)).collect()
    }

    /// Whether two candidates answer the script of this index differently in a part.
    fn changes(&self, part: AnswerPart, at: usize, one: &Candidate, other: &Candidate) -> bool {
        let script = self.answered[at].0;
        let answers = one.answer(at, script).zip(other.answer(at, script));
        answers.is_some_and(|(one, other)| {
            compare(part, script, one, other, None, Rounds::Nowhere) == Comparison::Different
        })
    }

    fn diagnosis(&self) -> Diagnosis {
        let mut found = Vec::new();
        for (stage, &part) in self.stages.iter().enumerate() {
            let mut alternatives: Vec<Vec<Mistake>> = Vec::new();
            for candidate in &self.candidates {
                let mistakes: Vec<Mistake> =
                    candidate.stages[stage].iter().map(|&at| CATALOGUE[at]).collect();
                if !alternatives.contains(&mistakes) {
                    alternatives.push(mistakes);
                }
            }
            found.push(Diagnosed { part: Some(part), alternatives });
        }
        Diagnosis { found, unexplained: self.unexplained.clone(), ..Diagnosis::default() }
    }
}

/// The catalogue's entries for the caller's arrays that the submission changed in place.
fn changed_in_place(answered: &[Answered<'_>]) -> Vec<Mistake> {
    let (mut forward, mut backward): (Vec<Touched>, Vec<Touched>) = Default::default();
    for (_, outputs) in answered {
        forward.extend(outputs.steps.iter().flatten().flat_map(|step| &step.touched));
        backward.extend(outputs.gradients.iter().flatten().flat_map(|step| &step.touched));
    }
    let aliasing = CATALOGUE.iter().filter(|mistake| mistake.group == Group::Aliasing);
    aliasing
        .filter(|mistake| {
            let variant = Variant::with([*mistake]);
            let choices = variant.choices();
            let is_in =
                |own: &[Touched], found: &[Touched]| own.iter().any(|one| found.contains(one));
            is_in(choices.forward_touches, &forward) || is_in(choices.backward_touches, &backward)
        })
        .copied()
        .collect()
}
