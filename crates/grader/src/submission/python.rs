//! Submissions in Python: a file with the course's functions, answered for by a driver of ours.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::messages;
use crate::submission::process::{Process, RunContext};

/// The driver, which loads the file and answers scripts with its functions.
const DRIVER: &str = include_str!("driver.py");

/// A Python with NumPy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// Its program.
    pub program: PathBuf,
    /// Files and folders that it and NumPy consist of.
    pub readable: Vec<PathBuf>,
    /// The folder in which NumPy lies.
    pub packages: PathBuf,
}

impl Process {
    /// The Python file of this name and content, run by `interpreter`.
    pub fn python(
        name: impl Into<String>,
        file: &Path,
        source: &[u8],
        interpreter: &Interpreter,
        context: RunContext,
    ) -> Self {
        let file_name = file.file_name().map_or("hand_in.py".to_owned(), messages::flat_name);
        let copy = format!("hand_in/{file_name}");
        let command = [
            interpreter.program.clone().into(),
            // Without the user's folders and variables, and without files of bytecode.
            OsString::from("-I"),
            OsString::from("-B"),
            // What is printed is there when a loop is ended.
            OsString::from("-u"),
            OsString::from("driver.py"),
            OsString::from(&copy),
            interpreter.packages.clone().into(),
        ];
        // Threads gain nothing on arrays of this size, and cost time and memory at the start.
        let environment = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]
            .map(|variable| (variable.to_owned(), OsString::from("1")));
        let answers_plain = defines_plain(&String::from_utf8_lossy(source));
        let readable = interpreter.readable.clone();
        Self {
            environment: environment.to_vec(),
            file_name: Some(file_name),
            copies: vec![
                ("driver.py".to_owned(), DRIVER.as_bytes().to_vec()),
                (copy, source.to_vec()),
            ],
            ..Self::new(
                messages::visible(&name.into()),
                command.to_vec(),
                readable,
                answers_plain,
                context,
            )
        }
    }
}

/// Whether a Python file has both functions of plain batch norm.
fn defines_plain(source: &str) -> bool {
    ["batchnorm_forward", "batchnorm_backward"].iter().all(|name| {
        source.lines().any(|line| {
            let is_named = |rest: &str| {
                rest.trim_start()
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.trim_start().starts_with(['(', '=']))
            };
            is_named(line.strip_prefix("def ").unwrap_or(line)) && !line.starts_with([' ', '\t'])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_batch_norm_is_asked_of_files_that_have_it() {
        let both = "def batchnorm_forward(x):\n  pass\ndef batchnorm_backward (dout, cache):\n";
        assert!(defines_plain(both));
        assert!(defines_plain("batchnorm_forward = f\nbatchnorm_backward = g\n"));
        for without in [
            "def batchnorm_forward(x): pass\n",
            "def batchnorm_forward(x): pass\ndef batchnorm_backward_alt(dout, cache): pass\n",
            "def spatial_batchnorm_forward(x): pass\ndef spatial_batchnorm_backward(d): pass\n",
            "  batchnorm_forward(x)\n  batchnorm_backward(x)\n",
        ] {
            assert!(!defines_plain(without), "{without}");
        }
    }
}
