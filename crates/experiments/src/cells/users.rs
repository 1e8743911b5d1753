//! Which studies use a cell: those that come with the workspace, and those that have a folder in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use study::cell::{Cell, cells};
use study::config::{CONFIG_FILE, StudyConfig};
use study::error::StudyError;
use study::report::studies_below;
use study::shipped::SHIPPED;
use study::store::Store;
use study::stored::StoredCell;
use terminal::workspace::{self, relative};
use trainer::dataset::DataSet;
use trainer::run::CellId;

use crate::study_argument::{NamedStudy, find};

/// The known studies.
pub(super) struct Users {
    studies: Vec<User>,
    /// What is wrong with those that cannot be read.
    unreadable: Vec<String>,
}

struct User {
    /// Its name, its folder or its file.
    name: String,
    cells: CellsOfStudy,
    /// Its file in the store, if it is there because it is begun.
    begun: Option<PathBuf>,
}

impl Users {
    pub(super) fn find(store: &Store) -> Result<Self> {
        let mut studies = Vec::new();
        for study in SHIPPED {
            let cells = CellsOfStudy::of(&find(Some(study.name))?)?;
            studies.push(User { name: study.name.to_owned(), cells, begun: None });
        }
        let mut unreadable = Vec::new();
        let folders = match studies_below(&[workspace::runs()?, workspace::reports()?]) {
            Err(StudyError::NoStudy { .. }) => Vec::new(),
            found => found?,
        };
        let of_folders = folders.into_iter().map(|folder| {
            let file = folder.join(CONFIG_FILE);
            (folder, file, false)
        });
        let begun = store.begun()?.into_iter().map(|file| (file.clone(), file, true));
        for (named, file, is_begun) in of_folders.chain(begun) {
            let text = files::read_text(&file).map_err(|error| error.to_string());
            let found = text.and_then(|text| StudyConfig::read(&text));
            match found.and_then(|config| cells(&config).map_err(|error| error.to_string())) {
                Ok(cells) => {
                    let name = relative(&named).display().to_string();
                    let cells = CellsOfStudy(vec![ids(cells)]);
                    studies.push(User { name, cells, begun: is_begun.then_some(file) });
                }
                Err(fault) => unreadable.push(format!("{}: {fault}", relative(&file).display())),
            }
        }
        Ok(Self { studies, unreadable })
    }

    /// What is wrong with the studies that cannot be read.
    pub(super) fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    pub(super) fn use_it(&self, cell: &StoredCell) -> bool {
        self.studies.iter().any(|study| study.cells.have(&cell.id))
    }

    /// Whether a study uses this cell that is not among the named ones.
    pub(super) fn others_use(&self, cell: &StoredCell, named: &[CellsOfStudy]) -> bool {
        self.others(named).any(|study| study.cells.have(&cell.id))
    }

    /// The files in the store of those named studies that are begun.
    pub(super) fn begun_among<'a>(
        &'a self,
        named: &'a [CellsOfStudy],
    ) -> impl Iterator<Item = &'a Path> {
        let those = self.studies.iter().filter(|study| study.is_among(named));
        those.filter_map(|study| study.begun.as_deref())
    }

    fn others<'a>(&'a self, named: &'a [CellsOfStudy]) -> impl Iterator<Item = &'a User> {
        self.studies.iter().filter(|study| !study.is_among(named))
    }

    /// Which studies use one of these cells, after a colon.
    pub(super) fn sentence(&self, cells: &[&StoredCell]) -> String {
        let names = using(self.studies.iter(), cells);
        if names.is_empty() {
            return ": used by no study".to_owned();
        }
        let unused = cells.iter().filter(|cell| !self.use_it(cell)).count();
        let but = if unused > 0 { format!(", {unused} by none") } else { String::new() };
        format!(": used by {}{but}", names.join(", "))
    }

    /// The same of the studies that are not among the named ones.
    pub(super) fn sentence_of_others(
        &self,
        cells: &[&StoredCell],
        named: &[CellsOfStudy],
    ) -> String {
        format!(": used by {}", using(self.others(named), cells).join(", "))
    }
}

impl User {
    fn is_among(&self, named: &[CellsOfStudy]) -> bool {
        self.cells.0.iter().any(|cells| named.iter().any(|study| study.are(cells)))
    }
}

/// The names of the studies that use one of these cells.
fn using<'a>(studies: impl Iterator<Item = &'a User>, cells: &[&StoredCell]) -> Vec<&'a str> {
    let using = studies.filter(|study| cells.iter().any(|cell| study.cells.have(&cell.id)));
    using.map(|study| study.name.as_str()).collect()
}

/// The cells of a study, with each data set that it can get.
pub(super) struct CellsOfStudy(Vec<BTreeSet<CellId>>);

impl CellsOfStudy {
    pub(super) fn of(study: &NamedStudy) -> Result<Self> {
        let data_sets = match study.file.data_sets().first() {
            Some(first) => vec![*first],
            None => DataSet::ALL.to_vec(),
        };
        let of = |data_set| Ok(ids(cells(&study.config(study.file.clone(), data_set)?)?));
        Ok(Self(data_sets.into_iter().map(of).collect::<Result<_>>()?))
    }

    pub(super) fn have(&self, id: &CellId) -> bool {
        self.0.iter().any(|cells| cells.contains(id))
    }

    /// Whether a study has these cells and no others, with one of the data sets.
    fn are(&self, cells: &BTreeSet<CellId>) -> bool {
        self.0.contains(cells)
    }
}

fn ids(cells: Vec<Cell>) -> BTreeSet<CellId> {
    cells.into_iter().map(|cell| cell.id).collect()
}
