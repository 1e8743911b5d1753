//! Whether this machine can grade: a known right hand-in is graded as any other is. If it does not
//! pass, a failure of another hand-in says nothing about that hand-in.

use thiserror::Error;

use crate::check::Options;
use crate::fixture::Case;
use crate::grading::grade;
use crate::hand_in::PythonFiles;
use crate::report::SuiteName;
use crate::submission::{Interpreter, Process, RunContext};
use crate::verdict::{CheckOutcome, Finding};

/// The known right hand-in.
const KNOWN_RIGHT: &str = include_str!("submission/known_right.py");
const FILE: &str = "known_right.py";

/// What is wrong with the machine.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("this machine cannot grade, since a hand-in that is known to be right fails here: {found}")]
pub struct SelfCheckError {
    /// What became of the known right hand-in.
    pub found: String,
    /// Of what the machine has too little, as far as that shows.
    pub lack: Lack,
}

/// What a machine may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Memory within the limit.
    Memory,
    /// Room for files.
    Room,
    /// Time within the limit.
    Time,
    /// Processes and threads that may be started.
    Processes,
    /// A Python and a NumPy that can be loaded in the sandbox.
    Interpreter,
    /// Something else.
    Other,
}

/// Grades the known right hand-in on `cases` and on what needs no case, in the same sandbox and within the
/// same limits as any other.
///
/// # Errors
///
/// [`SelfCheckError`] if it is not run, raises anything, or gives wrong numbers where no case says what is
/// right.
pub fn self_check(
    interpreter: &Interpreter,
    context: &RunContext,
    cases: &[Case],
    options: &Options,
) -> Result<(), SelfCheckError> {
    let known_right = PythonFiles::single(FILE, KNOWN_RIGHT.as_bytes());
    let process = Process::python(FILE, &known_right, interpreter, None, context.clone());
    let grading = grade(&process, cases, options, "");
    let found = process.trouble().or_else(|| {
        let suites = grading.report.suites.iter();
        suites
            .flat_map(|suite| suite.verdicts.iter().map(|verdict| (suite.name, verdict)))
            .find_map(|(suite, verdict)| {
                let what = match (&verdict.outcome, suite) {
                    (CheckOutcome::Raised { message }, _) => message.clone(),
                    (
                        CheckOutcome::Failed { findings },
                        SuiteName::Behaviour | SuiteName::Random,
                    ) => findings.first().map_or_else(String::new, Finding::to_string),
                    // A case of the teacher's own may ask for something else.
                    (CheckOutcome::Failed { .. }, SuiteName::Notebook | SuiteName::Reference)
                    | (CheckOutcome::Passed | CheckOutcome::Noted { .. }, _) => return None,
                };
                Some(format!("{}: {what}", verdict.case))
            })
    });
    match found {
        None => Ok(()),
        Some(found) => Err(SelfCheckError { lack: lack(&found), found }),
    }
}

/// What is lacking, by the words of the system.
fn lack(found: &str) -> Lack {
    let says = |words: &[&str]| words.iter().any(|word| found.contains(word));
    // A file in memory that has no more room is told by signal 7.
    if says(&["signal 7"]) {
        Lack::Room
    } else if says(&["MemoryError", "memory", "failed to map segment", "signal 9", "signal 11"]) {
        Lack::Memory
    } else if says(&["Resource temporarily unavailable", "start new thread"]) {
        Lack::Processes
    } else if says(&["No space left", "quota", "too many files", "no temporary folder"]) {
        Lack::Room
    } else if says(&["took longer", "time limit"]) {
        Lack::Time
    } else if says(&["Error: ", "could not be started", "exit code", "signal"]) {
        Lack::Interpreter
    } else {
        Lack::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_follows_from_what_was_found() {
        for (found, expected) in [
            ("behaviour/x_untouched: MemoryError: Unable to allocate", Lack::Memory),
            ("libopenblas.so: failed to map segment from shared object", Lack::Memory),
            ("the program was ended by signal 7 (memory that is not its own)", Lack::Room),
            ("OSError: [Errno 28] No space left on device", Lack::Room),
            ("python could not be started: Resource temporarily unavailable", Lack::Processes),
            ("known_right.py could not be loaded: it took longer than a second", Lack::Time),
            ("ImportError: libgfortran.so.5: cannot open shared object file", Lack::Interpreter),
            ("found 1.0, expected 2.0", Lack::Other),
        ] {
            assert_eq!(lack(found), expected, "{found}");
        }
    }
}
