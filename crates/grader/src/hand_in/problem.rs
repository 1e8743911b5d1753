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
    is_of_hand_in: bool,
}

impl Problem {
    /// What was found in place of what was expected.
    pub(crate) fn new(
        name: impl Into<String>,
        found: impl AsRef<str>,
        expected: impl AsRef<str>,
    ) -> Self {
        let what = format!("found {}, expected {}", found.as_ref(), expected.as_ref());
        Self { name: name.into(), what, is_of_hand_in: true }
    }

    /// The problem in words for a reader who knows that it is about `name`.
    pub(crate) fn of(&self, name: &str) -> String {
        if self.name == name { self.what.clone() } else { self.to_string() }
    }

    /// What was said when the file was read: by the system, or by what unpacks the file.
    pub(crate) fn unreadable(name: &str, error: &io::Error) -> Self {
        // Only errors of the system have a number. The others are of damaged archives.
        let is_of_hand_in = error.raw_os_error().is_none();
        Self { name: name.to_owned(), what: format!("cannot be read: {error}"), is_of_hand_in }
    }

    /// The same problem, which whoever grades must solve: a path or a permission.
    pub(crate) fn of_reading(self) -> Self {
        Self { is_of_hand_in: false, ..self }
    }

    /// Whether the hand-in itself is the cause: it is of the wrong kind, empty, ambiguous, too large or
    /// damaged. Else it could not be read here, and nothing is known of it.
    pub fn is_of_hand_in(&self) -> bool {
        self.is_of_hand_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_is_not_of_the_hand_in_and_a_damaged_file_is() {
        let denied = io::Error::from_raw_os_error(13);
        assert!(!Problem::unreadable("hw.py", &denied).is_of_hand_in());
        let damaged = io::Error::new(io::ErrorKind::InvalidData, "Invalid checksum");
        assert!(Problem::unreadable("hw.py", &damaged).is_of_hand_in());
        let wrong = Problem::new("hw.pdf", "a .pdf", "a .py");
        assert!(wrong.is_of_hand_in() && !wrong.of_reading().is_of_hand_in());
    }
}
