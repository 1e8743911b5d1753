//! The interface of everything that is graded.

use crate::submission::failure::Failure;
use crate::submission::language::Language;
use crate::submission::outputs::{Answer, Gradients, Outputs, StepOutput};
use crate::submission::script::{Script, Step};
use crate::tensor::Tensor;

/// Something that maps inputs to outputs, and is graded by them.
pub trait Submission {
    /// What transcripts call it.
    fn name(&self) -> &str;

    /// The language that it is written in, if that is known.
    fn language(&self) -> Option<Language> {
        None
    }

    /// Why it is not to be asked this script, as in "in float32"; `None` if it is.
    fn declines(&self, _script: &Script) -> Option<&'static str> {
        None
    }

    /// Answers a script that it does not decline.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the script as a whole gives no result.
    fn run(&self, script: &Script) -> Answer;

    /// Answers all scripts of a grading, in order. A submission in another process answers them
    /// in one go.
    fn run_all(&self, scripts: &[Script]) -> Vec<Answer> {
        scripts.iter().map(|script| self.run(script)).collect()
    }
}

/// Answers one script by [`Submission::run_all`], for submissions that answer many in one go.
///
/// # Errors
///
/// The failure that `run_all` gives for the script.
pub(super) fn run_alone(submission: &dyn Submission, script: &Script) -> Answer {
    submission.run_all(std::slice::from_ref(script)).pop().unwrap_or(Err(Failure::TooFew))
}

/// Makes the calls of a script one after the other. `forward` gives a step's output and its cache;
/// `backward` is given the step, its cache and dout.
pub(super) fn call_by_call<C>(
    script: &Script,
    mut forward: impl FnMut(&Step) -> Result<(StepOutput, C), Failure>,
    backward: impl Fn(&Step, &C, &Tensor) -> Result<Gradients, Failure>,
) -> Outputs {
    let (mut steps, mut caches) = (Vec::new(), Vec::new());
    for step in &script.steps {
        let (output, cache) = match forward(step) {
            Ok((output, cache)) => (Ok(output), Ok((step, cache))),
            Err(failure) => (Err(failure.clone()), Err(failure)),
        };
        steps.push(output);
        caches.push(cache);
    }
    let gradients = script.backwards.iter().map(|asked| match caches.get(asked.step) {
        Some(Ok((step, cache))) => backward(step, cache, &asked.dout),
        Some(Err(failure)) => Err(failure.clone()),
        None => Err(Failure::Grader(format!("the script has no step {}", asked.step))),
    });
    let gradients = gradients.collect();
    Outputs { steps, gradients }
}
