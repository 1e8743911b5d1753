//! Cells that were trained anew, held against a committed report.

use std::path::Path;

use serde::Serialize;
use statistics::{ConfidenceLevel, largest_share_unseen};
use trainer::Measurement;
use trainer::random_stream::{Purpose, Stream};
use trainer::run::read_metrics;

use super::lock::StudyLock;
use crate::cell::{Cell, distinct};
use crate::collect::Collected;
use crate::error::Result;
use crate::tables::{ConfusionRow, EpochRow, OptionalTable, Row, RunKey, StepRow, Study};

/// A cell that was trained anew.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrained {
    /// The place of the cell in its study.
    pub at: usize,
    /// The fingerprint in the lock; none if the lock does not have the cell.
    pub expected: Option<String>,
    /// The fingerprint of the new training.
    pub found: Option<String>,
    /// Where the tables of the report differ from the new training first.
    pub difference: Option<Difference>,
}

impl Retrained {
    /// Whether the training gave what the report has.
    pub fn is_equal(&self) -> bool {
        self.found.is_some() && self.found == self.expected && self.difference.is_none()
    }
}

/// Where a table of the report differs from a training. Numbers are NaN where there is no row.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// In the mean over these steps, counted from 0.
    Steps {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
        /// The mean training loss in the report.
        reported: f64,
        /// That of the new training.
        found: f64,
    },
    /// After this epoch, counted from 1.
    Epoch {
        /// The epoch.
        epoch: u64,
        /// The validation loss in the report.
        reported: f64,
        /// That of the new training.
        found: f64,
    },
    /// In the row of the run, such as in its results on the test images.
    Run,
    /// In a table that not every study has.
    Table {
        /// Its file.
        file: &'static str,
    },
}

/// At most this share of all cells comes out otherwise than in the report.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bound {
    /// The share; 0 if every cell was trained anew.
    pub share: f64,
    /// How often such a statement holds; 1 if every cell was trained anew.
    pub confidence: f64,
}

impl Bound {
    /// What it says of all cells that so many, drawn at random, were equal and none was not.
    pub fn of(equal: usize, all: usize) -> Self {
        if equal >= all {
            return Self { share: 0.0, confidence: 1.0 };
        }
        let level = ConfidenceLevel::PERCENT_95;
        let others = (all - equal) as f64 / all as f64;
        let share = largest_share_unseen(equal as u64, level).min(others);
        Self { share, confidence: level.share() }
    }
}

/// So many of the cells of a study, each once, drawn with equal chances for every set of them. The places
/// are in ascending order.
pub fn drawn(cells: &[Cell], count: usize, seed: u64) -> Vec<usize> {
    let mut places = distinct(cells, 0..cells.len());
    Stream::new(seed, Purpose::Audit, 0).shuffle(&mut places);
    places.truncate(count);
    places.sort_unstable();
    places
}

/// What trainings anew gave beside a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The cells that were trained.
    pub cells: Vec<Retrained>,
    /// The tables over several seeds that differ. They follow from all cells together, and are held
    /// against each other if every cell was trained.
    pub tables: Vec<&'static str>,
}

/// Holds the cells at these places, which were `trained` anew, against the lock and the tables of their
/// report.
pub fn compare(
    cells: &[Cell],
    places: &[usize],
    lock: &StudyLock,
    reported: &Study,
    trained: &Collected,
) -> Compared {
    let of = |&at: &usize| {
        let cell = &cells[at];
        let (id, epochs) = (&cell.id, cell.run.epochs);
        let locked = lock.cells.iter().find(|it| it.cell == *id && it.epochs == epochs);
        let prints = &trained.fingerprints;
        let found = prints.iter().find(|it| it.cell == *id && it.epochs == epochs);
        // Several arms may have the cell, and each has rows of its own.
        let arms = cells.iter().filter(|it| it.id == *id && it.run.epochs == epochs);
        Retrained {
            at,
            expected: locked.map(|locked| locked.fingerprint.clone()),
            found: found.and_then(|found| found.fingerprint.clone()),
            difference: arms
                .filter_map(|cell| first_difference(reported, &trained.study, &cell.key))
                .next(),
        }
    };
    let mut tables = Vec::new();
    if places.len() == distinct(cells, 0..cells.len()).len() {
        let (one, other) = (reported, &trained.study);
        let differ = [(ConfusionRow::FILE, one.confusion != other.confusion)];
        let optional = OptionalTable::of(&reported.config)
            .map(|table| (table.file, (table.differs_over_seeds)(&one.optional, &other.optional)));
        tables.extend(
            differ
                .into_iter()
                .chain(optional)
                .filter(|(_, differs)| *differs)
                .map(|(file, _)| file),
        );
    }
    Compared { cells: places.iter().map(of).collect(), tables }
}

/// Where two tables of this run differ first.
fn first_difference(reported: &Study, found: &Study, key: &RunKey) -> Option<Difference> {
    let steps = [reported, found].map(|study| study.steps.iter().filter(|row| row.key == *key));
    if let Some((before, [one, other])) = first_unequal(steps) {
        let loss = |row: Option<&StepRow>| row.map_or(f64::NAN, |row| row.loss);
        let last = other.or(one).map_or(0, |row| row.step);
        let first = before.map_or(0, |row| row.step + 1);
        return Some(Difference::Steps { first, last, reported: loss(one), found: loss(other) });
    }
    let epochs = [reported, found].map(|study| study.epochs.iter().filter(|row| row.key == *key));
    if let Some((_, [one, other])) = first_unequal(epochs) {
        let loss = |row: Option<&EpochRow>| row.map_or(f64::NAN, |row| row.val_loss);
        let epoch = other.or(one).map_or(0, |row| row.epoch);
        return Some(Difference::Epoch { epoch, reported: loss(one), found: loss(other) });
    }
    let run = |study: &Study| study.runs.iter().find(|row| row.key == *key).cloned();
    if run(reported) != run(found) {
        return Some(Difference::Run);
    }
    OptionalTable::of(&reported.config)
        .find(|table| (table.differs_in_run)(&reported.optional, &found.optional, key))
        .map(|table| Difference::Table { file: table.file })
}

/// The first rows of two tables that differ, none where a table has ended, and the one before them.
fn first_unequal<'a, R: PartialEq>(
    [mut one, mut other]: [impl Iterator<Item = &'a R>; 2],
) -> Option<(Option<&'a R>, [Option<&'a R>; 2])> {
    let mut before = None;
    loop {
        let rows = [one.next(), other.next()];
        if rows[0] != rows[1] {
            return Some((before, rows));
        }
        before = Some(rows[0]?);
    }
}

/// The first step in which the logs of two trainings in these folders differ, with what each measured
/// there; none if one has all that the other has.
///
/// # Errors
///
/// Logs that cannot be read.
pub fn first_differing_step(
    one: &Path,
    other: &Path,
) -> Result<Option<(Measurement, Measurement)>> {
    let (one, other) = (read_metrics(one)?, read_metrics(other)?);
    Ok(one.into_iter().zip(other).find(|(one, other)| one != other))
}
