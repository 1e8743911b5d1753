//! One round: what was saved is built and graded.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, bail};
use grader::export::Progress;
use grader::grading::grade;
use grader::submission::{Learner, Printed};

use crate::grade::run_options::RunOptions;
use crate::grade::watch::watched::{Watch, Watched};

/// How a round ended.
pub(super) enum Round {
    /// The compiler has said why.
    DoesNotBuild,
    /// Why it could not be graded.
    NotGraded(String),
    /// It was graded.
    Graded { progress: Progress, printed: Option<Printed> },
}

impl Round {
    /// A round in which the grader panicked.
    pub(super) fn panicked() -> Self {
        Self::NotGraded("the grader panicked; please report this as a bug".to_owned())
    }
}

/// Builds and grades once.
pub(super) fn run(watch: &Watch<'_>, options: &RunOptions) -> Round {
    match graded(watch, options) {
        Ok(round) => round,
        Err(error) => Round::NotGraded(format!("{error:#}")),
    }
}

fn graded(watch: &Watch<'_>, options: &RunOptions) -> Result<Round> {
    let process = match &watch.watched {
        Watched::Exercise(exercise) => match exercise.build()? {
            Some(program) => exercise.submission(program, options)?,
            None => return Ok(Round::DoesNotBuild),
        },
        Watched::Python(path) => options.hand_in(path)?.for_learner(python(path)),
    };
    if options.is_cancelled.load(Ordering::Relaxed) {
        bail!("interrupted");
    }
    let grading = grade(&process, watch.cases, watch.options, watch.command.clone());
    if let Some(trouble) = process.trouble() {
        bail!("{trouble}");
    }
    let learner = process.learner().context("what is watched is no learner's")?;
    Ok(Round::Graded { progress: Progress::of(&grading, learner), printed: process.printed() })
}

/// What is known of a Python file.
fn python(path: &Path) -> Learner {
    // Of a folder or a notebook the lines are not known here.
    let text = fs::read_to_string(path).unwrap_or_default();
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
    Learner::of(&name, &text, "def", false)
}
