//! Why there is nothing to grade at a path.

use std::io;

use thiserror::Error;

/// Why there is nothing to grade at a path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name}: {what}")]
pub struct Problem {
    /// The file or folder, by its name or its path in the hand-in.
    name: String,
    what: String,
}

impl Problem {
    /// What was found in place of what was expected.
    pub(crate) fn new(
        name: impl Into<String>,
        found: impl AsRef<str>,
        expected: impl AsRef<str>,
    ) -> Self {
        let what = format!("found {}, expected {}", found.as_ref(), expected.as_ref());
        Self { name: name.into(), what }
    }

    /// The problem in words for a reader who knows that it is about `name`.
    pub(crate) fn of(&self, name: &str) -> String {
        if self.name == name { self.what.clone() } else { self.to_string() }
    }

    /// What the system said when the file was read.
    pub(crate) fn unreadable(name: &str, error: &io::Error) -> Self {
        Self { name: name.to_owned(), what: format!("cannot be read: {error}") }
    }
}
