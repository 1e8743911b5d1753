//! The commands of this workspace, a file per command. This is the only crate that reads arguments,
//! prints to the terminal and chooses exit codes.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to the terminal is its job")]

use std::process::ExitCode;

use anyhow::{Error, Result};
use clap::{Parser, Subcommand};

mod bench;
mod data;
mod data_argument;
mod evaluate;
mod exit;
mod experiment;
mod fixtures;
mod grade;
mod hash;
mod interrupt;
mod machine;
mod network_argument;
mod output;
mod python;
mod report;
mod workspace;

use exit::{COULD_NOT_RUN, Exit};

/// Spatial batch normalisation: graded, trained and studied.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Grade an implementation of spatial batch normalisation
    Grade(Box<grade::Arguments>),
    /// Train a network with and one without batch normalisation, and compare them
    Experiment(experiment::Arguments),
    /// Fetch, verify or draw the data sets
    Data(data::Arguments),
    /// Evaluate weights, a run's or PyTorch's, on validation or test images
    Evaluate(evaluate::Arguments),
    /// Make the figures and the report of a study again, from its tables
    Report(report::Arguments),
    /// Measure kernels and trainings, against this machine's ceiling and against PyTorch
    Bench(bench::Arguments),
    /// Train each network for some steps and print a hash of all results, the same everywhere
    Hash(hash::Arguments),
    /// Verify, regenerate or add the reference fixtures
    Fixtures(fixtures::Arguments),
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
    exit::code(kernels::instruction_set().map_err(Error::new).and_then(|_| run(&command)))
}

fn run(command: &Command) -> Result<Exit> {
    match command {
        Command::Grade(arguments) => grade::run(arguments),
        Command::Experiment(arguments) => experiment::run(arguments),
        Command::Data(arguments) => data::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Hash(arguments) => hash::run(arguments),
        Command::Fixtures(arguments) => fixtures::run(arguments),
        Command::Isolated { .. } => anyhow::bail!("the launcher has no other task"),
    }
}
