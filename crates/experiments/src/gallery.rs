//! The gallery of the committed studies: two pages in `reports/`, made again whenever one of its studies is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use study::folder::is_finished;
use study::report::{folders_in, gallery};
use study::tables::Study;
use terminal::output::{replace_file, say};
use terminal::workspace::{self, relative};

/// The pages, if one of these folders is a study right below `reports/`.
pub(crate) fn of<'a>(
    studies: impl IntoIterator<Item = &'a Path>,
) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let reports = workspace::reports()?;
    let Ok(whole) = reports.canonicalize() else { return Ok(Vec::new()) };
    let is_in_it = |study: &Path| {
        study.canonicalize().is_ok_and(|study| study.parent() == Some(whole.as_path()))
    };
    if !studies.into_iter().any(is_in_it) {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for folder in folders_in(&reports)?.into_iter().filter(|folder| is_finished(folder)) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let study = Study::read(&folder).context("the gallery in reports/ cannot be made")?;
        all.push((name, study));
    }
    Ok(gallery(&all)?.into_iter().map(|(file, bytes)| (reports.join(file), bytes)).collect())
}

/// Writes these pages.
pub(crate) fn write(pages: Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    for (path, bytes) in pages {
        replace_file(&path, &bytes)?;
        say(format_args!("wrote {}", relative(&path).display()))?;
    }
    Ok(())
}
