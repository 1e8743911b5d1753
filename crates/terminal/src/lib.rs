//! What all commands share of talking to people: lines and files as results, errors and exit codes,
//! Ctrl-C, the folder of the workspace, commands as a shell writes them, and Python.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to the terminal is its job")]

mod called_as;
pub mod count;
pub mod exit;
pub mod interrupt;
pub mod output;
pub mod python;
pub mod shell;
pub mod workspace;

pub use called_as::called_as;
