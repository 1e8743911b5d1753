//! What to measure, and with which programs.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::child::Program;

/// The epochs of the notebook's study.
pub const STUDY_EPOCHS: u32 = 5;

/// What to measure, and with which programs.
pub struct Options<'a> {
    /// The caller's own program, which measures in processes of its own.
    pub program: Program,
    /// A Python interpreter with PyTorch, which is measured in turn with our side; `None` to measure
    /// our side alone.
    pub python: Option<PathBuf>,
    /// The command whose time is the study's; `None` to leave the study out.
    pub study: Option<StudyCommand>,
    /// The threads that each side may take.
    pub threads: usize,
    /// Whether to measure with fewer repetitions and a tenth of an epoch.
    pub quick: bool,
    /// Is called with the name of each measurement before it begins.
    pub progress: &'a dyn Fn(&str),
}

/// The command by which a user runs the notebook's study of [`STUDY_EPOCHS`] epochs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyCommand {
    /// The command and what it does, for the report.
    pub description: String,
    /// The arguments of the caller's program, to which the path of a new folder is added.
    pub arguments: Vec<OsString>,
}
