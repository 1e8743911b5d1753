//! A learner's code: the exercise, or a Python file that is graded at every save. Somebody waits for the
//! answers, so that code which does not return is not asked on and on, and messages speak to the learner.

use std::time::Duration;

use isolation::{End, Ended, Limits, Stop};

use crate::submission::script::{Kind, Script};
use crate::tensor::Dtype;

/// The variable of the environment by which a program upon the crate `answer` is told why its backward pass
/// is not called.
pub(super) const WITHOUT_BACKWARD: &str = "ANSWER_WITHOUT_BACKWARD";

/// What is known of a learner's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// Where the forward function is, as in "layers.py, line 12"; empty if that is not known.
    pub forward: String,
    /// Where the backward function is.
    pub backward: String,
    /// Whether it is the exercise, a program upon the crate `answer`.
    pub is_exercise: bool,
}

impl Learner {
    /// Where both functions are in the text of a file: where one of these keywords and the name are.
    pub fn of(file: &str, text: &str, keyword: &str, is_exercise: bool) -> Self {
        let place = |function: &str| {
            let is_here = |line: &str| {
                let line = line.trim_start().trim_start_matches("pub ");
                let rest = line.strip_prefix(keyword).map(str::trim_start);
                let rest = rest.and_then(|rest| rest.strip_prefix(function));
                rest.is_some_and(|rest| rest.trim_start().starts_with(['(', '<']))
            };
            let line = text.lines().position(is_here);
            line.map_or(String::new(), |line| format!("{file}, line {}", line + 1))
        };
        Self {
            forward: place("spatial_batchnorm_forward"),
            backward: place("spatial_batchnorm_backward"),
            is_exercise,
        }
    }

    /// A sentence about one of the functions, with its place.
    pub(super) fn sentence(&self, function: &str, predicate: &str) -> String {
        let (pass, place) = if function.ends_with("_backward") {
            ("backward", &self.backward)
        } else {
            ("forward", &self.forward)
        };
        let place = if place.is_empty() { String::new() } else { format!(" ({place})") };
        format!("your {pass} pass {predicate}{place}")
    }
}

/// What the exercise is not asked.
pub(super) fn declines(script: &Script) -> Option<&'static str> {
    if script.kind == Kind::Plain {
        Some("of plain batch norm, which is supplied")
    } else if script.dtype() != Dtype::Float64 {
        Some("in float32")
    } else if script.config.convention() != kernels::Convention::Notebook {
        Some("in PyTorch's convention")
    } else if script.asks_an_unknown_mode() {
        Some("of an unknown mode, which the types rule out")
    } else if script.trains_on_one_value() {
        Some("of one value per channel, which the batch norm that is supplied refuses")
    } else {
        None
    }
}

/// What a function did that did not return within its time limit.
pub(super) fn did_not_return(limit: Duration) -> String {
    format!("did not return within {} s", limit.as_secs_f64())
}

/// What a function did in which a program ended.
pub(super) fn ended(ended: &Ended, limits: &Limits) -> String {
    const SIGABRT: i32 = 6;
    let said = String::from_utf8_lossy(&ended.stderr.beginning);
    let memory = format!("took more memory than its limit of {} MiB", limits.memory >> 20);
    match ended.how {
        End::Exited(code) => format!("ended the program with exit code {code}"),
        End::Killed(SIGABRT) if said.contains("has overflowed its stack") => {
            "overflowed the stack".to_owned()
        }
        End::Killed(SIGABRT) if said.contains("memory allocation of ") => memory,
        End::Killed(SIGABRT) => "aborted the program".to_owned(),
        End::Killed(signal) => format!("was ended by signal {signal}"),
        End::Stopped(stop) => match stop {
            Stop::Time => "took too much time".to_owned(),
            Stop::Memory => memory,
            Stop::Processes => "started too many processes or threads".to_owned(),
            Stop::Output => "printed too much".to_owned(),
            Stop::Disk => "wrote too many files, or too long ones".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_the_pass_and_the_line_of_its_function() {
        let rust = "fn spatial_batchnorm_forward_old() {}\npub fn spatial_batchnorm_forward(\n";
        let learner = Learner::of("a.rs", rust, "fn", true);
        let sentence = learner.sentence("spatial_batchnorm_forward", "aborted");
        assert_eq!(sentence, "your forward pass aborted (a.rs, line 2)");
        let sentence = learner.sentence("spatial_batchnorm_backward", "aborted");
        assert_eq!(sentence, "your backward pass aborted");
        let python = "import numpy\ndef spatial_batchnorm_backward(dout, cache):\n";
        assert_eq!(Learner::of("a.py", python, "def", false).backward, "a.py, line 2");
    }
}
