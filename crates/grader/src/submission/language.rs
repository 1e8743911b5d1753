//! The language that a submission is written in, for hints that name its functions.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Rust with ndarray.
    Rust,
    /// Python with NumPy.
    Python,
}
