//! What to measure, and with which programs.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use trainer::dataset::{LabelledImages, Split};

use crate::child::Program;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Fewer repetitions and a tenth of an epoch; no study against PyTorch Lightning.
    Quick,
    /// Whole epochs; the large study is estimated from small ones.
    Normal,
    /// The large study whole, and a race over as many seeds as it has.
    Full,
}

impl Extent {
    /// How often each point of the growth figure is measured.
    pub(crate) fn growth_rounds(self) -> usize {
        match self {
            Self::Quick => 1,
            Self::Normal | Self::Full => 5,
        }
    }
}

/// What to measure, and with which programs.
pub struct Options<'a> {
    /// The caller's own program, which measures in processes of its own.
    pub program: Program,
    /// A Python interpreter with PyTorch, which is measured in turn with our side; `None` to measure
    /// our side alone.
    pub python: Option<PathBuf>,
    /// The studies that are measured; `None` to leave them out.
    pub studies: Option<Studies>,
    /// The threads that each side may take.
    pub threads: usize,
    /// How much to measure.
    pub extent: Extent,
    /// Is called with the name of each measurement before it begins.
    pub progress: &'a dyn Fn(&str),
}

/// The studies that are measured, and their images.
pub struct Studies {
    /// The notebook's study, which PyTorch Lightning runs too.
    pub notebook: StudyCommand,
    /// The study of four arms whose processor time is measured.
    pub headline: StudyCommand,
    /// The images that they train with.
    pub data: StudyData,
}

/// The command by which a user runs a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyCommand {
    /// The command as a user writes it, without seeds and epochs, for the report.
    pub shown: String,
    /// The arguments of the caller's program, to which seeds, epochs and new folders are added.
    pub arguments: Vec<OsString>,
}

/// The images that studies train and validate with.
#[derive(Debug, Clone)]
pub struct StudyData {
    /// Their name.
    pub name: String,
    /// The images.
    pub images: LabelledImages,
    /// Which of them are trained with, and which are validated with.
    pub split: Split,
    /// Whether how soon a training reaches an accuracy of 0.9 with them is a known measure.
    pub has_race: bool,
}
