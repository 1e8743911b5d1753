//! Grades implementations of spatial batch normalisation.
//!
//! The flow goes one way: fixtures → case → submission → outputs → checks → verdicts → diagnosis →
//! grading → transcript. Modules import in the same direction: [`tensor`] and [`npy`] know nothing of
//! the others; then come [`fixture`], [`hand_in`], [`submission`], [`verdict`], [`compare`], [`report`],
//! [`diagnosis`], [`check`], [`rubric`], [`grading`], [`export`] and [`class`].
//!
//! The crate prints nothing, and starts untrusted programs only through `isolation`. `README.md`
//! describes the protocol for programs.

pub mod check;
pub mod class;
pub mod compare;
pub mod diagnosis;
pub mod export;
pub mod fixture;
pub mod grading;
pub mod hand_in;
pub mod messages;
pub mod npy;
mod replace;
pub mod report;
pub mod rubric;
pub mod self_check;
mod stream;
pub mod submission;
pub mod tensor;
pub mod verdict;
