//! The folder of the workspace, and paths as they are shown.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// How the names of the variables begin by which Cargo tells a program of its package.
const ABOUT_THIS_PACKAGE: [&str; 3] = ["CARGO_MANIFEST_", "CARGO_PKG_", "OUT_DIR"];

/// The folder of the workspace, from which default paths start.
///
/// Cargo names this package's folder when it runs the program. A program that was started by hand
/// searches upwards from the current folder, then from its own.
pub fn root() -> Result<PathBuf> {
    let start = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(package) => PathBuf::from(package),
        None => env::current_dir().context("the current folder cannot be read")?,
    };
    let program = env::current_exe().unwrap_or_default();
    let is_root = |folder: &&Path| folder.join("xtask/Cargo.toml").is_file();
    let found = start.ancestors().find(is_root).or_else(|| program.ancestors().find(is_root));
    found.map(Path::to_path_buf).with_context(|| {
        format!(
            "{}: found no workspace with an xtask/Cargo.toml above it; run this inside the workspace",
            start.display()
        )
    })
}

/// Cargo, which is to build or run a package of the workspace by the profile of `cargo xtask` itself, so
/// that nothing is compiled twice.
///
/// # Errors
///
/// If there is no workspace around.
pub fn cargo(action: &str, package: &str) -> Result<Command> {
    let mut cargo = cargo_at(action, &root()?);
    cargo.args(["--package", package]);
    Ok(cargo)
}

/// The same for whatever package or workspace lies in this folder.
pub fn cargo_at(action: &str, folder: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(action).arg("--manifest-path").arg(folder.join("Cargo.toml"));
    // What Cargo says of the package of this program would be new to the build scripts that ask to be run
    // again when it changes, such as that of `ring`: whatever needs them would be built again.
    for (name, _) in env::vars_os() {
        if ABOUT_THIS_PACKAGE.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// The folder of the committed reports.
pub fn reports() -> Result<PathBuf> {
    Ok(root()?.join("reports"))
}

/// The folder of what a user trains and draws, which Git ignores.
pub fn runs() -> Result<PathBuf> {
    Ok(root()?.join("runs"))
}

/// A path as a user would type it: relative to the current folder if it lies below that.
pub fn relative(path: &Path) -> &Path {
    match env::current_dir() {
        Ok(current) => path.strip_prefix(current).unwrap_or(path),
        Err(_) => path,
    }
}

/// The folder of fixtures: `named`, else the workspace's.
pub fn fixtures_folder(named: Option<&Path>) -> Result<PathBuf> {
    match named {
        Some(folder) => Ok(folder.to_owned()),
        None => Ok(relative(&root()?.join("fixtures")).to_owned()),
    }
}
