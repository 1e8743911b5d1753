//! Processes that are started for one answer, and JSON, in which all processes talk.

use std::process::{Command, Output};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{BenchError, Result};

/// Runs a process to its end, which must be a success. `what` is its task, for messages.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<Output> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .map_err(BenchError::system(format!("{program} could not be started for {what}")))?;
    if output.status.success() {
        return Ok(output);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let problem = format!("{}: {}", output.status, message.trim_end());
    Err(BenchError::Failed { process: what.to_owned(), problem })
}

/// Runs a process as [`run`] does, and reads its standard output as JSON.
pub(crate) fn answer_of<T: DeserializeOwned>(command: &mut Command, what: &str) -> Result<T> {
    let output = run(command, what)?;
    from_json(&String::from_utf8_lossy(&output.stdout), &format!("the answer to {what}"))
}

/// Reads JSON. `what` is the text's name in messages.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| {
        let found = text.chars().take(200).collect();
        BenchError::Json { what: what.to_owned(), found, source }
    })
}

/// Writes JSON in one line.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}
