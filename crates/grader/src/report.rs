//! A report: every verdict on one submission, suite by suite.

use serde::Serialize;

use crate::verdict::Verdict;

/// Every verdict on one submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The submission's name.
    pub target: String,
    /// The suites, in order.
    pub suites: Vec<Suite>,
}

impl Report {
    /// The verdicts of all suites, in order.
    pub fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.suites.iter().flat_map(|suite| &suite.verdicts)
    }

    /// Whether every check of every suite passed, and there was at least one.
    pub fn all_passed(&self) -> bool {
        self.verdicts().next().is_some() && self.verdicts().all(Verdict::is_well)
    }
}

/// Where a check is found: its case, and its name among the checks of that case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckId {
    /// The case.
    pub case: String,
    /// The check.
    pub check: String,
}

/// One suite's verdicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    /// Which suite.
    pub name: SuiteName,
    /// Its verdicts, in the order of the checks.
    pub verdicts: Vec<Verdict>,
    /// Cases that were not asked, counted by reason in the order of first appearance.
    pub not_asked: Vec<NotAsked>,
}

impl Suite {
    pub(crate) fn new(name: SuiteName) -> Self {
        Self { name, verdicts: Vec::new(), not_asked: Vec::new() }
    }

    /// Counts a case that the submission declined.
    pub(crate) fn not_asked(&mut self, reason: &str) {
        match self.not_asked.iter_mut().find(|known| known.reason == reason) {
            Some(known) => known.cases += 1,
            None => self.not_asked.push(NotAsked { reason: reason.to_owned(), cases: 1 }),
        }
    }

    /// Whether no case was there to be asked.
    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty() && self.not_asked.is_empty()
    }

    /// The number of checks passed, notes included.
    pub fn passed(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.is_well()).count()
    }
}

/// The name of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SuiteName {
    /// The notebook's own tests, by its own criteria.
    Notebook,
    /// Every value of every reference case.
    Reference,
    /// What calls may not do beside computing: to their arguments, to each other, to shapes and
    /// types.
    Behaviour,
    /// Every value of inputs drawn from a seed, answered by the kernels.
    Random,
}

impl SuiteName {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notebook => "notebook",
            Self::Reference => "reference",
            Self::Behaviour => "behaviour",
            Self::Random => "random",
        }
    }
}

/// Cases that a submission was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAsked {
    /// Why not.
    pub reason: String,
    /// How many cases.
    pub cases: usize,
}
