//! Failures of a program that the machine may have caused, or a neighbour, and not the program.

use isolation::{End, Stop};

use crate::submission::failure::Failure;
use crate::submission::outputs::Outputs;

/// What programs of Python, C++, Rust and Java say when the system has no more of something.
const WORDS: [&str; 15] = [
    "MemoryError",
    "OutOfMemoryError",
    "bad_alloc",
    "memory allocation",
    "Cannot allocate memory",
    "No space left on device",
    "Disk quota exceeded",
    "Input/output error",
    "Too many open files",
    "Resource temporarily unavailable",
    "can't start new thread",
    "Read-only file system",
    "Permission denied",
    "cannot open shared object file",
    "failed to map segment",
];

/// The same for how a program ended, in words; `has_begun` if it came to its first script, `is_starved` if
/// it reached a time limit with little processor time.
pub(super) fn of_end(how: End, has_begun: bool, is_starved: bool) -> Option<String> {
    // For want of memory, and for a file in memory that has no more room.
    const SIGKILL: i32 = 9;
    const SIGBUS: i32 = 7;
    match how {
        End::Killed(signal @ (SIGKILL | SIGBUS)) => {
            Some(format!("the program was ended by signal {signal}"))
        }
        End::Stopped(Stop::Time) if is_starved => {
            Some("the program had little processor time within its time limit".to_owned())
        }
        End::Exited(_) | End::Killed(_) | End::Stopped(Stop::Time) if !has_begun => {
            Some("the program did not come to its first call".to_owned())
        }
        End::Exited(_) | End::Killed(_) | End::Stopped(_) => None,
    }
}

/// The first such failure in an answer.
pub(super) fn of_answer(answer: &Outputs) -> Option<String> {
    let of_steps = answer.steps.iter().filter_map(|step| step.as_ref().err());
    let of_gradients = answer.gradients.iter().filter_map(|gradients| gradients.as_ref().err());
    of_steps.chain(of_gradients).find_map(of_failure)
}

fn of_failure(failure: &Failure) -> Option<String> {
    let message = failure.to_string();
    let is_of_system = WORDS.iter().any(|words| message.contains(words));
    (is_of_system || matches!(failure, Failure::Grader(_))).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_may_have_caused_is_told_from_what_it_cannot_have() {
        let refused = |message: &str| of_failure(&Failure::Refused(message.to_owned()));
        assert!(refused("OSError: [Errno 28] No space left on device").is_some());
        assert!(refused("MemoryError: Unable to allocate 8.00 MiB").is_some());
        assert!(refused("ValueError: operands could not be broadcast together").is_none());
        assert!(of_end(End::Killed(9), true, false).is_some());
        assert!(of_end(End::Killed(11), true, false).is_none());
        assert!(of_end(End::Killed(11), false, false).is_some());
        assert!(of_end(End::Exited(3), true, false).is_none());
        assert!(of_end(End::Stopped(Stop::Memory), false, false).is_none());
        assert!(of_end(End::Stopped(Stop::Time), true, false).is_none());
        assert!(of_end(End::Stopped(Stop::Time), true, true).is_some());
    }
}
