//! The commands of the package `experiments`, which Cargo builds and runs with the same arguments.

use std::ffi::OsString;

use anyhow::{Context, Result};
use terminal::exit::Exit;
use terminal::workspace;

/// Every command of the package; what each takes is known there.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Run a study: with against without batch normalisation, or one of your own
    Experiment(Passed),
    /// Fetch, verify or draw the data sets
    Data(Passed),
    /// Evaluate weights, a run's or PyTorch's, on validation or test images
    Evaluate(Passed),
    /// Make the figures and the report of a study again, from its tables
    Report(Passed),
    /// Measure kernels and trainings, against this machine's ceiling and against PyTorch
    Bench(Passed),
    /// Train each network for some steps and print a hash of all results, the same everywhere
    Hash(Passed),
}

/// Arguments that are passed on, `--help` among them.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Passed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

/// Builds the program where it is not up to date, and runs it in the place of this one.
pub(crate) fn run(command: &Command) -> Result<Exit> {
    let (name, Passed { arguments }) = match command {
        Command::Experiment(passed) => ("experiment", passed),
        Command::Data(passed) => ("data", passed),
        Command::Evaluate(passed) => ("evaluate", passed),
        Command::Report(passed) => ("report", passed),
        Command::Bench(passed) => ("bench", passed),
        Command::Hash(passed) => ("hash", passed),
    };
    let mut cargo = workspace::cargo("run", "experiments")?;
    cargo.arg("--").arg(name).args(arguments);
    #[cfg(unix)]
    {
        // Ctrl-C and the exit code are then the program's alone.
        let error = std::os::unix::process::CommandExt::exec(&mut cargo);
        Err(error).context("cargo could not be started")
    }
    #[cfg(not(unix))]
    {
        let status = cargo.status().context("cargo could not be started")?;
        std::process::exit(status.code().unwrap_or(terminal::exit::COULD_NOT_RUN.into()))
    }
}
