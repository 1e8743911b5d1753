//! Patterns that name checks.

use std::fmt;

use wildmatch::WildMatchPattern;

/// Which checks an entry counts: a case, as in `random/train`, or one check of it, as in
/// `random/train:dx`. A `*` stands for any letters, none included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern in these words.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether it names this check of this case.
    pub fn names(&self, case: &str, check: &str) -> bool {
        // Only `*` is special: the pattern has no letter for a single one.
        let is_like =
            |pattern: &str, name: &str| WildMatchPattern::<'*', '\0'>::new(pattern).matches(name);
        match self.0.split_once(':') {
            Some((of_case, of_check)) => is_like(of_case, case) && is_like(of_check, check),
            None => is_like(&self.0, case),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
