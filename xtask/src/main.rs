//! The commands of this workspace, a file per command. Those that train, study and measure are a program
//! of their own, the package `experiments`, which is built when it is first asked for.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to the terminal is its job")]

use std::process::ExitCode;

use anyhow::{Error, Result};
use clap::{Parser, Subcommand};

mod embedded;
mod experiments;
mod fixtures;
mod grade;
mod machine;
mod package;

use terminal::called_as;
use terminal::exit::{self, COULD_NOT_RUN, Exit};

/// Spatial batch normalisation: graded, trained and studied.
#[derive(Parser)]
#[command(name = called_as(), bin_name = called_as(), version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Grade an implementation of spatial batch normalisation
    Grade(Box<grade::Arguments>),
    /// Verify, regenerate, add or remove reference fixtures
    Fixtures(fixtures::Arguments),
    /// Make a file of the grader that a platform runs where hand-ins arrive
    Package(package::Arguments),
    #[command(flatten)]
    OfExperiments(experiments::Command),
    /// The launcher of untrusted programs, which this program starts itself
    #[command(hide = true)]
    Isolated { role: String, task: String },
}

fn main() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(Arguments { command }) => command,
        Err(error) => return exit::of_arguments(&error),
    };
    if let Command::Isolated { role, task } = &command {
        let code = u8::try_from(isolation::launch(role, task)).unwrap_or(COULD_NOT_RUN);
        return ExitCode::from(code);
    }
    // Kernels ignore an unusable KERNELS_ISA; a command says so.
    let ended = kernels::instruction_set().map_err(Error::new).and_then(|_| run(&command));
    exit::code(ended, machine::help)
}

fn run(command: &Command) -> Result<Exit> {
    match command {
        Command::Grade(arguments) => grade::run(arguments),
        Command::Fixtures(arguments) => fixtures::run(arguments),
        Command::Package(arguments) => package::run(arguments),
        Command::OfExperiments(command) => experiments::run(command),
        Command::Isolated { .. } => anyhow::bail!("the launcher has no other task"),
    }
}
