//! Why a program was not run.

use std::path::PathBuf;

use thiserror::Error;

use crate::in_force::InForce;

/// Why a program was not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The launcher could not be started.
    #[error("{} could not be started: {source}", program.display())]
    Launcher {
        /// The launcher.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// The program's room could not be prepared.
    #[error("{}: {source}", folder.display())]
    Room {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// The time limit ended before the program had started.
    #[error("the sandbox was not ready within the time limit")]
    Slow,

    /// The launcher could not start the program.
    #[error("{0}")]
    NotStarted(String),

    /// The job asks for the whole sandbox, and the system does not grant all of it.
    #[error("not all isolation is in force here: {0}")]
    NotIsolated(Box<InForce>),

    /// The launcher or the supervisor failed.
    #[error("the launcher failed: {0}")]
    Broken(String),

    /// The system is not Linux.
    #[error("programs are isolated on Linux only")]
    OtherSystem,
}
