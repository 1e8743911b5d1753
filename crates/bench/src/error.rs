//! Why a measurement could not be made.

use std::io;

use kernels::KernelError;
use ndarray::ShapeError;
use plots::DrawError;
use thiserror::Error;
use trainer::TrainError;

/// Why a measurement could not be made. Each message names what is at fault and what was found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A kernel refused its input.
    #[error(transparent)]
    Kernel(#[from] KernelError),

    /// A network could not be trained.
    #[error(transparent)]
    Train(#[from] TrainError),

    /// A measured array does not have the shape that was meant.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// The figure cannot be drawn.
    #[error("the figure cannot be drawn")]
    Figure(#[from] DrawError),

    /// A file or folder could not be made, or a process could not be started or reached.
    #[error("{what}")]
    System {
        /// What failed.
        what: String,
        /// What the system said.
        source: io::Error,
    },

    /// A process failed.
    #[error("{process} ended with {problem}")]
    Failed {
        /// What it was to do.
        process: String,
        /// How it ended, and what it printed on standard error.
        problem: String,
    },

    /// A value cannot be written as JSON.
    #[error("no JSON")]
    NoJson(#[from] serde_json::Error),

    /// A text is not the JSON expected.
    #[error("{what}: found {found:?}, expected its JSON")]
    Json {
        /// The request, the answer or the results.
        what: String,
        /// The beginning of the text.
        found: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// The result of a measurement.
pub(crate) type Result<T> = std::result::Result<T, BenchError>;

impl BenchError {
    /// For `map_err` on what the system may refuse.
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what: what.into(), source }
    }
}
