//! How fast kernels and trainings are, how much memory they take, and which bits they give: beside
//! what this machine can do at best, and beside PyTorch.
//!
//! [`measure()`] takes [`Options`] and gives [`Results`]. The path of a measurement: `work` says
//! what is done; `ours` does it here and `peer` has PyTorch do it, in turn, which is `turns`; `ceiling`
//! measures what is possible; `goals` compares all of these. `study_work` measures a whole study, and
//! `race` the time to an accuracy. `peer.py` has the list of PyTorch's settings. `child` measures what needs a process of its own: a
//! peak of memory, an environment. Results become a text, a page, a figure and `bench.json`.
//!
//! The crate prints nothing, reads no arguments and chooses no exit code. It starts processes: the
//! caller's own [`Program`], and a Python interpreter that the caller names.

mod bits;
mod ceiling;
mod child;
mod error;
mod figure;
mod goals;
mod machine;
mod measure;
mod options;
mod ours;
mod peer;
mod process;
mod race;
mod report;
mod results;
mod stopwatch;
mod study_work;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod turns;
mod work;

pub use bits::bits_table;
pub use child::{Program, answer};
pub use error::BenchError;
pub use machine::Machine;
pub use measure::measure;
pub use options::{Extent, Options, Studies, StudyCommand, StudyData};
pub use report::{FILES, TITLE};
pub use results::Results;
