//! The status file, in which launcher and supervisor tell the caller what became of a job: one line
//! of JSON per event.

use std::fs::File;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::in_force::InForce;

/// The name of the file in [`Job::launcher_folder`](crate::Job::launcher_folder).
pub(crate) const STATUS_FILE: &str = "status";

/// One line of the status file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusLine {
    /// The program is about to start in this sandbox.
    InForce(InForce),
    /// The program will not start, since the sandbox would have only these measures.
    NotIsolated(InForce),
    /// The program could not be started.
    NotStarted(String),
    /// The launcher or the supervisor failed.
    Broken(String),
    /// The program ended with this code.
    Exited(i32),
    /// A signal ended the program.
    Killed(i32),
}

/// Adds a line to the status file.
pub(crate) fn append(status: &mut File, line: &StatusLine) -> Result<(), String> {
    let mut bytes = serde_json::to_vec(line).map_err(text)?;
    bytes.push(b'\n');
    status.write_all(&bytes).map_err(text)
}

/// An error as its text, for `map_err`.
pub(crate) fn text(error: impl ToString) -> String {
    error.to_string()
}
