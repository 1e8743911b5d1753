//! The commands of the package `experiments`, which Cargo builds and runs with the same arguments.

use std::env;
use std::ffi::OsString;

use anyhow::{Context, Result};
use terminal::exit::Exit;
use terminal::workspace;

#[path = "../../crates/experiments/src/commands.rs"]
mod commands;

macro_rules! define {
    ($($(#[$help:meta])+ $variant:ident = $module:ident,)+) => {
        /// Every command of the package; what each takes is known there.
        #[derive(clap::Subcommand)]
        pub(crate) enum Command {
            $($(#[$help])+ $variant(Passed),)+
        }

        /// The name of a command.
        fn name_of(command: &Command) -> String {
            match command {
                $(Command::$variant(_) => name(stringify!($module)),)+
            }
        }
    };
}

commands::with_commands!(define);

/// Takes whatever arguments there are, `--help` among them.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Passed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

/// The name of the command in this module, with a hyphen between two words, as clap has it.
fn name(module: &str) -> String {
    module.replace('_', "-")
}

/// Builds the program where it is not up to date, and runs it in the place of this one.
pub(crate) fn run(command: &Command) -> Result<Exit> {
    // As they were given: clap takes a first `--` away, which `submit` tells its own options by.
    let arguments = env::args_os().skip(2);
    let mut cargo = workspace::cargo("run", "experiments")?;
    cargo.arg("--").arg(name_of(command)).args(arguments);
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

#[cfg(test)]
mod tests {
    use clap::{FromArgMatches, Subcommand};

    use super::*;

    /// The package parses the same list with clap, and so knows each command by clap's name of it.
    #[test]
    fn each_command_is_passed_on_by_the_name_that_it_is_called_by() {
        let all = Command::augment_subcommands(clap::Command::new("xtask"));
        let names: Vec<String> =
            all.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert!(names.iter().any(|name| name == "experiment"), "{names:?}");
        for called in names {
            let matches = all.clone().try_get_matches_from(["xtask", &called, "--help"]).unwrap();
            let command = Command::from_arg_matches(&matches).unwrap();
            assert_eq!(name_of(&command), called);
        }
        assert_eq!(name("two_words"), "two-words");
    }
}
