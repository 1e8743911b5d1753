//! The report of a study: its figures and its pages, from its tables alone.

mod answer;
mod best;
mod details;
mod document;
mod findings;
mod gallery;
mod html;
mod markdown;
mod published_figures;
mod setup;
mod statistics;

use std::fs;
use std::path::{Path, PathBuf};

use trainer::dataset::{DataSet, DataSetEntry};
use trainer::network::pytorch;

use crate::analysis::{Analysis, PairRow, SummaryRow};
use crate::config::{CONFIG_FILE, StudyConfig};
use crate::error::{Result, StudyError};
use crate::figures;
use crate::tables::{
    ConfusionRow, DICTIONARY_FILE, EpochRow, OptionalTable, Row, RunRow, StepRow, Study, bytes,
    columns, dictionary,
};
use crate::tensorboard;

use document::{Block, Document};
pub(crate) use findings::title;
pub use gallery::gallery;

/// The page to open.
pub const PAGE: &str = "index.html";

/// The same as Markdown.
pub(crate) const TEXT: &str = "README.md";

/// The networks of the study as PyTorch has them.
pub(crate) const NETWORKS: &str = "networks.py";

/// All files of a report, from its folder.
pub fn files(config: &StudyConfig) -> impl Iterator<Item = PathBuf> {
    let texts = [PAGE, TEXT, NETWORKS, SummaryRow::FILE, PairRow::FILE, DICTIONARY_FILE];
    let texts = texts.into_iter().map(PathBuf::from);
    texts.chain(figures::files(config)).chain(tensorboard::files(config))
}

/// The folders of all studies below these, in order of their names. A folder that does not exist has
/// none.
///
/// # Errors
///
/// A folder that cannot be read, and no study at all.
pub fn studies_below(folders: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut to_visit: Vec<PathBuf> =
        folders.iter().filter(|folder| folder.exists()).cloned().collect();
    while let Some(folder) = to_visit.pop() {
        let unreadable = || StudyError::file(&folder, "cannot be read");
        if folder.join(CONFIG_FILE).is_file() {
            found.push(folder.clone());
        }
        for entry in fs::read_dir(&folder).map_err(unreadable())? {
            let entry = entry.map_err(unreadable())?;
            // A link is not followed, so that a circle of them is no endless walk.
            if entry.file_type().map_err(unreadable())?.is_dir() {
                to_visit.push(entry.path());
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(StudyError::NoStudy { folders: folders.to_vec() });
    }
    Ok(found)
}

/// The folders of studies right below this one, in order of their names; none where it does not exist.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = || StudyError::file(folder, "cannot be read");
    let mut found = Vec::new();
    if folder.exists() {
        for entry in fs::read_dir(folder).map_err(unreadable())? {
            let path = entry.map_err(unreadable())?.path();
            if path.join(CONFIG_FILE).is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Everything that a study's tables are turned into, by the names of the files in its folder: all
/// figures as SVG and PNG, `summary.csv`, `networks.py`, what TensorBoard draws, `index.html` and
/// `README.md`.
///
/// # Errors
///
/// A figure that cannot be drawn.
pub fn render(study: &Study) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let analysis = Analysis::of(study)?;
    let summary = bytes(&analysis.summary, &study.config)?;
    let mut files = vec![
        (PathBuf::from(SummaryRow::FILE), summary),
        (PathBuf::from(PairRow::FILE), bytes(&analysis.pair_rows(), &study.config)?),
        (PathBuf::from(DICTIONARY_FILE), dictionary(&all_columns(&study.config))?),
    ];
    let mut figures = figures::draw_all(&analysis)?;
    for figure in &figures {
        let path = Path::new("figures").join(&figure.name);
        files.push((path.with_extension("png"), figure.png.clone()));
        files.push((path.with_extension("svg"), figure.svg.clone().into_bytes()));
    }
    let mut blocks = findings::opening(&study.config);
    blocks.extend(answer::block(&analysis));
    // The first figure that the study's file names is the one that shows the answer.
    if !figures.is_empty() {
        let mut first = figures.remove(0);
        // The answer has its reading.
        first.caption = figures::first_text(&analysis).map_or(first.caption, |text| text.caption);
        blocks.push(Block::Figure(first));
    }
    blocks.extend(findings::paper(&study.config));
    blocks.extend(findings::discussion(study.discussion.paragraphs()));
    blocks.extend(statistics::blocks(&analysis));
    blocks.extend(best::blocks(&analysis)?);
    blocks.extend(setup::blocks(&analysis)?);
    blocks.extend(findings::what_came_out(&analysis));
    blocks.extend(published_figures::blocks(&analysis));
    if !figures.is_empty() {
        blocks.push(Block::Heading(2, "More figures".to_owned()));
    }
    for figure in figures {
        blocks.push(Block::Heading(3, figure.heading.clone()));
        blocks.push(Block::Figure(figure));
    }
    files.extend(tensorboard::write(&analysis));
    blocks.extend(details::blocks(&analysis));
    let document = Document { title: title(&study.config), blocks };
    files.push((PAGE.into(), html::write(&document).into_bytes()));
    files.push((TEXT.into(), markdown::write(&document).into_bytes()));
    files.push((NETWORKS.into(), networks(&study.config)?.into_bytes()));
    Ok(files)
}

/// A class of PyTorch for each network of the study.
fn networks(config: &StudyConfig) -> Result<String> {
    let first = config.data_sets().into_iter().next().unwrap_or(DataSet::FashionMnist);
    let DataSetEntry { image, class_names, .. } = first.entry();
    Ok(pytorch::module(&config.networks(), *image, class_names.len())?)
}

/// The columns of all tables.
fn all_columns(config: &StudyConfig) -> Vec<[String; 3]> {
    [
        columns::<RunRow>(config),
        columns::<EpochRow>(config),
        columns::<StepRow>(config),
        columns::<ConfusionRow>(config),
        OptionalTable::of(config).flat_map(|table| (table.columns)(config)).collect(),
        columns::<SummaryRow>(config),
        columns::<PairRow>(config),
    ]
    .concat()
}

#[cfg(test)]
mod tests;
