//! What each file of a study's folder is.

use std::path::Path;

use trainer::dataset::DataSet;

use super::{CrateFile, CratePart};
use crate::analysis::{Analysis, PairRow, SummaryRow};
use crate::audit::LOCK_FILE;
use crate::config::CONFIG_FILE;
use crate::error::Result;
use crate::figures::{self, FigureText};
use crate::folder::LIST_FILE;
use crate::report::{NETWORKS, PAGE, TEXT, title};
use crate::tables::{
    ConfusionRow, DICTIONARY_FILE, EpochRow, GRADE_FILE, OPTIONAL_TABLES, Row, RunRow, StepRow,
    Study,
};
use crate::tensorboard;

impl CratePart {
    /// A study in a folder of this name, with these files in it and their sizes in bytes.
    ///
    /// # Errors
    ///
    /// Tables of which no statistic can be computed.
    pub fn of_study(folder: &str, study: &Study, files: &[(String, u64)]) -> Result<Self> {
        let analysis = Analysis::of(study)?;
        let figures = figures::texts(&analysis);
        let name = title(&study.config);
        let question = study.config.file.question.trim();
        let data_sets = study.config.data_sets();
        let file = |(path, bytes): &(String, u64)| {
            let (name, description) = describe(path, &figures);
            CrateFile { path: format!("{folder}/{path}"), name, description, bytes: *bytes }
        };
        Ok(Self {
            folder: folder.to_owned(),
            description: if question.is_empty() { name.clone() } else { question.to_owned() },
            files: files.iter().map(file).collect(),
            made_of: Some(data_sets.into_iter().collect::<Vec<DataSet>>()),
            name,
        })
    }
}

/// The name of a file, and what it is. A file that this program does not know has its path as its name.
fn describe(path: &str, figures: &[FigureText]) -> (String, String) {
    let stem = Path::new(path).file_stem().unwrap_or_default();
    let figure = figures.iter().find(|figure| stem == figure.name.as_str());
    match figure {
        Some(figure) if path.starts_with("figures/") => {
            (figure.heading.clone(), figure.whole_caption().replace("**", ""))
        }
        Some(_) | None => (path.to_owned(), meaning(path).trim().to_owned()),
    }
}

fn meaning(path: &str) -> &'static str {
    match path {
        PAGE => "The report as a page, with its figures in it.",
        TEXT => "The report as Markdown.",
        NETWORKS => "The networks of the study as classes of PyTorch.",
        CONFIG_FILE => "The study: what it compares, what it holds fixed and what it repeats.",
        GRADE_FILE => "The transcript of the grade of the kernels that trained the networks.",
        DICTIONARY_FILE => "What each column of each table is.",
        LOCK_FILE => {
            "What the report was made of: hashes of its study, its data, its cells and its files."
        }
        LIST_FILE => "The files that the study wrote into its folder.",
        RunRow::FILE => RunRow::MEANING,
        EpochRow::FILE => EpochRow::MEANING,
        StepRow::FILE => StepRow::MEANING,
        ConfusionRow::FILE => ConfusionRow::MEANING,
        SummaryRow::FILE => SummaryRow::MEANING,
        PairRow::FILE => PairRow::MEANING,
        event_file if tensorboard::is_of_study(event_file) => {
            "Means over the seeds of an arm, for TensorBoard."
        }
        other => OPTIONAL_TABLES
            .iter()
            .find(|table| table.file == other)
            .map_or("A file that the study wrote.", |table| table.meaning),
    }
}
