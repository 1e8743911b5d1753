//! Why a rubric cannot be used.

use std::io;

use thiserror::Error;

/// Why a rubric cannot be used. Each message names the file and the field, what was found, and what
/// was expected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RubricError {
    /// The operating system refused.
    #[error("{file}: the rubric cannot be read")]
    Io {
        /// The file.
        file: String,
        /// Why not.
        source: io::Error,
    },

    /// It is not TOML, or has other fields than a rubric has.
    #[error("{file}: {problem}; crates/grader/README.md tells the fields of a rubric")]
    Toml {
        /// The file.
        file: String,
        /// The line, and the parser's own words.
        problem: String,
    },

    /// A field has a value that it cannot have.
    #[error("{file}: {field}: found {found}, expected {expected}")]
    Field {
        /// The file.
        file: String,
        /// The field, as in `entry 2 (gradients): points`.
        field: String,
        /// Its value.
        found: String,
        /// What it can be.
        expected: &'static str,
    },
}
