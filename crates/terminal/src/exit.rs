//! How a command ends: its exit code, and the message of a command that could not do its work.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Error, Result};
use grader::messages::printable;

/// How a command ended that could do its work. A command that could not returns an error instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well: exit code 0.
    Success,
    /// Something was examined and found wrong: exit code 1.
    FoundWrong,
}

impl Exit {
    /// `Success` if nothing wrong was found.
    pub fn of(all_right: bool) -> Self {
        if all_right { Self::Success } else { Self::FoundWrong }
    }
}

/// The exit code of a command that could not do its work; also clap's for unusable arguments.
pub const COULD_NOT_RUN: u8 = 2;

/// The exit code of a command that ended so. An error is said on standard error: first the cause,
/// then what to do, where `help` knows it.
pub fn code(ended: Result<Exit>, help: impl FnOnce(&Error) -> Option<String>) -> ExitCode {
    match ended {
        Ok(Exit::Success) => ExitCode::SUCCESS,
        Ok(Exit::FoundWrong) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {}", indented(&format!("{error:#}")));
            if let Some(help) = help(&error) {
                eprintln!("help: {}", indented(&help));
            }
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// The exit code of a command whose arguments are unusable, or only ask for help. It is told as clap tells
/// it, but for characters that do something to a terminal.
pub fn of_arguments(error: &clap::Error) -> ExitCode {
    let text = printable(&error.render().to_string());
    // Nobody may be listening any more.
    let _ = if error.use_stderr() {
        io::stderr().write_all(text.as_bytes())
    } else {
        io::stdout().write_all(text.as_bytes())
    };
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// A message whose later lines cannot be taken for lines of ours, whatever names are in them.
fn indented(message: &str) -> String {
    printable(message).replace('\n', "\n       ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_an_error_moves_no_cursor_and_begins_no_line() {
        let message = indented("x\u{1b}[2J\r\nspatial_batchnorm_forward passed.: found none");
        assert_eq!(message, "x[2J\n       spatial_batchnorm_forward passed.: found none");
    }
}
