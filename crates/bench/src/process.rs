//! Processes that are started for one answer, and temporary folders for what they are given.

use std::process::Command;

use serde::de::DeserializeOwned;
use tempfile::TempDir;

use crate::error::{BenchError, Result};

/// Runs a process to its end, and reads its standard output as JSON. `what` is its task and `needed`
/// is what it takes to start it, both for messages.
pub(crate) fn answer_of<T: DeserializeOwned>(
    command: &mut Command,
    what: &str,
    needed: &'static str,
) -> Result<T> {
    let not_started = BenchError::not_started(command, needed);
    let output = command.output().map_err(not_started)?;
    if !output.status.success() {
        let message = match String::from_utf8_lossy(&output.stderr).trim_end() {
            "" => "its own message is above".to_owned(),
            captured => captured.to_owned(),
        };
        return Err(BenchError::Failed {
            process: what.to_owned(),
            status: output.status,
            message,
        });
    }
    serde_json::from_slice(&output.stdout)
        .map_err(BenchError::json(format!("the answer to {what}"), &output.stdout))
}

/// A temporary folder, which is removed with the value.
pub(crate) fn temporary_folder() -> Result<TempDir> {
    tempfile::tempdir().map_err(|source| BenchError::File { path: std::env::temp_dir(), source })
}
