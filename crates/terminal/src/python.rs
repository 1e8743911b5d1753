//! Python, which generators of fixtures, the bench's peer and submissions are written in.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use grader::submission::Interpreter;
use serde::Deserialize;

use crate::workspace;

/// The interpreter of a virtual environment below `target/`, which has the pinned packages of the
/// file `requirements`.
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

/// A script that tells where a Python and its NumPy lie. It imports no module but those of Python itself.
const WHERE: &str = r#"
import importlib.util, json, sys
numpy = importlib.util.find_spec("numpy")
print(json.dumps({
    "program": sys.executable,
    "prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix],
    "numpy": numpy.origin if numpy else None,
}))
"#;

#[derive(Deserialize)]
struct Where {
    program: PathBuf,
    prefixes: Vec<PathBuf>,
    numpy: Option<PathBuf>,
}

/// The interpreter `named`, else the one of the variable GRADER_PYTHON, else `python3`. It must have
/// NumPy.
pub fn with_numpy(named: Option<&Path>) -> Result<Interpreter> {
    // The interpreter is started in another folder. A bare name is searched for in PATH.
    let absolute = |path: &Path| match path.components().count() {
        1 => Ok(path.to_owned()),
        _ => std::path::absolute(path),
    };
    let chosen = named.map(absolute).transpose()?;
    let program = chosen
        .or_else(|| env::var_os("GRADER_PYTHON").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("python3"));
    let name = program.display();
    let mut command = Command::new(&program);
    // Python would import modules from the current folder.
    command.args(["-c", WHERE]).current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().with_context(|| {
        format!("{name} could not be started; name a Python with NumPy with --interpreter PATH")
    })?;
    ensure!(output.status.success(), "{name} does not run as Python 3: {}", output.status);
    let found: Where = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{name} does not answer as Python 3"))?;
    let packages = found.numpy.as_deref().and_then(|numpy| numpy.parent()?.parent());
    let packages = packages.with_context(|| {
        format!(
            "{name} has no NumPy; install it with `{name} -m pip install numpy`, or name a Python \
             that has it with --interpreter PATH"
        )
    })?;
    let parts = ["bin", "lib", "lib64", "pyvenv.cfg"];
    let of_prefix = |prefix: &PathBuf| parts.map(|part| prefix.join(part));
    let mut readable: Vec<PathBuf> = found.prefixes.iter().flat_map(of_prefix).collect();
    readable.retain(|path| path.exists());
    readable.extend([found.program.clone(), packages.to_owned()]);
    readable.sort_unstable();
    readable.dedup();
    Ok(Interpreter { program: found.program, readable, packages: packages.to_owned() })
}

/// Runs a program to its end. An exit code other than 0 is an error.
pub fn execute(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).display().to_string();
    let status = command.status().with_context(|| {
        format!("{program} could not be started; install it, or name another with --python PATH")
    })?;
    ensure!(status.success(), "{command:?} ended with {status}; its own message is above");
    Ok(())
}
