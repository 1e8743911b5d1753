//! Why a study could not be made or read.

use std::io;
use std::path::PathBuf;
use trainer::dataset::DataSet;

use plots::DrawError;
use thiserror::Error;
use trainer::TrainError;

/// Why a study could not be made or read. A message names what is at fault, what was found, what
/// was expected and, where it helps, what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// A file or folder could not be read, written, made or removed.
    #[error("{} {action}: {cause}{remedy}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What could not be done.
        action: &'static str,
        /// Why it failed.
        cause: io::Error,
        /// What to do about it, after a semicolon; empty where nothing is known.
        remedy: &'static str,
    },

    /// A folder holds what a study must not touch, or cannot be worked in.
    #[error("{}{fault}", .path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What is at fault, and what to do about it.
        fault: String,
    },

    /// A file of a study is damaged, or contradicts another.
    #[error("{}: {fault}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, what was found, and what was expected.
        fault: String,
    },

    /// There is no study to report.
    #[error(
        "found no folder with a study.toml below {}; `cargo xtask experiment` makes one",
        .folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(" and ")
    )]
    NoStudy {
        /// Where one was searched for.
        folders: Vec<PathBuf>,
    },

    /// No study can have this configuration.
    #[error("{0}")]
    Config(String),

    /// A table could not be written as CSV.
    #[error("a table cannot be written")]
    Csv(#[from] csv::Error),

    /// A figure could not be drawn.
    #[error("the figure {figure} cannot be drawn")]
    Draw {
        /// The name of the figure.
        figure: String,
        /// Why it failed.
        source: DrawError,
    },

    /// A statistic could not be computed.
    #[error("a statistic cannot be computed")]
    Statistics(#[from] statistics::StatisticsError),

    /// What a run left could not be read, or a network not be built.
    #[error(transparent)]
    Train(#[from] TrainError),

    /// A run failed.
    #[error("{action} {run} failed")]
    Run {
        /// What was done with it: training or testing.
        action: &'static str,
        /// Its arm and its seed.
        run: String,
        /// Why it failed.
        source: Box<StudyError>,
    },

    /// A cell is to be trained or tested without the images of its data set.
    #[error("found no images of {data_set}, expected those that its cells need")]
    NoImages {
        /// The data set.
        data_set: DataSet,
    },

    /// The caller stopped the work before its end.
    #[error("stopped before the end; the same command goes on from here")]
    Stopped,
}

/// What the work on a study gives.
pub type Result<T, E = StudyError> = std::result::Result<T, E>;

impl StudyError {
    /// An error of this file or folder, for `map_err`. What to do about it may follow the action after
    /// a semicolon.
    pub(crate) fn file(
        path: &std::path::Path,
        action: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        let (action, remedy) = action.split_at(action.find(';').unwrap_or(action.len()));
        move |cause| Self::File { path, action, cause, remedy }
    }
}
