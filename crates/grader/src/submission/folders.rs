//! Two folders: the inputs to answer by hand, in a notebook for example, and the outputs made of them.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::submission::failure::Failure;
use crate::submission::interface::{Submission, run_alone};
use crate::submission::outputs::Answer;
use crate::submission::protocol::{self, ProtocolError, declines, read_outputs, write_inputs};
use crate::submission::script::{Kind, Script};

/// A folder with answers by [`protocol`] to scripts that
/// [`write_inputs`] wrote.
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
        let answer =
            |(name, script): (&String, &Script)| Ok(read_outputs(&self.folder, name, script, None));
        names.iter().zip(scripts).map(answer).collect()
    }
}

/// Not a submission that answers: whatever it is asked, it writes into a folder, for an
/// [`OutputsFolder`] to hold the answers.
#[derive(Debug)]
pub struct InputsFolder {
    folder: PathBuf,
    written: Mutex<Result<usize, ProtocolError>>,
}

impl InputsFolder {
    /// Inputs will be written into this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), written: Mutex::new(Ok(0)) }
    }

    /// How many scripts were written.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`] if not all were.
    pub fn written(self) -> Result<usize, ProtocolError> {
        self.written.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Submission for InputsFolder {
    fn name(&self) -> &str {
        "inputs"
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
        declines(script, true)
    }

    fn run(&self, script: &Script) -> Answer {
        run_alone(self, script)
    }

    fn run_all(&self, scripts: &[Script]) -> Vec<Answer> {
        let written = write_inputs(&self.folder, scripts).map(|names| names.len());
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = written;
        vec![Err(Failure::Missing { what: "the answer".to_owned() }); scripts.len()]
    }
}
