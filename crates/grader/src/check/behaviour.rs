//! The behaviour suite: what calls do beside computing. Answers are held against the submission's
//! own under simpler circumstances wherever that is possible, so that a wrong formula fails
//! elsewhere and not here.

use crate::check::hint;
use crate::check::question::{Question, Questions};
use crate::check::recipe::Recipe;
use crate::check::tolerances::{DRAWN, OWN_ANSWER};
use crate::check::values::{OF_GRADIENTS, OF_STEPS, all_of_role, moved};
use crate::compare::{compare, compare_by, is_close};
use crate::report::SuiteName;
use crate::submission::{
    Answer, AskedMode, Entries, Failure, Outputs, Script, Submission, Touched,
};
use crate::tensor::{Dtype, Tensor};
use crate::verdict::{CheckOutcome, Finding, Verdict};

/// Names of the suite's cases begin with this.
pub(crate) const PREFIX: &str = "behaviour/";

/// The seed of the suite's inputs, which are always the same.
const SEED: u64 = 2015;

type Findings = Result<Vec<Finding>, Failure>;

/// The suite's questions, each with a stream of its own.
pub(crate) fn behaviour_questions(submission: &dyn Submission) -> Questions<'static> {
    let makers: [fn(Recipe) -> Question<'static>; 13] = [
        arrays,
        evaluation,
        evaluation_between_batches,
        starts_empty,
        same_calls_twice,
        interleaved_calls,
        backward_twice,
        x_overwritten,
        unknown_mode,
        |recipe| results(recipe, Dtype::Float64),
        |recipe| results(recipe, Dtype::Float32),
        same_backward_twice,
        one_value_per_channel,
    ];
    let questions = (1..).zip(makers).map(|(stream, make)| make(Recipe::new(SEED, stream)));
    Questions::new(SuiteName::Behaviour, submission, questions)
}

/// The verdict of a check that is its case's only one.
fn verdict(recipe: &Recipe, check: &str, findings: Findings, hint: &str) -> Verdict {
    verdict_of(recipe, check, check, CheckOutcome::of(findings), hint)
}

/// The verdict of one check of a case.
fn verdict_of(
    recipe: &Recipe,
    case: &str,
    check: &str,
    outcome: CheckOutcome,
    hint: &str,
) -> Verdict {
    Verdict::new(check, &format!("{PREFIX}{case}"), outcome, hint).of_input(recipe)
}

/// A training pass with its backward pass, and an evaluation: which of their arguments change?
fn arrays(recipe: Recipe) -> Question<'static> {
    let asked = |recipe: &Recipe| recipe.calls(&ARRAYS_MODES, &[0, 1]);
    // Images of one pixel are rows already: what reshapes them has no copy but the caller's array.
    let [n, c, ..] = recipe.shape;
    let pixels = Recipe { shape: [n, c, 1, 1], ..recipe.clone() };
    let scripts = vec![asked(&recipe), asked(&pixels)];
    Question::new(scripts, move |_, answers, _| {
        let hint = "Which of your statements writes into an array that you were given? `a -= b` \
                    does, `a = a - b` makes a new one.";
        let judge = |(check, arrays): &(&str, &[Touched])| {
            let findings = touched(&answers[0], arrays, "").and_then(|mut findings| {
                if findings.is_empty() {
                    findings = touched(&answers[1], arrays, ", for images of one pixel")?;
                }
                Ok(findings)
            });
            verdict(&recipe, check, findings, hint)
        };
        ARRAYS.iter().map(judge).collect()
    })
    .for_diagnosis()
}

/// The calls of the checks of arrays. What a first call leaves alone, a second may change.
const ARRAYS_MODES: [AskedMode; 3] = [AskedMode::Train, AskedMode::Train, AskedMode::Eval];

/// The checks of arrays, and of which arrays each is.
const ARRAYS: [(&str, &[Touched]); 7] = [
    ("x_untouched", &[Touched::X]),
    ("gamma_untouched", &[Touched::Gamma]),
    ("beta_untouched", &[Touched::Beta]),
    ("dout_untouched", &[Touched::Dout]),
    ("running_arrays_untouched", &[Touched::RunningMean, Touched::RunningVar]),
    ("earlier_results_untouched", &[Touched::EarlierResult]),
    ("bn_param_untouched", &[Touched::Mode, Touched::Eps, Touched::Momentum]),
];

fn touched(answer: &Answer, arrays: &[Touched], when: &str) -> Findings {
    let outputs = answer.as_ref().map_err(Clone::clone)?;
    let mut calls = Vec::new();
    let forward = [
        "the forward pass in training",
        "a second forward pass in training",
        "the forward pass in evaluation",
    ];
    // A call that fails does not excuse what another did.
    for (step, call) in outputs.steps.iter().zip(forward) {
        calls.push((call, step.as_ref().map(|step| &step.touched)));
    }
    for gradients in &outputs.gradients {
        calls.push(("the backward pass", gradients.as_ref().map(|gradients| &gradients.touched)));
    }
    let mut findings = Vec::new();
    for (call, touched) in &calls {
        let Ok(touched) = touched else { continue };
        for array in arrays.iter().filter(|array| touched.contains(array)) {
            let (quantity, call) = (array.name().to_owned(), format!("{call}{when}"));
            findings.push(Finding::Touched { quantity, call });
        }
    }
    if findings.is_empty() {
        for (_, touched) in calls {
            touched.map_err(Clone::clone)?;
        }
    }
    Ok(findings)
}

/// Evaluation leaves the running statistics as they are, to the last bit.
fn evaluation(recipe: Recipe) -> Question<'static> {
    let script = recipe.calls(&[AskedMode::Eval; 2], &[]);
    Question::new(vec![script], move |scripts, answers, _| {
        let findings = answers[0].as_ref().map_err(Clone::clone).and_then(|outputs| {
            let mut findings = Vec::new();
            for (role, before) in [
                ("running_mean", &scripts[0].running_mean),
                ("running_var", &scripts[0].running_var),
            ] {
                let after = all_of_role(role, outputs)?;
                findings.extend(after.iter().find_map(|after| moved(role, before, after)));
            }
            Ok(findings)
        });
        vec![verdict(
            &recipe,
            "evaluation_keeps_running_statistics",
            findings,
            hint::RUNNING_IN_EVALUATION,
        )]
    })
    .for_diagnosis()
}

/// Calls that must give the same twice, and what is said where they do not.
struct Twice {
    check: &'static str,
    /// The calls of the first script, in order; of the last script, or the same again.
    scripts: Vec<Script>,
    roles: [&'static str; 3],
    /// A call of the first script, and the one of the last script that must give the same.
    pairs: &'static [(usize, usize)],
    circumstances: &'static str,
    /// The convention that a difference is, if it is no mistake.
    convention: Option<&'static str>,
    hint: &'static str,
}

fn twice(recipe: Recipe, asked: Twice) -> Question<'static> {
    let Twice { check, scripts, roles, pairs, circumstances, convention, hint } = asked;
    Question::new(scripts, move |_, answers, policy| {
        let findings = own(&answers[0], &answers[answers.len() - 1], roles, pairs, circumstances);
        let outcome = match convention {
            Some(convention) => policy.noted(findings, convention),
            None => CheckOutcome::of(findings),
        };
        vec![verdict_of(&recipe, check, check, outcome, hint)]
    })
    .for_diagnosis()
}

/// An evaluation between two batches changes neither what follows nor what came before.
fn evaluation_between_batches(recipe: Recipe) -> Question<'static> {
    let without = recipe.calls(&[AskedMode::Train; 2], &[]);
    let mut with = without.clone();
    with.steps.insert(1, recipe.step(AskedMode::Eval, 2));
    let asked = Twice {
        check: "evaluation_between_batches",
        scripts: vec![without, with],
        roles: OF_STEPS,
        pairs: &[(1, 2)],
        circumstances: "of a batch after an evaluation, against the same without it",
        convention: None,
        hint: "Does anything of an evaluation outlive the call?",
    };
    twice(recipe, asked)
}

/// A `bn_param` without running statistics means zeros.
fn starts_empty(recipe: Recipe) -> Question<'static> {
    let mut given = recipe.calls(&[AskedMode::Train, AskedMode::Eval], &[]);
    for running in [&mut given.running_mean, &mut given.running_var] {
        *running = Tensor::Float64(running.to_f64() * 0.0);
    }
    let entries = Entries { running: false, ..Entries::ALL };
    let empty = Script { entries, ..given.clone() };
    let asked = Twice {
        check: "starts_empty",
        scripts: vec![given, empty],
        roles: OF_STEPS,
        pairs: &[(0, 0), (1, 1)],
        circumstances: "with a bn_param that has no running statistics, against zeros in it",
        convention: None,
        hint: "What are the running statistics before the first batch?",
    };
    twice(recipe, asked)
}

const OWN_MEMORY: &str = "What do your functions remember between calls, other than in bn_param \
                          and in the cache that they return?";

/// The same calls over fresh running statistics give the same results.
fn same_calls_twice(recipe: Recipe) -> Question<'static> {
    let asked = Twice {
        check: "same_calls_twice",
        scripts: vec![recipe.calls(&[AskedMode::Train, AskedMode::Eval], &[0]); 2],
        roles: OF_STEPS,
        pairs: &[(0, 0), (1, 1)],
        circumstances: "of the same call a second time, against the first",
        convention: None,
        hint: OWN_MEMORY,
    };
    twice(recipe, asked)
}

/// The same for the gradients.
fn same_backward_twice(recipe: Recipe) -> Question<'static> {
    let asked = Twice {
        check: "same_backward_twice",
        scripts: vec![recipe.calls(&[AskedMode::Train], &[0]); 2],
        roles: OF_GRADIENTS,
        pairs: &[(0, 0)],
        circumstances: "of the same calls once more, against the first",
        convention: None,
        hint: OWN_MEMORY,
    };
    twice(recipe, asked)
}

/// A batch with one value per channel has variance 0, so that its output is beta. PyTorch refuses
/// such a batch; the notebook's formula does not.
fn one_value_per_channel(mut recipe: Recipe) -> Question<'static> {
    let channels = recipe.shape[1];
    recipe.shape = [1, channels, 1, 1];
    let script = recipe.calls(&[AskedMode::Train], &[]);
    Question::new(vec![script], move |scripts, answers, _| {
        let check = "one_value_per_channel";
        let findings = answers[0].as_ref().map_err(Clone::clone).and_then(|outputs| {
            let found = all_of_role("out", outputs)?;
            let beta = scripts[0].steps[0].beta.to_f64();
            let expected = beta.into_shape_with_order([1, channels, 1, 1].as_slice());
            let expected = expected.map_err(|error| Failure::Grader(error.to_string()))?;
            let expected = Tensor::Float64(expected);
            let compared =
                found.into_iter().map(|found| compare("out", found, &expected, DRAWN, DRAWN));
            Ok(compared.filter_map(Result::err).collect())
        });
        let outcome = CheckOutcome::of(findings);
        let hint = "What are the mean and the variance of a single value, and what is left of x?";
        vec![verdict_of(&recipe, check, check, outcome, hint)]
    })
}

/// Each forward pass has a cache of its own.
fn interleaved_calls(recipe: Recipe) -> Question<'static> {
    let alone = recipe.calls(&[AskedMode::Train], &[0]);
    let together = recipe.calls(&[AskedMode::Train; 2], &[0, 1]);
    let asked = Twice {
        check: "interleaved_calls",
        scripts: vec![alone, together],
        roles: OF_GRADIENTS,
        pairs: &[(0, 0)],
        circumstances: "of the first forward pass, after a second one, against without it",
        convention: None,
        hint: "Where does your backward pass find what the forward pass of its own cache computed?",
    };
    twice(recipe, asked)
}

/// A backward pass does not use up its cache.
fn backward_twice(recipe: Recipe) -> Question<'static> {
    let asked = Twice {
        check: "backward_twice",
        scripts: vec![recipe.calls(&[AskedMode::Train], &[0, 0])],
        roles: OF_GRADIENTS,
        pairs: &[(0, 1)],
        circumstances: "of the same backward pass a second time, against the first",
        convention: None,
        hint: "Does your backward pass change the cache or dout?",
    };
    twice(recipe, asked)
}

/// The caller may use its x again before the backward pass. A cache that is a view of x is the
/// hand-out's way, and a convention.
fn x_overwritten(recipe: Recipe) -> Question<'static> {
    let kept = recipe.calls(&[AskedMode::Train], &[0]);
    let mut overwritten = kept.clone();
    overwritten.backwards[0].x_overwritten = true;
    let asked = Twice {
        check: "x_overwritten",
        scripts: vec![kept, overwritten],
        roles: OF_GRADIENTS,
        pairs: &[(0, 0)],
        circumstances: "after the caller has overwritten its x, against before",
        convention: Some("the cache holds the caller's x, not a copy"),
        hint: "What does your cache hold: numbers of its own, or the caller's array?",
    };
    twice(recipe, asked)
}

/// A mode that is neither training nor evaluation is an error, of whoever answers the others.
fn unknown_mode(recipe: Recipe) -> Question<'static> {
    let script = recipe.calls(&[AskedMode::Train, AskedMode::Unknown], &[]);
    Question::new(vec![script], move |_, answers, _| {
        let findings = answers[0].as_ref().map_err(Clone::clone).and_then(|outputs| {
            let [known, unknown] = outputs.steps.as_slice() else { return Err(Failure::TooFew) };
            known.as_ref().map_err(Clone::clone)?;
            match unknown {
                Ok(_) => {
                    let what = "a mode that is neither \"train\" nor \"test\"".to_owned();
                    Ok(vec![Finding::Accepted { what }])
                }
                Err(failure) if failure.is_refusal() => Ok(Vec::new()),
                Err(failure) => Err(failure.clone()),
            }
        });
        let hint = "What should happen when mode is misspelt?";
        vec![verdict(&recipe, "unknown_mode", findings, hint)]
    })
    .for_diagnosis()
}

/// Shapes and types of every result, whatever its values.
fn results(mut recipe: Recipe, dtype: Dtype) -> Question<'static> {
    recipe.dtype = dtype;
    let script = recipe.calls(&[AskedMode::Train, AskedMode::Eval], &[0]);
    Question::new(vec![script], move |_, answers, policy| {
        let mut verdicts = Vec::new();
        for role in OF_STEPS.iter().chain(&OF_GRADIENTS) {
            let found = answers[0]
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|outputs| all_of_role(role, outputs));
            if dtype == Dtype::Float64 {
                let findings = found.clone().map(|found| shapes(role, &found, &recipe));
                let hint = "Which shape has the argument that this result belongs to?";
                let outcome = CheckOutcome::of(findings);
                verdicts.push(verdict_of(&recipe, "shapes", role, outcome, hint));
            }
            let findings = found.map(|found| dtypes(role, &found, dtype));
            let hint = "Which operation of yours makes an array of another type?";
            let (name, outcome) = if dtype == Dtype::Float32 {
                // Wider than asked loses nothing.
                let convention = "results in float64 for inputs in float32";
                ("dtype_float32", policy.noted(findings, convention))
            } else {
                ("dtype_float64", CheckOutcome::of(findings))
            };
            verdicts.push(verdict_of(&recipe, name, role, outcome, hint));
        }
        verdicts.sort_by_key(|verdict| verdict.case.contains("dtype"));
        verdicts
    })
    .for_diagnosis()
}

fn shapes(role: &str, found: &[&Tensor], recipe: &Recipe) -> Vec<Finding> {
    let images = matches!(role, "out" | "dx");
    let expected = if images { recipe.shape.to_vec() } else { vec![recipe.shape[1]] };
    let wrong = found.iter().find(|found| found.shape() != expected);
    wrong.map(|found| Finding::shape(role, found.shape(), &expected)).into_iter().collect()
}

fn dtypes(role: &str, found: &[&Tensor], expected: Dtype) -> Vec<Finding> {
    let wrong = found.iter().find(|found| found.dtype() != expected);
    let dtype = |found: &&Tensor| Finding::Dtype {
        quantity: role.to_owned(),
        found: found.dtype().name(),
        expected: expected.name(),
    };
    wrong.map(dtype).into_iter().collect()
}

/// What differs between a submission's own answers: for each of `pairs`, a call of the first answer
/// and one of the second. Equal values that are infinite or NaN do not differ.
fn own(
    first: &Answer,
    second: &Answer,
    roles: [&str; 3],
    pairs: &[(usize, usize)],
    circumstances: &str,
) -> Findings {
    let first: &Outputs = first.as_ref().map_err(Clone::clone)?;
    let second: &Outputs = second.as_ref().map_err(Clone::clone)?;
    let agrees =
        |a: f64, b: f64| is_close(a, b, OWN_ANSWER, OWN_ANSWER) || (a.is_nan() && b.is_nan());
    let mut findings = Vec::new();
    for role in roles {
        let (first, second) = (all_of_role(role, first)?, all_of_role(role, second)?);
        for &(a, b) in pairs {
            let (Some(before), Some(after)) = (first.get(a), second.get(b)) else {
                return Err(Failure::TooFew);
            };
            if let Err(finding) = compare_by(role, after, before, OWN_ANSWER, OWN_ANSWER, agrees) {
                let circumstances = format!("{role} {circumstances}");
                findings.push(Finding::During { circumstances, finding: Box::new(finding) });
                break;
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_array_that_a_call_can_touch_is_asked_about() {
        let is_asked = |array| ARRAYS.iter().any(|(_, arrays)| arrays.contains(&array));
        assert!(Touched::ALL.into_iter().all(is_asked));
    }
}
