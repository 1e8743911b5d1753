//! Python, for the oracles and peers that are written in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// The interpreter of the virtual environment of this name below `target/`, with the pinned packages
/// of `requirements` in it.
pub fn virtual_environment(name: &str, requirements: &Path) -> Result<PathBuf> {
    let environment = workspace::root()?.join("target").join(name);
    let python = environment.join("bin/python");
    if !python.is_file() {
        eprintln!("making a Python virtual environment in {}", environment.display());
        execute(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--requirement"];
    execute(Command::new(&python).args(install).arg(requirements))?;
    Ok(python)
}

/// Runs a program to its end, which must be a good one.
pub fn execute(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).display().to_string();
    let status = command.status().with_context(|| {
        format!("{program} could not be started; install it, or name another with --python PATH")
    })?;
    ensure!(status.success(), "{command:?} ended with {status}; its own message is above");
    Ok(())
}
