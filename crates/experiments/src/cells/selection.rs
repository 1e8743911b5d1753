//! Which cells are to be removed.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use study::shipped::shipped;
use study::store::Store;
use study::stored::StoredCell;
use terminal::workspace::relative;
use trainer::run::CellId;

use super::users::{CellsOfStudy, Users};
use crate::study_argument::find;

/// The fewest digits that name a cell.
const FEWEST_DIGITS: usize = 4;

/// What is to be removed.
pub(super) struct Wanted {
    hashes: Vec<String>,
    names: Vec<String>,
    /// The cells of the studies with these names.
    studies: Vec<CellsOfStudy>,
    /// Whether all cells go that no study uses.
    unused: bool,
    /// Whether the cells of the studies go that others use.
    shared: bool,
}

/// The cells that are to be removed, and those that are not.
pub(super) struct Selection<'a> {
    pub(super) selected: Vec<&'a StoredCell>,
    /// Those of the named studies that stay, for other studies.
    pub(super) shared: Vec<&'a StoredCell>,
}

impl Wanted {
    pub(super) fn new(named: &[String], unused: bool, shared: bool) -> Result<Self> {
        let (hashes, names): (Vec<String>, Vec<String>) =
            named.iter().cloned().partition(|name| is_hash(name));
        let of = |name: &String| CellsOfStudy::of(&find(Some(name))?);
        let studies = names.iter().map(of).collect::<Result<_>>()?;
        Ok(Self { hashes, names, studies, unused, shared })
    }

    /// Whether what goes depends on which studies there are.
    pub(super) fn depends_on_users(&self) -> bool {
        self.unused || !(self.shared || self.studies.is_empty())
    }

    /// The studies that are named.
    pub(super) fn studies(&self) -> &[CellsOfStudy] {
        &self.studies
    }

    pub(super) fn select<'a>(
        &self,
        store: &Store,
        cells: &'a [StoredCell],
        users: &Users,
    ) -> Result<Selection<'a>> {
        let mut selected: BTreeSet<&CellId> = BTreeSet::new();
        let mut shared: BTreeSet<&CellId> = BTreeSet::new();
        if self.unused {
            selected.extend(cells.iter().filter(|cell| !users.use_it(cell)).map(|cell| &cell.id));
        }
        let none_of = |name: &str| {
            anyhow!("{name}: found no cell of it in {}", relative(store.path()).display())
        };
        for (name, study) in self.names.iter().zip(&self.studies) {
            let of_study: Vec<_> = cells.iter().filter(|cell| study.have(&cell.id)).collect();
            if of_study.is_empty() {
                return Err(none_of(name));
            }
            for cell in of_study {
                let stays = !self.shared && users.others_use(cell, &self.studies);
                if stays { &mut shared } else { &mut selected }.insert(&cell.id);
            }
        }
        for hash in &self.hashes {
            let is_named = |cell: &&StoredCell| cell.id.as_str().starts_with(hash.as_str());
            let found: BTreeSet<_> = cells.iter().filter(is_named).map(|cell| &cell.id).collect();
            match found.len() {
                0 => return Err(none_of(hash)),
                1 => selected.extend(found),
                several => {
                    bail!("found {several} cells that begin with {hash}; give more digits")
                }
            }
        }
        // What is named by its hash goes.
        shared.retain(|id| !selected.contains(id));
        let those = |ids: &BTreeSet<&CellId>| {
            cells.iter().filter(|cell| ids.contains(&cell.id)).collect::<Vec<_>>()
        };
        Ok(Selection { selected: those(&selected), shared: those(&shared) })
    }
}

/// Whether this names a cell, and no study.
fn is_hash(name: &str) -> bool {
    name.len() >= FEWEST_DIGITS
        && name.bytes().all(|digit| digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase())
        && shipped(name).is_none()
        && !Path::new(name).exists()
}
