//! A folder of outputs that were made elsewhere, in a notebook for example.

use std::path::PathBuf;

use isolation::untrusted::{Folder, ReadError};

use crate::submission::failure::Failure;
use crate::submission::interface::{Submission, run_alone};
use crate::submission::outputs::Answer;
use crate::submission::protocol::{self, declines, read_outputs};
use crate::submission::script::{Kind, Script};

/// A folder with answers by the [`protocol`], to scripts that [`protocol::write_inputs`] wrote.
#[derive(Debug, Clone)]
pub struct OutputsFolder {
    name: String,
    folder: PathBuf,
}

impl OutputsFolder {
    /// The submission whose answers are in this folder.
    pub fn new(name: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), folder: folder.into() }
    }
}

impl Submission for OutputsFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
        declines(script, true).or_else(|| {
            // Whoever answers any of plain batch norm answers this one.
            let names = protocol::names(std::slice::from_ref(script)).ok()?;
            let is_there = self.folder.join(names.first()?).exists();
            let reason = "of plain batch norm, without outputs";
            (script.kind == Kind::Plain && !is_there).then_some(reason)
        })
    }

    fn run(&self, script: &Script) -> Answer {
        run_alone(self, script)
    }

    fn run_all(&self, scripts: &[Script]) -> Vec<Answer> {
        let names = match protocol::names(scripts) {
            Ok(names) => names,
            Err(error) => return vec![Err(error.into()); scripts.len()],
        };
        // The folder is the user's own: a link that leads to it is followed.
        let opened = self.folder.canonicalize().map_err(ReadError::from);
        let folder = match opened.and_then(|path| Folder::open(&path)) {
            Ok(folder) => folder,
            Err(error) => {
                let reason = format!("{}: {error}", self.folder.display());
                return vec![Err(Failure::Grader(reason)); scripts.len()];
            }
        };
        let answer = |(name, script): (&String, &Script)| {
            Ok(read_outputs(folder.folder(name), name, script))
        };
        names.iter().zip(scripts).map(answer).collect()
    }
}
