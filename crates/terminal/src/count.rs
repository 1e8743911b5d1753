//! Whole numbers: as an argument, and with a noun.

use std::num::NonZero;

/// The most threads that an argument can ask for.
const MOST_THREADS: usize = 1_024;

/// The argument as a whole number of at least 1; the error says what is expected.
pub fn count(text: &str) -> Result<NonZero<usize>, String> {
    text.parse().map_err(|_| "expected a whole number of at least 1".to_owned())
}

/// The argument as a number of threads.
pub fn threads(text: &str) -> Result<NonZero<usize>, String> {
    match text.parse::<NonZero<usize>>() {
        Ok(number) if number.get() <= MOST_THREADS => Ok(number),
        Ok(_) | Err(_) => Err(format!("expected a whole number from 1 to {MOST_THREADS}")),
    }
}

/// `1 cell`, `3 cells`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
