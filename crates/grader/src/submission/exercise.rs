//! A learner's code as a submission: the exercise, or a Python file that is graded at every save.

use std::path::PathBuf;

use crate::submission::learner::Learner;
use crate::submission::process::{Process, RunContext};

impl Process {
    /// The exercise, which Cargo has built as `program`.
    pub fn exercise(program: PathBuf, learner: Learner, context: RunContext) -> Self {
        let command = vec![program.clone().into()];
        Self {
            learner: Some(learner),
            ..Self::new("exercise", command, vec![program], false, context)
        }
    }

    /// The same program, whose learner waits for the answers.
    #[must_use]
    pub fn for_learner(self, learner: Learner) -> Self {
        Self { learner: Some(learner), ..self }
    }
}
