//! The behaviour suite: what calls do beside computing. Answers are held against the submission's
//! own under simpler circumstances wherever that is possible, so that a wrong formula fails
//! elsewhere and not here.

use ndarray::Dimension;

use crate::check::compare::is_close;
use crate::check::question::{Answer, Question, Questions, no_answer};
use crate::check::recipe::Recipe;
use crate::check::values::{OF_GRADIENTS, OF_STEPS, all_of_role};
use crate::submission::{AskedMode, Failure, Outputs, Script, Submission, Touched};
use crate::tensor::{Dtype, Tensor};
use crate::verdict::{Difference, Finding, Outcome, SuiteName, Verdict};

/// Names of the suite's cases begin with this.
pub(crate) const PREFIX: &str = "behaviour/";

/// The seed of the suite's inputs, which are always the same.
const SEED: u64 = 2015;

/// How far an answer may be from the submission's own.
const TOLERANCE: f64 = 1e-12;

/// Makes the verdicts of one question's checks.
struct Bench<'a> {
    recipe: Recipe,
    command: &'a str,
}

type Findings = Result<Vec<Finding>, Failure>;

impl Bench<'_> {
    fn verdict(&self, check: &str, findings: Findings, hint: &str) -> Verdict {
        self.outcome(check, Outcome::of(findings), hint)
    }

    fn outcome(&self, check: &str, outcome: Outcome, hint: &str) -> Verdict {
        self.outcome_of_role(check, check, outcome, hint)
    }

    fn outcome_of_role(&self, name: &str, role: &str, outcome: Outcome, hint: &str) -> Verdict {
        Verdict::new(role, &format!("{PREFIX}{name}"), outcome, hint, self.command)
            .of_input(&self.recipe)
    }
}

/// The suite's questions.
pub(crate) fn behaviour_questions<'a>(
    submission: &dyn Submission,
    command: &'a str,
) -> Questions<'a> {
    let mut stream = 0;
    let mut bench = || {
        stream += 1;
        Bench { recipe: Recipe::new(SEED, stream), command }
    };
    let questions = [
        arrays(bench()),
        evaluation(bench()),
        evaluation_between_batches(bench()),
        starts_empty(bench()),
        same_calls_twice(bench()),
        interleaved_calls(bench()),
        backward_twice(bench()),
        x_overwritten(bench()),
        unknown_mode(bench()),
        results(bench(), Dtype::Float64),
        results(bench(), Dtype::Float32),
    ];
    Questions::new(SuiteName::Behaviour, submission, questions)
}

/// A training pass with its backward pass, and an evaluation: which of their arguments change?
fn arrays(bench: Bench<'_>) -> Question<'_> {
    let asked = |recipe: &Recipe| {
        let mut script = recipe.script();
        script.steps = vec![recipe.step(AskedMode::Train, 0), recipe.step(AskedMode::Eval, 1)];
        script.backwards = vec![recipe.backward(0, 0)];
        script
    };
    // Images of one pixel are rows already: what reshapes them has no copy but the caller's array.
    let [n, c, ..] = bench.recipe.shape;
    let pixels = Recipe { shape: [n, c, 1, 1], ..bench.recipe.clone() };
    let scripts = vec![asked(&bench.recipe), asked(&pixels)];
    Question::new(scripts, move |_, answers, _| {
        let hint = "Which of your statements writes into an array that you were given? `a -= b` \
                    does, `a = a - b` makes a new one.";
        let verdict = |(check, arrays): &(&str, &[(Touched, &str)])| {
            let findings = touched(&answers[0], arrays, "").and_then(|mut findings| {
                if findings.is_empty() {
                    findings = touched(&answers[1], arrays, ", for images of one pixel")?;
                }
                Ok(findings)
            });
            bench.verdict(check, findings, hint)
        };
        ARRAYS.iter().map(verdict).collect()
    })
    .for_diagnosis()
}

const ARRAYS: [(&str, &[(Touched, &str)]); 5] = [
    ("x_untouched", &[(Touched::X, "x")]),
    ("gamma_untouched", &[(Touched::Gamma, "gamma")]),
    ("beta_untouched", &[(Touched::Beta, "beta")]),
    ("dout_untouched", &[(Touched::Dout, "dout")]),
    (
        "running_arrays_untouched",
        &[(Touched::RunningMean, "running_mean"), (Touched::RunningVar, "running_var")],
    ),
];

fn touched(answer: &Answer, arrays: &[(Touched, &str)], when: &str) -> Findings {
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
        for (_, name) in arrays.iter().filter(|(array, _)| touched.contains(array)) {
            let (quantity, call) = ((*name).to_owned(), format!("{call}{when}"));
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
fn evaluation(bench: Bench<'_>) -> Question<'_> {
    let mut script = bench.recipe.script();
    script.steps =
        vec![bench.recipe.step(AskedMode::Eval, 0), bench.recipe.step(AskedMode::Eval, 1)];
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
        let hint = "When is a running statistic allowed to change?";
        vec![bench.verdict("evaluation_keeps_running_statistics", findings, hint)]
    })
    .for_diagnosis()
}

/// The first channel of running statistics that has changed, be it by a single bit.
pub(crate) fn moved(role: &str, before: &Tensor, after: &Tensor) -> Option<Finding> {
    if before.shape() != after.shape() || before.is_bit_identical(after) {
        return None;
    }
    let (before, after) = (before.to_f64(), after.to_f64());
    let mut pairs = before.iter().zip(&after).enumerate();
    let (channel, (&before, &after)) = pairs.find(|(_, (a, b))| a.to_bits() != b.to_bits())?;
    Some(Finding::Moved { quantity: role.to_owned(), channel, before, after })
}

/// An evaluation between two batches changes neither what follows nor what came before.
fn evaluation_between_batches(bench: Bench<'_>) -> Question<'_> {
    let [first, second] = [0, 1].map(|number| bench.recipe.step(AskedMode::Train, number));
    let between = bench.recipe.step(AskedMode::Eval, 2);
    let mut without = bench.recipe.script();
    without.steps = vec![first.clone(), second.clone()];
    let with = Script { steps: vec![first, between, second], ..without.clone() };
    Question::new(vec![without, with], move |_, answers, _| {
        let findings = own(&answers[0], &answers[1], &OF_STEPS, &[(1, 2)], |role| {
            format!("{role} of a batch after an evaluation, against the same without it")
        });
        let hint = "Does anything of an evaluation outlive the call?";
        vec![bench.verdict("evaluation_between_batches", findings, hint)]
    })
    .for_diagnosis()
}

/// A `bn_param` without running statistics means zeros.
fn starts_empty(bench: Bench<'_>) -> Question<'_> {
    let mut given = bench.recipe.script();
    let zeros = |tensor: &Tensor| Tensor::Float64(tensor.to_f64() * 0.0);
    given.running_mean = zeros(&given.running_mean);
    given.running_var = zeros(&given.running_var);
    given.steps =
        vec![bench.recipe.step(AskedMode::Train, 0), bench.recipe.step(AskedMode::Eval, 1)];
    let empty = Script { starts_empty: true, ..given.clone() };
    Question::new(vec![given, empty], move |_, answers, _| {
        let findings = own(&answers[0], &answers[1], &OF_STEPS, &[(0, 0), (1, 1)], |role| {
            format!("{role} with a bn_param that has no running statistics, against zeros in it")
        });
        let hint = "What are the running statistics before the first batch?";
        vec![bench.verdict("starts_empty", findings, hint)]
    })
    .for_diagnosis()
}

/// The same calls over fresh running statistics give the same results.
fn same_calls_twice(bench: Bench<'_>) -> Question<'_> {
    let mut script = bench.recipe.script();
    script.steps =
        vec![bench.recipe.step(AskedMode::Train, 0), bench.recipe.step(AskedMode::Eval, 1)];
    script.backwards = vec![bench.recipe.backward(0, 0)];
    Question::new(vec![script.clone(), script], move |_, answers, _| {
        let findings = own(&answers[0], &answers[1], &OF_STEPS, &[(0, 0), (1, 1)], |role| {
            format!("{role} of the same call a second time, against the first")
        });
        let hint = "What do your functions remember between calls, other than in bn_param and in \
                    the cache that they return?";
        vec![bench.verdict("same_calls_twice", findings, hint)]
    })
    .for_diagnosis()
}

/// Each forward pass has a cache of its own.
fn interleaved_calls(bench: Bench<'_>) -> Question<'_> {
    let steps = [0, 1].map(|number| bench.recipe.step(AskedMode::Train, number));
    let mut together = bench.recipe.script();
    together.steps = steps.to_vec();
    together.backwards = vec![bench.recipe.backward(0, 0), bench.recipe.backward(1, 1)];
    let mut alone = bench.recipe.script();
    alone.steps = vec![steps[0].clone()];
    alone.backwards = vec![bench.recipe.backward(0, 0)];
    Question::new(vec![alone, together], move |_, answers, _| {
        let findings = own(&answers[0], &answers[1], &OF_GRADIENTS, &[(0, 0)], |role| {
            format!("{role} of the first forward pass, after a second one, against without it")
        });
        let hint = "Where does your backward pass find what the forward pass of its own cache \
                    computed?";
        vec![bench.verdict("interleaved_calls", findings, hint)]
    })
    .for_diagnosis()
}

/// A backward pass does not use up its cache.
fn backward_twice(bench: Bench<'_>) -> Question<'_> {
    let mut script = bench.recipe.script();
    script.steps = vec![bench.recipe.step(AskedMode::Train, 0)];
    script.backwards = vec![bench.recipe.backward(0, 0); 2];
    Question::new(vec![script], move |_, answers, _| {
        let findings = own(&answers[0], &answers[0], &OF_GRADIENTS, &[(0, 1)], |role| {
            format!("{role} of the same backward pass a second time, against the first")
        });
        let hint = "Does your backward pass change the cache or dout?";
        vec![bench.verdict("backward_twice", findings, hint)]
    })
    .for_diagnosis()
}

/// The caller may use its x again before the backward pass. A cache that is a view of x is the
/// hand-out's way, and a convention.
fn x_overwritten(bench: Bench<'_>) -> Question<'_> {
    let mut kept = bench.recipe.script();
    kept.steps = vec![bench.recipe.step(AskedMode::Train, 0)];
    kept.backwards = vec![bench.recipe.backward(0, 0)];
    let mut overwritten = kept.clone();
    overwritten.backwards[0].x_overwritten = true;
    Question::new(vec![kept, overwritten], move |_, answers, leniency| {
        let findings = own(&answers[0], &answers[1], &OF_GRADIENTS, &[(0, 0)], |role| {
            format!("{role} after the caller has overwritten its x, against before")
        });
        let outcome = leniency.noted(findings, "the cache holds the caller's x, not a copy");
        let hint = "What does your cache hold: numbers of its own, or the caller's array?";
        vec![bench.outcome("x_overwritten", outcome, hint)]
    })
    .for_diagnosis()
}

/// A mode that is neither training nor evaluation is an error, of whoever answers the others.
fn unknown_mode(bench: Bench<'_>) -> Question<'_> {
    let mut script = bench.recipe.script();
    script.steps =
        vec![bench.recipe.step(AskedMode::Train, 0), bench.recipe.step(AskedMode::Unknown, 1)];
    Question::new(vec![script], move |_, answers, _| {
        let findings = answers[0].as_ref().map_err(Clone::clone).and_then(|outputs| {
            let [known, unknown] = outputs.steps.as_slice() else { return Err(no_answer()) };
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
        vec![bench.verdict("unknown_mode", findings, hint)]
    })
    .for_diagnosis()
}

/// Shapes and types of every result, whatever its values.
fn results(mut bench: Bench<'_>, dtype: Dtype) -> Question<'_> {
    bench.recipe.dtype = dtype;
    let mut script = bench.recipe.script();
    script.steps =
        vec![bench.recipe.step(AskedMode::Train, 0), bench.recipe.step(AskedMode::Eval, 1)];
    script.backwards = vec![bench.recipe.backward(0, 0)];
    Question::new(vec![script], move |_, answers, leniency| {
        let mut verdicts = Vec::new();
        for role in OF_STEPS.iter().chain(&OF_GRADIENTS) {
            let found = answers[0]
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|outputs| all_of_role(role, outputs));
            if dtype == Dtype::Float64 {
                let findings = found.clone().map(|found| shapes(role, &found, &bench.recipe));
                let hint = "Which shape has the argument that this result belongs to?";
                let outcome = Outcome::of(findings);
                verdicts.push(bench.outcome_of_role("shapes", role, outcome, hint));
            }
            let findings = found.map(|found| dtypes(role, &found, dtype));
            let hint = "Which operation of yours makes an array of another type?";
            let (name, outcome) = match dtype {
                // Wider than asked loses nothing.
                Dtype::Float32 => {
                    let convention = "results in float64 for inputs in float32";
                    ("dtype_float32", leniency.noted(findings, convention))
                }
                _ => ("dtype_float64", Outcome::of(findings)),
            };
            verdicts.push(bench.outcome_of_role(name, role, outcome, hint));
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
                return Err(no_answer());
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
        let asked: Vec<Touched> =
            ARRAYS.iter().flat_map(|(_, arrays)| arrays.iter()).map(|(array, _)| *array).collect();
        let all = [
            Touched::X,
            Touched::Gamma,
            Touched::Beta,
            Touched::Dout,
            Touched::RunningMean,
            Touched::RunningVar,
        ];
        assert!(all.iter().all(|array| asked.contains(array)));
    }
}
