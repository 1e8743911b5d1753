//! The commands that train, study and measure, a file per command. `cargo xtask` builds this program when
//! one of them is first asked for, so that grading does not wait for what it has no use for.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to the terminal is its job")]

use std::process::ExitCode;

use anyhow::{Error, Result};
use clap::{Parser, Subcommand};

mod bench;
mod cells;
mod commands;
mod data;
mod data_argument;
mod evaluate;
mod experiment;
mod gallery;
mod hash;
mod network_argument;
mod program;
mod report;
mod reproduce;
mod shard;
mod slurm;
mod study_argument;
mod study_options;
mod submit;

use terminal::exit::{self, Exit};

/// Spatial batch normalisation, trained and studied.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

macro_rules! define {
    ($($(#[$help:meta])+ $variant:ident = $module:ident,)+) => {
        #[derive(Subcommand)]
        enum Command {
            $($(#[$help])+ $variant($module::Arguments),)+
        }

        fn run(command: &Command) -> Result<Exit> {
            match command {
                $(Command::$variant(arguments) => $module::run(arguments),)+
            }
        }
    };
}

commands::with_commands!(define);

fn main() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(Arguments { command }) => command,
        Err(error) => return exit::of_arguments(&error),
    };
    // Kernels ignore an unusable KERNELS_ISA; a command says so.
    let ended = kernels::instruction_set().map_err(Error::new).and_then(|_| run(&command));
    exit::code(ended, data_argument::help)
}
