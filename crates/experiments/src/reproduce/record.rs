//! `reproduction.json`: which cells of a report were trained anew, and what came out.

use bench::Machine;
use serde::Serialize;
use study::audit::{Bound, Program};

/// The file, in the folder of an audit.
pub(super) const FILE: &str = "reproduction.json";

/// An audit of a report.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    /// The title of the study.
    pub(super) study: String,
    /// The folder of the report.
    pub(super) folder: String,
    /// The SHA-256 of the report's lock.
    pub(super) lock: String,
    /// The names of the numbers that its networks compute.
    pub(super) numerics: Vec<String>,
    /// The cells of the study.
    pub(super) cells_of_study: usize,
    /// The seed that the cells were drawn by.
    pub(super) draw: u64,
    /// Whether somebody chose this seed. The bound holds for a draw that did not depend on the report.
    pub(super) draw_is_given: bool,
    /// How many were equal.
    pub(super) equal: usize,
    /// What this says of all cells, if every one was equal.
    pub(super) bound: Option<Bound>,
    /// The cells that were trained anew.
    pub(super) cells: Vec<CellRecord>,
    /// Pages and figures of the report that its tables do not give, and tables over several seeds that the
    /// cells do not give; the latter are held against each other if every cell was trained.
    pub(super) files_that_differ: Vec<String>,
    /// The program that trained them.
    pub(super) program: Program,
    /// The machine.
    pub(super) machine: Machine,
}

/// A cell that was trained anew.
#[derive(Debug, Serialize)]
pub(super) struct CellRecord {
    /// Its hash.
    pub(super) cell: String,
    /// Its arm and its seed.
    pub(super) run: String,
    /// The fingerprint in the lock.
    pub(super) expected: Option<String>,
    /// The fingerprint of the new training.
    pub(super) found: Option<String>,
    /// Whether fingerprint and tables are the same.
    pub(super) is_equal: bool,
    /// Where they differ first.
    pub(super) difference: Option<String>,
}
