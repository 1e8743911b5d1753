//! The commands of this workspace. This is the only crate that talks to the terminal, reads
//! arguments and chooses exit codes.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to the terminal is its job")]

use std::process::ExitCode;

use anyhow::{Error, Result};
use clap::{Parser, Subcommand};

mod bench;
mod data;
mod data_set;
mod evaluate;
mod experiment;
mod fixtures;
mod grade;
mod hash;
mod interrupt;
mod network_argument;
mod output;
mod python;
mod report;
mod workspace;

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
    Grade(grade::Arguments),
    /// Train a network with and one without batch normalisation, and compare them
    Experiment(experiment::Arguments),
    /// Fetch, check or look at the data sets
    Data(data::Arguments),
    /// Evaluate weights, a run's or PyTorch's, on validation or test images
    Evaluate(evaluate::Arguments),
    /// Make the figures and the report of a study again, from its tables
    Report(report::Arguments),
    /// Measure kernels and trainings, against this machine's ceiling and against PyTorch
    Bench(bench::Arguments),
    /// Train each network for a moment and print what all of it hashes to, the same everywhere
    Hash(hash::Arguments),
    /// Check or re-make the reference fixtures
    Fixtures(fixtures::Arguments),
    /// The launcher of submissions in other processes, which this program starts itself
    #[command(hide = true)]
    Isolated { role: String, task: String },
}

/// How a command ended that could do its work. One that could not returns an error instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All is well: exit code 0.
    Well,
    /// Something was examined and found wrong: exit code 1.
    FoundWrong,
}

/// The exit code of a command that could not do its work; also clap's for unusable arguments.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    if let Command::Isolated { role, task } = &command {
        return ExitCode::from(
            u8::try_from(isolation::launch(role, task)).unwrap_or(COULD_NOT_RUN),
        );
    }
    // Kernels overlook a choice that means nothing; whoever made it should hear of it.
    let outcome = kernels::instruction_set().map_err(Error::new).and_then(|_| run(&command));
    match outcome {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::FoundWrong) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn run(command: &Command) -> Result<Outcome> {
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
