//! The behaviour suite: what calls do beside computing. Answers are held against the submission's
//! own under simpler circumstances wherever that is possible, so that a wrong formula fails
//! elsewhere and not here.

use ndarray::Dimension;

use crate::check::hint;
use crate::check::question::{Question, Questions};
use crate::check::recipe::Recipe;
use crate::check::values::{OF_GRADIENTS, OF_STEPS, all_of_role, moved};
use crate::compare::is_close;
use crate::report::SuiteName;
use crate::submission::{Answer, AskedMode, Failure, Outputs, Script, Submission, Touched};
use crate::tensor::{Dtype, Tensor};
use crate::verdict::{CheckOutcome, Difference, Finding, Verdict};

/// Names of the suite's cases begin with this.
pub(crate) const PREFIX: &str = "behaviour/";

/// The seed of the suite's inputs, which are always the same.
const SEED: u64 = 2015;

/// How far an answer may be from the submission's own.
const TOLERANCE: f64 = 1e-12;

type Findings = Result<Vec<Finding>, Failure>;

/// The suite's questions, each with a stream of its own.
pub(crate) fn behaviour_questions(submission: &dyn Submission) -> Questions<'static> {
    let makers: [fn(Recipe) -> Question<'static>; 11] = [
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
    let asked = |recipe: &Recipe| {
        let mut script = recipe.script();
        script.steps = vec![recipe.step(AskedMode::Train, 0), recipe.step(AskedMode::Eval, 1)];
        script.backwards = vec![recipe.backward(0, 0)];
        script
    };
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

/// The checks of arrays, and of which arrays each is.
const ARRAYS: [(&str, &[Touched]); 5] = [
    ("x_untouched", &[Touched::X]),
    ("gamma_untouched", &[Touched::Gamma]),
    ("beta_untouched", &[Touched::Beta]),
    ("dout_untouched", &[Touched::Dout]),
    ("running_arrays_untouched", &[Touched::RunningMean, Touched::RunningVar]),
];

fn touched(answer: &Answer, arrays: &[Touched], when: &str) -> Findings {
    let outputs = answer.as_ref().map_err(Clone::clone)?;
    let mut calls = Vec::new();
    let forward = ["the forward pass in training", "the forward pass in evaluation"];
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
    let mut script = recipe.script();
    script.steps = vec![recipe.step(AskedMode::Eval, 0), recipe.step(AskedMode::Eval, 1)];
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

/// An evaluation between two batches changes neither what follows nor what came before.
fn evaluation_between_batches(recipe: Recipe) -> Question<'static> {
    let [first, second] = [0, 1].map(|number| recipe.step(AskedMode::Train, number));
    let between = recipe.step(AskedMode::Eval, 2);
    let mut without = recipe.script();
    without.steps = vec![first.clone(), second.clone()];
    let with = Script { steps: vec![first, between, second], ..without.clone() };
    Question::new(vec![without, with], move |_, answers, _| {
        let findings = own(&answers[0], &answers[1], &OF_STEPS, &[(1, 2)], |role| {
            format!("{role} of a batch after an evaluation, against the same without it")
        });
        let hint = "Does anything of an evaluation outlive the call?";
        vec![verdict(&recipe, "evaluation_between_batches", findings, hint)]
    })
    .for_diagnosis()
}

/// A `bn_param` without running statistics means zeros.
fn starts_empty(recipe: Recipe) -> Question<'static> {
    let mut given = recipe.script();
    let zeros = |tensor: &Tensor| Tensor::Float64(tensor.to_f64() * 0.0);
    given.running_mean = zeros(&given.running_mean);
    given.running_var = zeros(&given.running_var);
    given.steps = vec![recipe.step(AskedMode::Train, 0), recipe.step(AskedMode::Eval, 1)];
    let empty = Script { starts_empty: true, ..given.clone() };
    Question::new(vec![given, empty], move |_, answers, _| {
        let findings = own(&answers[0], &answers[1], &OF_STEPS, &[(0, 0), (1, 1)], |role| {
            format!("{role} with a bn_param that has no running statistics, against zeros in it")
        });
        let hint = "What are the running statistics before the first batch?";
        vec![verdict(&recipe, "starts_empty", findings, hint)]
    })
    .for_diagnosis()
}

/// The same calls over fresh running statistics give the same results.
fn same_calls_twice(recipe: Recipe) -> Question<'static> {
    let mut script = recipe.script();
    script.steps = vec![recipe.step(AskedMode::Train, 0), recipe.step(AskedMode::Eval, 1)];
    script.backwards = vec![recipe.backward(0, 0)];
    Question::new(vec![script.clone(), script], move |_, answers, _| {
        let findings = own(&answers[0], &answers[1], &OF_STEPS, &[(0, 0), (1, 1)], |role| {
            format!("{role} of the same call a second time, against the first")
        });
        let hint = "What do your functions remember between calls, other than in bn_param and in \
                    the cache that they return?";
        vec![verdict(&recipe, "same_calls_twice", findings, hint)]
    })
    .for_diagnosis()
}

/// Each forward pass has a cache of its own.
fn interleaved_calls(recipe: Recipe) -> Question<'static> {
    let steps = [0, 1].map(|number| recipe.step(AskedMode::Train, number));
    let mut together = recipe.script();
    together.steps = steps.to_vec();
    together.backwards = vec![recipe.backward(0, 0), recipe.backward(1, 1)];
    let mut alone = recipe.script();
    alone.steps = vec![steps[0].clone()];
    alone.backwards = vec![recipe.backward(0, 0)];
    Question::new(vec![alone, together], move |_, answers, _| {
        let findings = own(&answers[0], &answers[1], &OF_GRADIENTS, &[(0, 0)], |role| {
            format!("{role} of the first forward pass, after a second one, against without it")
        });
        let hint = "Where does your backward pass find what the forward pass of its own cache \
                    computed?";
        vec![verdict(&recipe, "interleaved_calls", findings, hint)]
    })
    .for_diagnosis()
}

/// A backward pass does not use up its cache.
fn backward_twice(recipe: Recipe) -> Question<'static> {
    let mut script = recipe.script();
    script.steps = vec![recipe.step(AskedMode::Train, 0)];
    script.backwards = vec![recipe.backward(0, 0); 2];
    Question::new(vec![script], move |_, answers, _| {
        let findings = own(&answers[0], &answers[0], &OF_GRADIENTS, &[(0, 1)], |role| {
            format!("{role} of the same backward pass a second time, against the first")
        });
        let hint = "Does your backward pass change the cache or dout?";
        vec![verdict(&recipe, "backward_twice", findings, hint)]
    })
    .for_diagnosis()
}

/// The caller may use its x again before the backward pass. A cache that is a view of x is the
/// hand-out's way, and a convention.
fn x_overwritten(recipe: Recipe) -> Question<'static> {
    let mut kept = recipe.script();
    kept.steps = vec![recipe.step(AskedMode::Train, 0)];
    kept.backwards = vec![recipe.backward(0, 0)];
    let mut overwritten = kept.clone();
    overwritten.backwards[0].x_overwritten = true;
    Question::new(vec![kept, overwritten], move |_, answers, policy| {
        let findings = own(&answers[0], &answers[1], &OF_GRADIENTS, &[(0, 0)], |role| {
            format!("{role} after the caller has overwritten its x, against before")
        });
        let outcome = policy.noted(findings, "the cache holds the caller's x, not a copy");
        let hint = "What does your cache hold: numbers of its own, or the caller's array?";
        vec![verdict_of(&recipe, "x_overwritten", "x_overwritten", outcome, hint)]
    })
    .for_diagnosis()
}

/// A mode that is neither training nor evaluation is an error, of whoever answers the others.
fn unknown_mode(recipe: Recipe) -> Question<'static> {
    let mut script = recipe.script();
    script.steps = vec![recipe.step(AskedMode::Train, 0), recipe.step(AskedMode::Unknown, 1)];
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
    let mut script = recipe.script();
    script.steps = vec![recipe.step(AskedMode::Train, 0), recipe.step(AskedMode::Eval, 1)];
    script.backwards = vec![recipe.backward(0, 0)];
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
    let shape = |found: &&Tensor| Finding::Shape {
        quantity: role.to_owned(),
        found: found.shape().to_vec(),
        expected,
    };
    wrong.map(shape).into_iter().collect()
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
/// and one of the second.
fn own(
    first: &Answer,
    second: &Answer,
    roles: &[&str],
    pairs: &[(usize, usize)],
    circumstances: impl Fn(&str) -> String,
) -> Findings {
    let first: &Outputs = first.as_ref().map_err(Clone::clone)?;
    let second: &Outputs = second.as_ref().map_err(Clone::clone)?;
    let mut findings = Vec::new();
    for role in roles {
        let (first, second) = (all_of_role(role, first)?, all_of_role(role, second)?);
        for &(a, b) in pairs {
            let (Some(before), Some(after)) = (first.get(a), second.get(b)) else {
                return Err(Failure::TooFew);
            };
            if let Some(finding) = differs(role, before, after) {
                let (circumstances, finding) = (circumstances(role), Box::new(finding));
                findings.push(Finding::During { circumstances, finding });
                break;
            }
        }
    }
    Ok(findings)
}

/// How `after` differs from `before`; equal values that are infinite or NaN do not.
fn differs(role: &str, before: &Tensor, after: &Tensor) -> Option<Finding> {
    if before.shape() != after.shape() {
        return Some(Finding::Shape {
            quantity: role.to_owned(),
            found: after.shape().to_vec(),
            expected: before.shape().to_vec(),
        });
    }
    let (before, after) = (before.to_f64(), after.to_f64());
    let differ =
        |a: f64, b: f64| !(is_close(a, b, TOLERANCE, TOLERANCE) || (a.is_nan() && b.is_nan()));
    let pairs = || after.indexed_iter().zip(&before);
    let (at, found, expected) = pairs()
        .filter(|((_, a), b)| differ(**a, **b))
        .map(|((at, &a), &b)| (at, a, b))
        .max_by(|(_, a, b), (_, c, d)| (a - b).abs().total_cmp(&(c - d).abs()))?;
    Some(Finding::Values(Difference {
        differing: pairs().filter(|((_, a), b)| differ(**a, **b)).count(),
        values: after.len(),
        worst: at.slice().to_vec(),
        found,
        expected,
        rtol: TOLERANCE,
        atol: TOLERANCE,
    }))
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
