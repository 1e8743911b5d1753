//! A plain batch norm over images whose every decision can be taken wrongly.
//!
//! It computes in double precision, with one loop a formula and no regard for speed; with no
//! mistake it is held against the kernels in the crate's tests.

mod backward;

mod forward;
mod layout;

use super::choices::*;
use kernels::Convention;

use crate::diagnosis::Mistake;
use crate::submission::{AskedMode, Failure, Outputs, Script, Submission};
use crate::tensor::Tensor;

/// The plain batch norm with some of the catalogue's mistakes, or with none.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    choices: Choices,
}

impl Variant {
    /// The one that makes all of these mistakes. Where two contradict, the later one is made.
    pub fn with<'a>(mistakes: impl IntoIterator<Item = &'a Mistake>) -> Self {
        let mut choices = Choices::RIGHT;
        for mistake in mistakes {
            (mistake.change)(&mut choices);
        }
        Self { choices }
    }

    pub(crate) fn choices(&self) -> &Choices {
        &self.choices
    }
}

impl Submission for Variant {
    fn name(&self) -> &str {
        "variant"
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
        let is_foreign = script.config.convention() != Convention::Notebook;
        is_foreign.then_some("in PyTorch's convention")
    }

    fn run(&self, script: &Script) -> Result<Outputs, Failure> {
        let choices = &self.choices;
        let mut running = forward::Running::of(script, choices);
        let mut caches = Vec::new();
        let mut steps = Vec::new();
        for step in &script.steps {
            let mode = match (step.mode, choices.unknown_mode) {
                (AskedMode::Unknown, UnknownMode::Train) => AskedMode::Train,
                (AskedMode::Unknown, UnknownMode::Eval) => AskedMode::Eval,
                (mode, _) => mode,
            };
            match forward::forward(script, step, mode, choices, &mut running) {
                Ok((output, cache)) => {
                    steps.push(Ok(output));
                    caches.push(Some(cache));
                }
                Err(failure) => {
                    steps.push(Err(failure));
                    caches.push(None);
                }
            }
        }
        let mut gradients = Vec::new();
        let mut used = vec![0; caches.len()];
        for asked in &script.backwards {
            let kept = match choices.cache {
                Cache::Global => caches.iter().rev().flatten().next(),
                _ => caches.get(asked.step).and_then(Option::as_ref),
            };
            let uses = used.get(asked.step).copied().unwrap_or(0);
            gradients.push(match kept {
                None => Err(Failure::Refused("its forward pass failed".to_owned())),
                Some(cache) => backward::backward(script, asked, cache, choices, uses),
            });
            if let Some(used) = used.get_mut(asked.step) {
                *used += 1;
            }
        }
        Ok(Outputs { steps, gradients })
    }
}

/// Values in the type that the choices say for a script of this type.
fn typed(values: ndarray::ArrayD<f64>, script: &Script, result: ResultType) -> Tensor {
    let single = match result {
        ResultType::AsGiven => script.dtype() == crate::tensor::Dtype::Float32,
        ResultType::Double => false,
        ResultType::Single => true,
    };
    if single {
        Tensor::Float32(values.mapv(|value| value as f32))
    } else {
        Tensor::Float64(values)
    }
}

/// Values, one a channel, in the shape that the choices say.
fn vector(values: Vec<f64>, shape: VectorShape) -> ndarray::ArrayD<f64> {
    let values = ndarray::Array1::from_vec(values);
    let row = |values: ndarray::Array1<f64>| values.insert_axis(ndarray::Axis(0));
    match shape {
        VectorShape::Right => values.into_dyn(),
        VectorShape::Row => row(values).into_dyn(),
        VectorShape::Kept => {
            row(values).insert_axis(ndarray::Axis(2)).insert_axis(ndarray::Axis(3)).into_dyn()
        }
    }
}
