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
    /// The name of its file, its text, and the keyword before a function.
    file: String,
    text: String,
    keyword: &'static str,
}

/// A place in a learner's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The function around it; `None` outside of all functions.
    pub function: Option<&'a str>,
    /// The code of the line; `None` where the function begins.
    pub code: Option<&'a str>,
}

impl Learner {
    /// Where both functions are in the text of a file: where one of these keywords and the name are.
    pub fn of(file: &str, text: &str, keyword: &'static str, is_exercise: bool) -> Self {
        let place = |function: &str| {
            let line = text.lines().position(|line| function_of(line, keyword) == Some(function));
            line.map_or(String::new(), |line| format!("{file}, line {}", line + 1))
        };
        Self {
            forward: place("spatial_batchnorm_forward"),
            backward: place("spatial_batchnorm_backward"),
            is_exercise,
            file: file.to_owned(),
            text: text.to_owned(),
            keyword,
        }
    }

    /// What is at a place, as in "layers.py, line 12"; `None` if it is in another file.
    pub fn at(&self, place: &str) -> Option<Place<'_>> {
        let line: usize = place.strip_prefix(&self.file)?.strip_prefix(", line ")?.parse().ok()?;
        let lines: Vec<&str> = self.text.lines().collect();
        let (before, rest) = lines.split_at_checked(line.checked_sub(1)?)?;
        let line = rest.first()?;
        let mut depth = indent(line);
        // Of the lines that are indented less, each opens a block that the next is in, unless it goes on with
        // an earlier one.
        let opens = |other: &&&str| {
            let goes_on = other.trim_start().starts_with([')', ']', '{', '}']);
            let is_outer = !other.trim().is_empty() && !goes_on && indent(other) < depth;
            if is_outer {
                depth = indent(other);
            }
            is_outer
        };
        let mut around = before.iter().rev().filter(opens);
        Some(match function_of(line, self.keyword) {
            Some(function) => Place { function: Some(function), code: None },
            None => {
                let function = around.find_map(|line| function_of(line, self.keyword));
                Place { function, code: Some(line.trim()).filter(|code| !code.is_empty()) }
            }
        })
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

/// The name of the function that begins in a line.
fn function_of<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    const BEFORE: [&str; 5] = ["pub(crate)", "pub(super)", "pub", "const", "async"];
    let mut line = line.trim_start();
    while let Some(rest) = BEFORE.iter().find_map(|word| line.strip_prefix(word)) {
        line = rest.trim_start();
    }
    let rest = line.strip_prefix(keyword)?.strip_prefix(' ')?.trim_start();
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    let (name, rest) = rest.split_at(end);
    (!name.is_empty() && rest.trim_start().starts_with(['(', '<'])).then_some(name)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
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

    #[test]
    fn a_place_is_told_with_the_function_around_it_and_its_code() {
        let python = "def rows(x):\n    return 1\n\nif True:\n    y = rows(2)\n\ndef f(x):\n    \
                      def g(y):\n        return y\n    if x:\n        # why\n\n        z = g(x)\n";
        let learner = Learner::of("a.py", python, "def", false);
        let at = |line: usize| learner.at(&format!("a.py, line {line}"));
        let place = |function, code| Some(Place { function, code: Some(code) });
        assert_eq!(at(1), Some(Place { function: Some("rows"), code: None }));
        assert_eq!(at(2), place(Some("rows"), "return 1"));
        assert_eq!(at(5), place(None, "y = rows(2)"));
        assert_eq!(at(9), place(Some("g"), "return y"));
        assert_eq!(at(13), place(Some("f"), "z = g(x)"));
        assert_eq!((at(99), at(0), learner.at("b.py, line 2")), (None, None, None));
        let rust = "pub(crate) fn rows<T>(\n    x: T,\n) -> u8 {\n    x.rows()\n}\n";
        let learner = Learner::of("a.rs", rust, "fn", true);
        assert_eq!(learner.at("a.rs, line 4"), place(Some("rows"), "x.rows()"));
    }
}
