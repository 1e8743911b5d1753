//! The gallery of the committed studies: two pages in `reports/`, and the metadata of all that lies there.
//! They are made again whenever a report is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use study::folder::{is_finished, listed};
use study::report::{folders_in, gallery};
use study::ro_crate::{Citation, CrateFile, CratePart, METADATA_FILE, metadata};
use study::tables::Study;
use terminal::output::{replace_file, say};
use terminal::workspace::{self, relative};

/// The file that says how to cite this workspace, at its root.
const CITATION_FILE: &str = "CITATION.cff";

/// The folder of the measurements of speed.
const BENCH: &str = "bench";

/// What there is to write.
pub(crate) struct Gallery {
    reports: PathBuf,
    citation: Citation,
    /// By the names of their folders.
    studies: Vec<(String, Study)>,
    /// By their names in `reports`.
    pages: Vec<(PathBuf, Vec<u8>)>,
}

/// The gallery, if one of these folders lies right below `reports/`.
pub(crate) fn of<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Result<Option<Gallery>> {
    let reports = workspace::reports()?;
    let Ok(whole) = reports.canonicalize() else { return Ok(None) };
    let is_in_it = |folder: &Path| {
        folder.canonicalize().is_ok_and(|folder| folder.parent() == Some(whole.as_path()))
    };
    if !folders.into_iter().any(is_in_it) {
        return Ok(None);
    }
    let citation = Citation::read(&workspace::root()?.join(CITATION_FILE))?;
    let mut studies = Vec::new();
    for folder in folders_in(&reports)?.into_iter().filter(|folder| is_finished(folder)) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let study = Study::read(&folder).context("the gallery in reports/ cannot be made")?;
        studies.push((name, study));
    }
    let pages = gallery(&studies)?;
    Ok(Some(Gallery { reports, citation, studies, pages }))
}

/// Writes it, after every other file: the metadata has the sizes of all of them.
pub(crate) fn write(gallery: Option<Gallery>) -> Result<()> {
    let Some(gallery) = gallery else { return Ok(()) };
    for (file, bytes) in &gallery.pages {
        gallery.replace(file, bytes)?;
    }
    gallery.replace(Path::new(METADATA_FILE), &gallery.metadata()?)
}

impl Gallery {
    fn replace(&self, file: &Path, bytes: &[u8]) -> Result<()> {
        let path = self.reports.join(file);
        replace_file(&path, bytes)?;
        say(format_args!("wrote {}", relative(&path).display()))
    }

    fn metadata(&self) -> Result<Vec<u8>> {
        let page = |(file, bytes): &(PathBuf, Vec<u8>)| CrateFile {
            path: file.display().to_string(),
            name: file.display().to_string(),
            description: "Each study with its question and its answer.".to_owned(),
            bytes: bytes.len() as u64,
        };
        let pages: Vec<CrateFile> = self.pages.iter().map(page).collect();
        let mut parts = Vec::new();
        for (folder, study) in &self.studies {
            parts.push(CratePart::of_study(folder, study, &listed(&self.reports.join(folder))?)?);
        }
        parts.extend(self.bench());
        Ok(metadata(&self.citation, &pages, &parts)?)
    }

    /// The measurements of speed, where there are some.
    fn bench(&self) -> Option<CratePart> {
        let file = |(name, description): &(&str, &str)| {
            let path = format!("{BENCH}/{name}");
            let bytes = self.reports.join(&path).metadata().ok()?.len();
            let (name, description) = ((*name).to_owned(), (*description).to_owned());
            Some(CrateFile { path, name, description, bytes })
        };
        let files: Vec<CrateFile> = bench::FILES.iter().filter_map(file).collect();
        (!files.is_empty()).then(|| CratePart {
            folder: BENCH.to_owned(),
            name: bench::TITLE.to_owned(),
            description:
                "How fast kernels and trainings are, how much memory they take and which bits they \
                          give, on one machine. `cargo xtask bench --against torch` measures it."
                    .to_owned(),
            files,
            made_of: None,
        })
    }
}
