//! What is said of a program that has ended before it had answered everything.

use isolation::{Captured, End, Ended, Stop};

use crate::messages::with_sources;
use crate::submission::failure::Failure;
use crate::submission::outputs::Outputs;
use crate::submission::protocol::{self, ProtocolError};
use crate::submission::script::{Kind, Script};

/// Why a program that ended, for another reason than a time limit, answers no more. All sentences are
/// ours but for its last words.
pub(super) fn failure_of(ended: &Ended) -> Failure {
    match ended.how {
        End::Exited(code) => Failure::Crashed(format!(
            "the program ended with exit code {code} before it had answered{}",
            last_words(&ended.stderr)
        )),
        End::Killed(signal) => Failure::Crashed(format!(
            "the program was ended by signal {signal}{}{}",
            signal_name(signal),
            last_words(&ended.stderr)
        )),
        End::Stopped(stop) => {
            let limit = match stop {
                Stop::Time => "it took too much time",
                Stop::Memory => "it took too much memory",
                Stop::Processes => "it started too many processes",
                Stop::Output => "it printed too much",
                Stop::Disk => "it wrote too many files, or too long ones",
            };
            Failure::Stopped(format!("the program was ended, since {limit}"))
        }
    }
}

/// The last line of what a program printed, if all of it was kept.
fn last_words(printed: &Captured) -> String {
    if printed.length > printed.beginning.len() as u64 {
        return String::new();
    }
    let text = String::from_utf8_lossy(&printed.beginning);
    let line = text.lines().rfind(|line| !line.trim().is_empty());
    line.map_or(String::new(), |line| format!("; its last words: {}", protocol::one_line(line)))
}

/// The answer to the script in which a program has ended. Calls that were answered before count. What
/// is not there, or is there in part, is answered by what `why` says of the function that was running.
pub(super) fn interrupted(
    script: &Script,
    answer: Outputs,
    why: impl FnOnce(&'static str) -> Failure,
) -> Outputs {
    let Outputs { mut steps, mut gradients } = answer;
    let is_forward = steps.iter().any(|step| step.as_ref().err().is_some_and(is_open));
    let failure = why(match (script.kind, is_forward) {
        (Kind::Plain, true) => "batchnorm_forward",
        (Kind::Plain, false) => "batchnorm_backward",
        (Kind::Spatial, true) => "spatial_batchnorm_forward",
        (Kind::Spatial, false) => "spatial_batchnorm_backward",
    });
    close(&mut steps, &failure);
    close(&mut gradients, &failure);
    Outputs { steps, gradients }
}

fn close<T>(results: &mut [Result<T, Failure>], failure: &Failure) {
    for result in results {
        if result.as_ref().err().is_some_and(is_open) {
            *result = Err(failure.clone());
        }
    }
}

/// Whether a program that went on could still have answered.
fn is_open(failure: &Failure) -> bool {
    match failure {
        Failure::Missing { .. } | Failure::Unusable { .. } | Failure::TooFew => true,
        Failure::Panicked(_)
        | Failure::Refused(_)
        | Failure::Crashed(_)
        | Failure::Stopped(_)
        | Failure::GivenUp(_)
        | Failure::Grader(_) => false,
    }
}

/// Whether a call was answered, with results or with an error.
pub(super) fn has_results(answer: &Outputs) -> bool {
    let closed = |failure: Option<&Failure>| failure.is_none_or(|failure| !is_open(failure));
    answer.steps.iter().any(|step| closed(step.as_ref().err()))
        || answer.gradients.iter().any(|gradients| closed(gradients.as_ref().err()))
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (illegal instruction)",
        6 => " (abort)",
        7 | 11 => " (memory that is not its own)",
        8 => " (arithmetic error)",
        9 => " (killed, by itself or for want of memory)",
        24 => " (too much processor time)",
        25 => " (a file too long)",
        _ => "",
    }
}

impl From<ProtocolError> for Failure {
    fn from(error: ProtocolError) -> Self {
        Self::Grader(with_sources(&error))
    }
}
