//! The commands that train, study and measure, a file per command. `cargo xtask` builds this program when
//! one of them is first asked for, so that grading does not wait for what it has no use for.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to the terminal is its job")]

use std::process::ExitCode;

use anyhow::{Error, Result};
use clap::{Parser, Subcommand};

mod bench;
mod data;
mod data_argument;
mod evaluate;
mod experiment;
mod hash;
mod network_argument;
mod report;

use terminal::exit::{self, Exit};

/// Spatial batch normalisation, trained and studied.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a study: with against without batch normalisation, or one of your own
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
}

fn main() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(Arguments { command }) => command,
        Err(error) => return exit::of_arguments(&error),
    };
    // Kernels ignore an unusable KERNELS_ISA; a command says so.
    let ended = kernels::instruction_set().map_err(Error::new).and_then(|_| run(&command));
    exit::code(ended, data_argument::help)
}

fn run(command: &Command) -> Result<Exit> {
    match command {
        Command::Experiment(arguments) => experiment::run(arguments),
        Command::Data(arguments) => data::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Hash(arguments) => hash::run(arguments),
    }
}
