//! The exercise: a program, which Cargo builds alone, and which runs as every program does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use grader::submission::{Learner, Process};
use isolation::Strength;
use serde_json::Value;

use crate::grade::run_options::RunOptions;
use terminal::workspace;

/// The file of the exercise that has the two functions.
const FUNCTIONS: &str = "spatial_batchnorm.rs";

/// The package of the exercise.
#[derive(Debug, Clone)]
pub(super) struct Exercise {
    folder: PathBuf,
    is_of_workspace: bool,
}

impl Exercise {
    /// The exercise in the folder `named`, else the workspace's.
    pub(super) fn new(named: Option<&Path>) -> Result<Self> {
        Ok(match named {
            Some(folder) => Self { folder: folder.to_owned(), is_of_workspace: false },
            None => {
                let folder = workspace::root()?.join("crates/exercise");
                Self { folder, is_of_workspace: true }
            }
        })
    }

    /// The folder of its sources.
    pub(super) fn sources(&self) -> PathBuf {
        self.folder.join("src")
    }

    /// Builds its program, and returns where it is; `None` if it does not build. What the compiler says
    /// goes to the terminal.
    pub(super) fn build(&self) -> Result<Option<PathBuf>> {
        let mut cargo = workspace::cargo_at("build", &self.folder);
        if self.is_of_workspace {
            // With the features that its dependencies have for this program, so that none is built twice.
            cargo.args(["--package", "xtask", "--package", "exercise", "--bin", "exercise"]);
        }
        let built = cargo
            .args(["--quiet", "--message-format", "json-render-diagnostics"])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("cargo could not be started; install Rust to build the exercise")?;
        if !built.status.success() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&built.stdout);
        let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut programs =
            messages.filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
        let program = programs.next().with_context(|| {
            format!("{}: found no program that Cargo built", self.folder.display())
        })?;
        Ok(Some(program))
    }

    /// The submission of its program.
    pub(super) fn submission(&self, program: PathBuf, options: &RunOptions) -> Result<Process> {
        // A file that is being saved may be missing for a moment, and then no line is known.
        let text = fs::read_to_string(self.sources().join(FUNCTIONS)).unwrap_or_default();
        let learner = Learner::of(FUNCTIONS, &text, "fn", true);
        let mut context = options.context()?;
        // It is the user's own code, and only Linux has a sandbox.
        if cfg!(not(target_os = "linux")) {
            context.strength = Strength::Off;
        }
        Ok(Process::exercise(program, learner, context))
    }
}
