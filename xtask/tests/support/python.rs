//! A Python with NumPy, for the tests that need one.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// That of the variable GRADER_PYTHON, else `python3`; says aloud that `test` is skipped if it has no
/// NumPy. A variable that names none with NumPy is a mistake, and fails.
pub(crate) fn with_numpy(test: &str) -> Option<PathBuf> {
    let named = env::var_os("GRADER_PYTHON");
    let python = named.clone().map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let import = Command::new(&python)
        .args(["-c", "import numpy"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if import {
        return Some(python);
    }
    assert!(named.is_none(), "GRADER_PYTHON names {}, which has no NumPy", python.display());
    let _ = writeln!(
        io::stderr(),
        "SKIPPED {test}: python3 has no NumPy; set GRADER_PYTHON to a Python that has it"
    );
    None
}
