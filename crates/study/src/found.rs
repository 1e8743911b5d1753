//! What there is of each cell, in the store and in copies of stores from elsewhere, merged by what the
//! cells are.

use std::path::{Path, PathBuf};

use trainer::run::read_distributions;

use crate::cell::Cell;
use crate::error::{Result, StudyError};
use crate::store::{State, Store};

/// What there is of a cell.
#[derive(Debug, Clone)]
pub struct Found {
    /// How far it is.
    pub state: State,
    /// Its folder, which need not exist.
    pub(crate) folder: PathBuf,
    /// Whether the folder is in the store, so that more may be written into it.
    pub(crate) is_in_store: bool,
}

/// What there is of a cell: in the store, else in one of the others. Of several complete copies it is the
/// first that was tested on these images.
///
/// # Errors
///
/// A folder that cannot be read, and two copies that have different results.
pub(crate) fn find(
    cell: &Cell,
    store: &Store,
    others: &[Store],
    tested_on: &[usize],
) -> Result<Found> {
    let folder = store.folder(cell)?;
    let own = Found { state: State::of(cell, &folder)?, folder, is_in_store: true };
    let mut found = vec![own];
    for other in others {
        for folder in other.copies(&cell.id)? {
            if found.iter().all(|known| !are_one(&known.folder, folder)) {
                let (state, folder) = (State::of(cell, folder)?, folder.clone());
                found.push(Found { state, folder, is_in_store: false });
            }
        }
    }
    let complete: Vec<&Found> = found.iter().filter(|found| found.state.is_complete()).collect();
    if let [first, rest @ ..] = complete.as_slice() {
        for other in rest {
            expect_same(cell, first, other, tested_on)?;
        }
    }
    let is_tested =
        |found: &&&Found| matches!(cell.run.tested(tested_on, &found.folder), Ok(Some(_)));
    let best = match complete.as_slice() {
        [] | [_] => complete.first(),
        several => several.iter().find(is_tested).or(several.first()),
    };
    Ok(best.map_or_else(|| found[0].clone(), |best| (*best).clone()))
}

fn are_one(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
}

/// Refuses two copies of a cell whose results differ, as far as a study reports them.
fn expect_same(cell: &Cell, one: &Found, other: &Found, tested_on: &[usize]) -> Result<()> {
    let end = match one.state {
        State::Diverged { step } => step,
        State::Missing | State::Begun { .. } | State::Trained => cell.key.arm.steps(),
    };
    let results = |found: &Found| {
        let mut metrics = cell.run.measurements(&found.folder)?;
        metrics.retain(|row| row.step < end);
        let mut distributions = read_distributions(&found.folder)?;
        distributions.retain(|row| row.step < end);
        let shift = match cell.measures_variance_shift && one.state == State::Trained {
            true => cell.run.measured_variance_shift(&found.folder)?,
            false => None,
        };
        Ok::<_, StudyError>((metrics, distributions, shift))
    };
    let tests = [one, other].map(|found| cell.run.tested(tested_on, &found.folder));
    let [of_one, of_other] = tests;
    let tests_agree = match (of_one?, of_other?) {
        (Some(one), Some(other)) => one == other,
        (Some(_) | None, Some(_) | None) => true,
    };
    if one.state == other.state && tests_agree && results(one)? == results(other)? {
        return Ok(());
    }
    Err(StudyError::Folder {
        path: other.folder.clone(),
        fault: format!(
            ": found other results of the cell {} than in {}, expected the same; take away the copy that \
             is wrong",
            cell.id.short(),
            one.folder.display()
        ),
    })
}
