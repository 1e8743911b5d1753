//! The interface of everything that is graded.

use crate::submission::failure::Failure;
use crate::submission::outputs::Answer;
use crate::submission::script::Script;

/// Something that maps inputs to outputs, and is graded by them.
pub trait Submission {
    /// What transcripts call it.
    fn name(&self) -> &str;

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
