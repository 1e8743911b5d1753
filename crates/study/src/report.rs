//! The report of a study: its figures and its pages, from its tables alone.

mod captions;
mod document;
mod findings;
mod html;
mod markdown;
mod particulars;
mod published_figures;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::statistics::summary;
use crate::tables::{CONFIG_FILE, Study, csv_of};

use document::{Block, Document};

/// The page to open.
pub const PAGE: &str = "index.html";

const TEXT: &str = "README.md";
const SUMMARY: &str = "summary.csv";

/// The files of a report beside its figures.
pub const FILES: &[&str] = &[PAGE, TEXT, SUMMARY];

/// The figures that a report can have, each as SVG and PNG in `figures/`.
const FIGURES: [&str; 8] = [
    "accuracy_by_step",
    "activation_percentiles",
    "batch_norm_parameters",
    "confusion_matrix",
    "normalized_axes",
    "training_loss",
    "validation_accuracy",
    "validation_loss",
];

/// The files of all figures that a report can have.
pub fn figure_files() -> impl Iterator<Item = PathBuf> {
    FIGURES.into_iter().flat_map(|name| {
        ["svg", "png"].map(|extension| Path::new("figures").join(name).with_extension(extension))
    })
}

/// The folders of all studies below one, in order of their names.
pub fn studies_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut to_visit = vec![folder.to_path_buf()];
    while let Some(folder) = to_visit.pop() {
        let unreadable = || format!("{} cannot be read", folder.display());
        if folder.join(CONFIG_FILE).is_file() {
            found.push(folder.clone());
        }
        for entry in fs::read_dir(&folder).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            // A link is not followed, so that a circle of them is no endless walk.
            if entry.file_type().with_context(unreadable)?.is_dir() {
                to_visit.push(entry.path());
            }
        }
    }
    found.sort();
    ensure!(
        !found.is_empty(),
        "{}: found no folder with a {CONFIG_FILE}, expected one at least; `cargo xtask experiment` \
         makes one",
        folder.display()
    );
    Ok(found)
}

/// Everything that a study's tables are turned into, by the names of the files in its folder: all
/// figures as SVG and PNG, `summary.csv`, `index.html` and `README.md`.
pub fn render(study: &Study) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let drawn = captions::figures(study)?;
    let mut files = vec![(SUMMARY.into(), csv_of(&summary(study))?)];
    for figure in &drawn {
        let path = figure.figure.path();
        files.push((Path::new(&path).with_extension("png"), figure.png.clone()));
        files.push((path.into(), figure.figure.svg.clone().into_bytes()));
    }
    let mut blocks = findings::blocks(study);
    blocks.push(Block::Heading(2, "Figures".to_owned()));
    for figure in drawn {
        blocks.push(Block::Heading(3, figure.heading.to_owned()));
        blocks.push(Block::Figure(figure.figure));
    }
    blocks.extend(particulars::blocks(study));
    let document = Document { title: findings::title(study), blocks };
    files.push((PAGE.into(), html::write(&document).into_bytes()));
    files.push((TEXT.into(), markdown::write(&document).into_bytes()));
    Ok(files)
}

#[cfg(test)]
mod tests;
