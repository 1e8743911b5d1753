//! The audit of a report: what it was made of, whether its files still are what was made, and whether its
//! cells give the same again.
//!
//! [`StudyLock`] lies beside each report. [`check()`] holds it against the files, without data;
//! [`compare()`] holds it, and the tables, against cells that were trained anew. A few cells, drawn at
//! random, bound how many of all can be wrong: [`statistics::largest_share_unseen`].

mod check;
mod fault;
mod lock;
mod retrained;

pub use crate::sha256::sha256;

pub use check::{Checked, check, of_tables};
pub use fault::Fault;
pub use lock::{LOCK_FILE, LockedCell, Program, StudyLock, with_lock};
pub use retrained::{Bound, Compared, Difference, Retrained, compare, drawn, first_differing_step};

#[cfg(test)]
mod tests;
