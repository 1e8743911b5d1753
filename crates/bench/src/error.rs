//! Why a measurement could not be made.

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use kernels::KernelError;
use ndarray::ShapeError;
use plots::DrawError;
use thiserror::Error;
use trainer::TrainError;
use trainer::network::UnknownNetwork;

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

    /// A measured network has no configuration.
    #[error(transparent)]
    Network(#[from] UnknownNetwork),

    /// A measured array does not have the shape that was meant.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// A temporary folder or a file in it could not be made.
    #[error("{}: cannot be made", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A process could not be started.
    #[error("{} could not be started; {needed}", .program.display())]
    NotStarted {
        /// Its program.
        program: PathBuf,
        /// What is needed to start it.
        needed: &'static str,
        /// What the system said.
        source: io::Error,
    },

    /// A process failed.
    #[error("{process} ended with {status}: {message}")]
    Failed {
        /// What it was to do.
        process: String,
        /// How it ended.
        status: ExitStatus,
        /// What it printed on standard error.
        message: String,
    },

    /// A process takes no request or gives no answer.
    #[error("the connection to {process} broke; its own message is above")]
    Disconnected {
        /// The process.
        process: &'static str,
        /// What the system said.
        source: io::Error,
    },

    /// A text is not the JSON expected: an answer, a request, or results.
    #[error("{what}: found {found:?}, expected its JSON")]
    Json {
        /// What was to be read.
        what: String,
        /// The beginning of the text.
        found: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },

    /// A value has no JSON.
    #[error(transparent)]
    NoJson(#[from] serde_json::Error),

    /// The figure cannot be drawn.
    #[error("the figure cannot be drawn")]
    Figure(#[from] DrawError),
}

/// The result of a measurement.
pub(crate) type Result<T> = std::result::Result<T, BenchError>;

impl BenchError {
    /// For `map_err` on what starts `command`.
    pub(crate) fn not_started(
        command: &Command,
        needed: &'static str,
    ) -> impl FnOnce(io::Error) -> Self + use<> {
        let program = command.get_program().into();
        move |source| Self::NotStarted { program, needed, source }
    }

    /// For `map_err` on what reads `text` as JSON.
    pub(crate) fn json(
        what: impl Into<String>,
        text: &[u8],
    ) -> impl FnOnce(serde_json::Error) -> Self {
        let found = String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned();
        move |source| Self::Json { what: what.into(), found, source }
    }
}
