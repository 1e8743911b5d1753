//! Which cells are to be removed.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use study::shipped::shipped;
use study::store::Store;
use study::stored::StoredCell;
use terminal::workspace::relative;
use trainer::run::CellId;

use super::users::{Users, ids};
use crate::experiment::study_argument::find;

/// The fewest digits that name a cell.
const FEWEST_DIGITS: usize = 4;

/// The cells of these studies and with these hashes, and those that no study uses.
pub(super) fn select<'a>(
    named: &[String],
    unused: bool,
    store: &Store,
    cells: &'a [StoredCell],
    users: &Users,
) -> Result<Vec<&'a StoredCell>> {
    let mut selected: BTreeSet<&CellId> = BTreeSet::new();
    if unused {
        selected.extend(cells.iter().filter(|cell| !users.use_it(cell)).map(|cell| &cell.id));
    }
    for name in named {
        let found: BTreeSet<&CellId> = if is_hash(name) {
            let is_named = |cell: &&StoredCell| cell.id.as_str().starts_with(name.as_str());
            cells.iter().filter(is_named).map(|cell| &cell.id).collect()
        } else {
            let of_study = ids(&find(Some(name))?)?;
            cells.iter().map(|cell| &cell.id).filter(|id| of_study.contains(id)).collect()
        };
        match found.len() {
            0 => bail!("{name}: found no cell of it in {}", relative(store.path()).display()),
            several if several > 1 && is_hash(name) => {
                bail!("found {several} cells that begin with {name}; give more digits")
            }
            _ => selected.extend(found),
        }
    }
    Ok(cells.iter().filter(|cell| selected.contains(&cell.id)).collect())
}

/// Whether this names a cell, and no study.
fn is_hash(name: &str) -> bool {
    name.len() >= FEWEST_DIGITS
        && name.bytes().all(|digit| digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase())
        && shipped(name).is_none()
        && !Path::new(name).exists()
}
