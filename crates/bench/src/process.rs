//! Processes that are started for one answer, and JSON, in which all processes talk.

use std::process::{Command, Output};
use std::time::Instant;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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

/// How long a process took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Duration {
    /// Seconds by the clock.
    pub(crate) seconds: f64,
    /// Seconds of all processors, in the process and its children, in user and system mode; where the
    /// system tells them.
    pub(crate) cpu_seconds: Option<f64>,
}

/// Runs a process as [`run`] does, and tells how long it took. No other process may end meanwhile.
pub(crate) fn timed(command: &mut Command, what: &str) -> Result<Duration> {
    let (start, before) = (Instant::now(), cpu_seconds_of_children());
    run(command, what)?;
    let seconds = start.elapsed().as_secs_f64();
    let cpu_seconds = cpu_seconds_of_children().zip(before).map(|(after, before)| after - before);
    Ok(Duration { seconds, cpu_seconds })
}

/// The processor time of all processes that this one started and waited for.
#[cfg(unix)]
fn cpu_seconds_of_children() -> Option<f64> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + 1e-6 * time.tv_usec() as f64;
    Some(seconds(usage.user_time()) + seconds(usage.system_time()))
}

#[cfg(not(unix))]
fn cpu_seconds_of_children() -> Option<f64> {
    None
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_processors_is_that_of_a_process_and_its_children() {
        let timed =
            |script: &str| timed(Command::new("sh").args(["-c", script]), "a test").unwrap();
        let work = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        let busy = timed(&format!("sh -c '{work}'; true")).cpu_seconds.unwrap();
        let idle = timed("sleep 0.3");
        let waited = idle.cpu_seconds.unwrap();
        assert!(busy > 0.01 && waited < busy && idle.seconds >= 0.3, "{busy} {waited}");
    }
}
