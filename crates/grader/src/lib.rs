//! Grades implementations of spatial batch normalisation.
//!
//! One way, without a step back: fixtures → case → submission → outputs → checks → verdicts →
//! transcript. The crate prints nothing, and starts strangers' programs only through `isolation`.
//! `README.md` describes the protocol for them.

pub mod check;
pub mod diagnosis;
pub mod export;
pub mod fixture;
pub mod npy;
mod random;
pub mod rubric;
pub mod submission;
pub mod tensor;
pub mod verdict;
