//! The argument that names a study: one that comes with the workspace, or a file.

use std::path::Path;

use anyhow::{Context, Result, bail};
use study::arm::Arm;
use study::config::{CONFIG_FILE, StudyConfig};
use study::shipped::{HEADLINE, SHIPPED, shipped};
use study::study_file::{self, StudyFile};
use terminal::workspace::relative;
use trainer::dataset::DataSet;

/// A study with the name of its folder of results.
#[derive(Debug, Clone)]
pub(crate) struct NamedStudy {
    pub(crate) name: String,
    /// The file, for messages; none for one that comes with the workspace.
    pub(crate) path: Option<String>,
    /// What the file says.
    pub(crate) text: Option<String>,
    pub(crate) file: StudyFile,
}

impl NamedStudy {
    /// The study with this file, which is its own or a changed one, of this data set.
    pub(crate) fn config(&self, file: StudyFile, data_set: DataSet) -> Result<StudyConfig> {
        let config = StudyConfig::new(file, data_set);
        match (&self.path, config) {
            (Some(path), config) => config.with_context(|| path.clone()),
            // What is wrong with an option is not the study's.
            (None, Err(error)) if error.to_string().starts_with("line ") => {
                Err(error).with_context(|| format!("the study {}", self.name))
            }
            (None, config) => Ok(config?),
        }
    }

    /// What this data set changes, for the name of the folder of results: nothing, if it is the usual one
    /// or the study names it.
    pub(crate) fn change_by(file: &StudyFile, data_set: DataSet) -> Vec<String> {
        match (file.data_sets().as_slice(), data_set) {
            ([], DataSet::Synthetic) => vec![data_set.entry().argument.to_owned()],
            ([], DataSet::FashionMnist) | ([_, ..], _) => Vec::new(),
        }
    }
}

/// The study of this name or in this file; without an argument the headline.
pub(crate) fn find(argument: Option<&str>) -> Result<NamedStudy> {
    let Some(argument) = argument else { return named(HEADLINE.name, HEADLINE.text) };
    if let Some(study) = shipped(argument) {
        return named(study.name, study.text);
    }
    let path = Path::new(argument);
    let is_path = path.extension().is_some() || path.components().count() > 1 || path.exists();
    if !is_path {
        let names: Vec<&str> = SHIPPED.iter().map(|study| study.name).collect();
        bail!(
            "found no study called {argument}, expected one of {}, or a file, as in study.toml",
            names.join(", ")
        );
    }
    let path = if path.is_dir() { path.join(CONFIG_FILE) } else { path.to_owned() };
    let shown = relative(&path).display().to_string();
    let text = files::read_text(&path).with_context(|| format!("{shown} cannot be read"))?;
    let file = read(&text).with_context(|| shown.clone())?;
    Ok(NamedStudy { name: name_of(&path), path: Some(shown), text: Some(text), file })
}

fn named(name: &str, text: &str) -> Result<NamedStudy> {
    Ok(NamedStudy { name: name.to_owned(), path: None, text: None, file: read(text)? })
}

fn read(text: &str) -> Result<StudyFile> {
    study_file::read(text, &Arm::any()?).map_err(anyhow::Error::msg)
}

/// The name of the file without its ending, or that of its folder if all such files are called alike.
fn name_of(path: &Path) -> String {
    let is_usual = path.file_name().is_some_and(|name| name == CONFIG_FILE);
    let folder = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_path_buf));
    let named = match folder.filter(|_| is_usual) {
        Some(folder) => folder.file_name().map(|name| name.to_string_lossy().into_owned()),
        None => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
    };
    match named {
        // That is the folder of all cells.
        Some(name) if name == "cells" => "cells-study".to_owned(),
        Some(name) => name,
        None => "study".to_owned(),
    }
}
