//! What is watched, and how it is graded at every save.

use std::path::PathBuf;

use grader::check::Options;
use grader::fixture::Case;

use crate::grade::exercise::Exercise;
use crate::grade::run_options::RunOptions;

/// What is graded at every save.
pub(crate) enum Watched {
    Exercise(Exercise),
    Python(PathBuf),
}

/// How it is graded.
pub(crate) struct Watch<'a> {
    pub watched: Watched,
    pub cases: &'a [Case],
    pub options: &'a Options,
    pub command: String,
    pub run_options: &'a RunOptions,
}

impl Watch<'_> {
    /// The file or folder that is saved.
    pub(super) fn path(&self) -> PathBuf {
        match &self.watched {
            Watched::Exercise(exercise) => exercise.sources(),
            Watched::Python(path) => path.clone(),
        }
    }
}
