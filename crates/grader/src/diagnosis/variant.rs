//! A plain batch norm over images that makes mistakes on request.
//!
//! It computes in double precision, with one loop per formula and no regard for speed. The crate's
//! tests compare the variant without mistakes with the kernels.

mod backward;
mod forward;
mod layout;
mod running;
mod statistics;

use kernels::Convention;

use self::backward::backward;
use self::forward::{Saved, forward};
use self::running::Running;
use super::choices::{Cache, Choices, UnknownMode};
use super::mistake::Mistake;
use crate::submission::{AskedMode, Failure, Outputs, Script, Submission};

/// A plain batch norm with some of the catalogue's mistakes, or with none.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    choices: Choices,
}

impl Variant {
    /// The variant with all of these mistakes. Where two contradict each other, the later counts.
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

    /// The mode that the variant takes this mode for.
    fn mode(&self, asked: AskedMode) -> AskedMode {
        match (asked, self.choices.unknown_mode) {
            (AskedMode::Train, _) | (AskedMode::Unknown, UnknownMode::Train) => AskedMode::Train,
            (AskedMode::Eval, _) | (AskedMode::Unknown, UnknownMode::Eval) => AskedMode::Eval,
            (AskedMode::Unknown, UnknownMode::Refused | UnknownMode::Identity) => {
                AskedMode::Unknown
            }
        }
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
        let mut running = Running::of(script, choices);
        let mut caches = Vec::new();
        let mut steps = Vec::new();
        for step in &script.steps {
            let passed = forward(script, step, self.mode(step.mode), choices, &mut running);
            let (output, cache) = passed.map_or_else(
                |failure| (Err(failure), None),
                |(output, cache)| (Ok(output), Some(cache)),
            );
            steps.push(output);
            caches.push(cache);
        }
        let mut gradients = Vec::new();
        let mut used = vec![0; caches.len()];
        for asked in &script.backwards {
            let cache = match choices.cache {
                Cache::Global => caches.iter().rev().flatten().next(),
                Cache::Own | Cache::ViewOfX | Cache::UsedUp | Cache::GlobalXHat => {
                    caches.get(asked.step).and_then(Option::as_ref)
                }
            };
            // Only of an array as large as its own is the latest x̂ in the same place.
            let trained = |cache: &&Saved| cache.mode == AskedMode::Train;
            let latest = caches.iter().rev().flatten().find(trained);
            let overwritten = cache.zip(latest).filter(|(own, latest)| {
                choices.cache == Cache::GlobalXHat && own.shape == latest.shape
            });
            let shared = overwritten
                .map(|(own, latest)| Saved { x_hat: latest.x_hat.clone(), ..own.clone() });
            let cache = shared.as_ref().or(cache);
            let uses = used.get(asked.step).copied().unwrap_or(0);
            gradients.push(match cache {
                None => Err(Failure::Refused(Failure::FORWARD_FAILED.to_owned())),
                Some(cache) => backward(script, asked, cache, choices, uses),
            });
            if let Some(used) = used.get_mut(asked.step) {
                *used += 1;
            }
        }
        Ok(Outputs { steps, gradients })
    }
}
