//! What a watch shows. On a terminal each round begins on an empty screen; elsewhere with a plain line.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result};
use grader::export::{FirstFailure, Progress};

use crate::grade::watch::round::Round;
use terminal::output::say;
use terminal::workspace;

/// What is said when Ctrl-C is pressed.
pub(super) const STOPPING: &str = "stopping";

/// Clears the screen and what has scrolled out of it, and goes to its beginning.
const CLEAR: &str = "\u{1b}[2J\u{1b}[3J\u{1b}[H";

/// The screen, and what of the last round is still to be told.
pub(super) struct Screen {
    is_terminal: bool,
    /// What is watched, as it is shown.
    path: String,
    /// The command that grades it once.
    command: String,
    is_first_round: bool,
    first: Option<FirstFailure>,
    hints_told: usize,
}

impl Screen {
    pub(super) fn new(path: &Path, command: &str) -> Self {
        Self {
            is_terminal: io::stdout().is_terminal(),
            path: workspace::relative(path).display().to_string(),
            command: command.to_owned(),
            is_first_round: true,
            first: None,
            hints_told: 0,
        }
    }

    /// A round begins.
    pub(super) fn begin(&mut self) -> Result<()> {
        self.first = None;
        let is_first = std::mem::replace(&mut self.is_first_round, false);
        if self.is_terminal {
            let mut out = io::stdout();
            let cleared = out.write_all(CLEAR.as_bytes()).and_then(|()| out.flush());
            cleared.context("standard output cannot be written")?;
        } else if !is_first {
            say("\n--- saved: grading again ---\n")?;
        }
        say(format!("Grading {} …\n", self.path))
    }

    /// A round has ended.
    pub(super) fn end(&mut self, round: Round) -> Result<()> {
        match round {
            Round::DoesNotBuild => {
                say(format!(
                    "The code does not build. Next: mend the first error above in {}, and save.",
                    self.path
                ))?;
            }
            Round::NotGraded(why) => {
                say(format!("It could not be graded: {why}\nNext: mend that, and save."))?;
            }
            Round::Graded { progress, printed } => {
                self.show(progress)?;
                if let Some(printed) = printed {
                    say(format!("\n{}", printed.text()))?;
                }
            }
        }
        self.keys()
    }

    fn show(&mut self, progress: Progress) -> Result<()> {
        for task in &progress.tasks {
            let (title, passed, of) = (task.title, task.passed, task.of);
            let mark = if passed == of { '✓' } else { ' ' };
            say(format!("{mark} {title}: {passed} of {of} checks"))?;
        }
        self.hints_told = 0;
        self.first = progress.first;
        match &self.first {
            Some(first) => {
                say(format!("\nFirst to fail: {}", first.name))?;
                self.next_hint()
            }
            None => say(format!(
                "\nAll checks pass: both tasks are done.\n\n\
                 Read next:\n\
                 - \"Reading on\" in crates/exercise/README.md: where batch norm comes from, and why it \
                 helps.\n\
                 - crates/kernels/src/reference/batch_norm.rs: the same in plain loops.\n\
                 - crates/kernels/src/ops/batch_norm/: as this workspace trains with it.\n\
                 - {} --profile strict: conventions that pass with a note.\n\
                 - cargo xtask experiment: what it changes when a network is trained.",
                self.command
            )),
        }
    }

    /// The next hint, on request.
    pub(super) fn more(&mut self) -> Result<()> {
        self.next_hint()?;
        self.keys()
    }

    /// The next hint on the first failure.
    fn next_hint(&mut self) -> Result<()> {
        let Some(first) = &self.first else { return Ok(()) };
        let all = first.hints.len();
        match first.hints.get(self.hints_told) {
            Some(hint) => {
                self.hints_told += 1;
                let hint = hint.replace('\n', "\n  ");
                say(format!("\nHint {} of {all}: {hint}", self.hints_told))
            }
            None => say(format!("\nThat is every hint. All that is known of it: {}", first.alone)),
        }
    }

    /// What can be typed.
    pub(super) fn keys(&self) -> Result<()> {
        let hint = match &self.first {
            Some(first) if self.hints_told < first.hints.len() => "h and Enter for the next hint, ",
            Some(_) | None => "",
        };
        say(format!("\nWatching {}: save to grade again, {hint}q and Enter to end.", self.path))?;
        io::stdout().flush().context("standard output cannot be written")
    }
}
