//! The study that the tables make up.

use super::optional::OptionalRows;
use super::rows::{ConfusionRow, EpochRow, RunRow, StepRow};
use crate::config::StudyConfig;
use crate::discussion::Discussion;

/// Everything that a study found.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// The configuration of the study.
    pub config: StudyConfig,
    /// What came out of each run.
    pub runs: Vec<RunRow>,
    /// Each run after each epoch.
    pub epochs: Vec<EpochRow>,
    /// The training of each run, by windows of steps.
    pub steps: Vec<StepRow>,
    /// Test images by true and predicted class.
    pub confusion: Vec<ConfusionRow>,
    /// The tables that not every study has.
    pub optional: OptionalRows,
    /// The transcript of the grade of the kernels, which the caller hands in.
    pub grade: String,
    /// What readers say of it.
    pub discussion: Discussion,
}

impl Study {
    /// A study whose tables have no rows yet.
    pub(crate) fn empty(config: StudyConfig, grade: String) -> Self {
        Self {
            config,
            runs: Vec::new(),
            epochs: Vec::new(),
            steps: Vec::new(),
            confusion: Vec::new(),
            optional: OptionalRows::default(),
            grade,
            discussion: Discussion::None,
        }
    }
}
