//! What a watch shows. On a terminal each round begins on an empty screen; elsewhere with a plain line.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result};
use grader::export::{FirstFailure, Progress};
use terminal_size::{Width, terminal_size};

use crate::grade::watch::lines::wrapped;
use crate::grade::watch::round::Round;
use terminal::output::say;
use terminal::workspace;

/// What is said when Ctrl-C is pressed.
pub(super) const STOPPING: &str = "stopping";

/// What to read next, and why.
const READ_NEXT: [(&str, &str); 3] = [
    (
        "crates/kernels/src/reference/spatial_batch_norm.rs",
        "the way to rows and back in plain loops, and batch_norm.rs beside it: what do they do otherwise than \
         you?",
    ),
    (
        "crates/exercise/README.md",
        "its last section, \"Reading on\": where batch norm comes from, and why it helps.",
    ),
    (
        "reports/fashion-mnist/README.md",
        "how many steps does a network with this layer need to be as good as one without it?",
    ),
];

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

    /// Prints lines that fit the terminal.
    fn say(&self, text: impl Display) -> Result<()> {
        let size = terminal_size().filter(|_| self.is_terminal);
        let width = size.map_or(0, |(Width(width), _)| width.into());
        say(wrapped(&text.to_string(), width))
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
            self.say("\n--- saved: grading again ---\n")?;
        }
        self.say(format!("Grading {} …\n", self.path))
    }

    /// A round has ended.
    pub(super) fn end(&mut self, round: Round) -> Result<()> {
        match round {
            Round::DoesNotBuild => {
                self.say(format!(
                    "The code does not build. Next: mend the first error above in {}, and save.",
                    self.path
                ))?;
            }
            Round::NotGraded(why) => {
                self.say(format!("It could not be graded: {why}\nNext: mend that, and save."))?;
            }
            Round::Graded { progress, printed } => {
                self.show(progress)?;
                if let Some(printed) = printed {
                    self.say(format!("\n{}", printed.text()))?;
                }
            }
        }
        self.keys()
    }

    fn show(&mut self, progress: Progress) -> Result<()> {
        for task in &progress.tasks {
            let (title, passed, of) = (task.title, task.passed, task.of);
            let mark = if passed == of { '✓' } else { ' ' };
            let not_asked = match task.not_asked {
                0 => String::new(),
                number => format!("; {number} not asked"),
            };
            self.say(format!("{mark} {title}: {passed} of {of} checks{not_asked}"))?;
        }
        self.hints_told = 0;
        self.first = progress.first;
        match &self.first {
            Some(first) => {
                self.say(format!("\nFirst to fail: {}", first.name))?;
                self.next_hint()
            }
            None => self.say(self.what_to_read(progress.noted)),
        }
    }

    /// What is said when both tasks are done.
    fn what_to_read(&self, noted: usize) -> String {
        let mut lines = vec!["\nAll checks pass: both tasks are done.\n\nRead next:".to_owned()];
        let root = workspace::root().unwrap_or_default();
        let there = READ_NEXT.iter().filter(|(path, _)| root.join(path).exists());
        lines.extend(there.map(|(path, why)| format!("- {path}: {why}")));
        if noted > 0 {
            let checks =
                if noted == 1 { "1 check passes" } else { &format!("{noted} checks pass") };
            lines.push(format!(
                "- {checks} with a note on a convention, which is told by\n  {}",
                self.command
            ));
        }
        lines.push(
            "- To train a network with this layer, and one without it:\n  cargo xtask experiment"
                .to_owned(),
        );
        lines.join("\n")
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
                self.say(format!("\nHint {} of {all}: {hint}", self.hints_told))
            }
            None => {
                self.say(format!("\nThat is every hint. All that is known of it:\n{}", first.alone))
            }
        }
    }

    /// What can be typed.
    pub(super) fn keys(&self) -> Result<()> {
        let hint = match &self.first {
            Some(first) if self.hints_told < first.hints.len() => "h and Enter for the next hint, ",
            Some(_) | None => "",
        };
        self.say(format!(
            "\nWatching {}: save to grade again, {hint}q and Enter to end.",
            self.path
        ))?;
        io::stdout().flush().context("standard output cannot be written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_to_read_next_is_there() {
        let root = workspace::root().unwrap();
        for (path, _) in READ_NEXT {
            assert!(root.join(path).is_file(), "{path}");
        }
        let lesson = std::fs::read_to_string(root.join("crates/exercise/README.md")).unwrap();
        let last = lesson.lines().rfind(|line| line.starts_with("## "));
        assert_eq!(last, Some("## Reading on"));
    }
}
