//! Which studies use a cell: those that come with the workspace, and those that have a folder in it.

use std::collections::BTreeSet;

use anyhow::Result;
use study::cell::cells;
use study::config::{CONFIG_FILE, StudyConfig};
use study::error::StudyError;
use study::report::studies_below;
use study::shipped::SHIPPED;
use study::stored::StoredCell;
use terminal::workspace::{self, relative};
use trainer::dataset::DataSet;
use trainer::run::CellId;

use crate::experiment::study_argument::{NamedStudy, find};

/// The known studies.
pub(super) struct Users {
    /// Each by its name or its folder, with its cells.
    studies: Vec<(String, BTreeSet<CellId>)>,
    /// What is wrong with those that cannot be read.
    unreadable: Vec<String>,
}

impl Users {
    pub(super) fn find() -> Result<Self> {
        let mut studies = Vec::new();
        for study in SHIPPED {
            studies.push((study.name.to_owned(), ids(&find(Some(study.name))?)?));
        }
        let mut unreadable = Vec::new();
        let folders = match studies_below(&[workspace::runs()?, workspace::reports()?]) {
            Err(StudyError::NoStudy { .. }) => Vec::new(),
            found => found?,
        };
        for folder in folders {
            let path = folder.join(CONFIG_FILE);
            let text = files::read_text(&path).map_err(|error| error.to_string());
            let found = text.and_then(|text| StudyConfig::read(&text));
            match found.and_then(|config| cells(&config).map_err(|error| error.to_string())) {
                Ok(cells) => {
                    let ids = cells.into_iter().map(|cell| cell.id).collect();
                    studies.push((relative(&folder).display().to_string(), ids));
                }
                Err(fault) => unreadable.push(format!("{}: {fault}", relative(&path).display())),
            }
        }
        Ok(Self { studies, unreadable })
    }

    /// What is wrong with the studies that cannot be read.
    pub(super) fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    pub(super) fn use_it(&self, cell: &StoredCell) -> bool {
        self.studies.iter().any(|(_, cells)| cells.contains(&cell.id))
    }

    /// Which studies use one of these cells, after a colon.
    pub(super) fn sentence(&self, cells: &[&StoredCell]) -> String {
        let uses = |ids: &BTreeSet<CellId>| cells.iter().any(|cell| ids.contains(&cell.id));
        let using = self.studies.iter().filter(|(_, ids)| uses(ids));
        let names: Vec<&str> = using.map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            return ": used by no study".to_owned();
        }
        let unused = cells.iter().filter(|cell| !self.use_it(cell)).count();
        let but = if unused > 0 { format!(", {unused} by none") } else { String::new() };
        format!(": used by {}{but}", names.join(", "))
    }
}

/// The cells of a study, with every data set that it can get.
pub(super) fn ids(study: &NamedStudy) -> Result<BTreeSet<CellId>> {
    let data_sets = match study.file.data_sets().first() {
        Some(first) => vec![*first],
        None => DataSet::ALL.to_vec(),
    };
    let mut ids = BTreeSet::new();
    for data_set in data_sets {
        let config = study.config(study.file.clone(), data_set)?;
        ids.extend(cells(&config)?.into_iter().map(|cell| cell.id));
    }
    Ok(ids)
}
