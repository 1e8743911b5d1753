//! Submissions that are not of this workspace: a hand-in, a program, or a folder of outputs.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use grader::check::{Options, Scope};
use grader::fixture::Case;
use grader::grading::{Grading, grade};
use grader::messages;
use grader::submission::{OutputsFolder, Printed, Process, Submission};

use crate::grade::run_options::RunOptions;
use terminal::shell::quoted;

/// What to grade, if nothing of this workspace.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Source {
    /// Grade this hand-in: a Python file, a notebook, a .zip, or a folder
    #[arg(long, value_name = "PATH", group = "source")]
    python: Option<PathBuf>,
    /// Grade this program, run as CMD INPUTS OUTPUTS by the protocol in crates/grader/README.md
    #[arg(long, value_name = "CMD", group = "source")]
    program: Option<String>,
    /// Grade these outputs, made elsewhere on the inputs that --export-inputs wrote
    #[arg(long, value_name = "DIR", group = "source")]
    outputs: Option<PathBuf>,
    /// Write the inputs to make outputs on into this folder, and grade nothing
    #[arg(long, value_name = "DIR", group = "source")]
    pub export_inputs: Option<PathBuf>,
}

/// A submission from outside of this workspace.
pub(super) enum Untrusted {
    /// A program, to be run.
    Process(Box<Process>),
    /// Outputs, to be read.
    Outputs(OutputsFolder),
}

impl Untrusted {
    /// As a submission.
    pub(super) fn submission(&self) -> &dyn Submission {
        match self {
            Self::Process(process) => process.as_ref(),
            Self::Outputs(outputs) => outputs,
        }
    }

    /// What a learner's or a student's code printed, if it printed anything.
    pub(super) fn printed(&self) -> Option<Printed> {
        match self {
            Self::Process(process) if process.is_exercise() || process.is_python() => {
                process.printed()
            }
            Self::Process(_) | Self::Outputs(_) => None,
        }
    }

    /// Grades it. A failure of a Python file counts only where a known right one passes. One that the machine
    /// could have caused counts only if it happens again.
    ///
    /// # Errors
    ///
    /// Why it could not be graded, which is not to be held against it.
    pub(super) fn grade(
        &self,
        cases: &[Case],
        options: &Options,
        command: &str,
        run_options: &RunOptions,
    ) -> Result<Grading> {
        let graded = || -> Result<Grading> {
            let mut grading = grade(self.submission(), cases, options, command);
            if let Self::Process(process) = self {
                if let Some(trouble) = process.trouble() {
                    bail!("{} was not run: {trouble}", process.name());
                }
                grading.isolation = process.in_force();
            }
            Ok(grading)
        };
        let grading = graded()?;
        let Self::Process(process) = self else { return Ok(grading) };
        // A learner grades again anyhow, and waits.
        if grading.report.all_passed() || process.is_exercise() {
            return Ok(grading);
        }
        let is_suspect = process.suspicion().is_some();
        let check_machine = || {
            if !process.is_python() {
                return Ok(());
            }
            // What needs no case shows as well whether the machine computes, and takes less time.
            let everything = Options { scope: Scope::Everything, ..options.clone() };
            run_options.self_check(if is_suspect { cases } else { &[] }, &everything)
        };
        check_machine()?;
        if !is_suspect {
            return Ok(grading);
        }
        let again = graded()?;
        if !again.report.all_passed() {
            check_machine()?;
        }
        Ok(again)
    }
}

impl Source {
    /// The submission that is named, if one is.
    pub(super) fn submission(&self, options: &RunOptions) -> Result<Option<Untrusted>> {
        if let Some(file) = &self.python {
            return options
                .hand_in(file)
                .map(|process| Some(Untrusted::Process(Box::new(process))));
        }
        if let Some(command) = &self.program {
            return options
                .program(command)
                .map(|process| Some(Untrusted::Process(Box::new(process))));
        }
        let Some(folder) = &self.outputs else { return Ok(None) };
        let name = messages::path(folder);
        ensure!(folder.is_dir(), "{name}: expected a folder of outputs");
        let is_empty = folder.read_dir().is_ok_and(|mut entries| entries.next().is_none());
        ensure!(
            !is_empty,
            "{name}: found an empty folder, expected outputs; make them from the inputs that \
             --export-inputs writes"
        );
        Ok(Some(Untrusted::Outputs(OutputsFolder::new(messages::path(folder), folder))))
    }

    /// What `--python` names, if anything.
    pub(super) fn python(&self) -> Option<&Path> {
        self.python.as_deref()
    }

    /// The arguments that name it.
    pub(super) fn command(&self) -> Option<String> {
        if let Some(file) = &self.python {
            return Some(python(file));
        }
        if let Some(command) = &self.program {
            return Some(format!("--program {}", quoted(command)));
        }
        self.outputs.as_ref().map(|folder| format!("--outputs {}", path(folder)))
    }
}

/// The arguments that name a hand-in.
pub(super) fn python(file: &Path) -> String {
    format!("--python {}", path(file))
}

fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}
