//! PyTorch beside us: a process that answers as long as this one asks.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::work::Work;
use crate::python::virtual_environment;
use crate::workspace;

/// Where the script and its requirements lie in the workspace.
const FOLDER: &str = "xtask/src/bench";

/// How to start the script.
#[derive(Debug, Clone)]
pub struct Script {
    python: PathBuf,
    script: PathBuf,
    /// The images of both sides.
    images: PathBuf,
}

/// The script, waiting for requests.
#[derive(Debug)]
pub struct Peer {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Of PyTorch.
    pub version: String,
}

#[derive(Serialize)]
struct Request<'a> {
    work: &'a Work,
    at_least: f64,
}

#[derive(Deserialize)]
struct Hello {
    torch: String,
}

#[derive(Deserialize)]
struct Answer {
    seconds: f64,
}

impl Script {
    /// With this interpreter, or that of a virtual environment of the pinned packages, which is made
    /// if it is not there.
    pub fn new(python: Option<&Path>, images: PathBuf) -> Result<Self> {
        let folder = workspace::root()?.join(FOLDER);
        let python = match python {
            Some(python) => python.to_owned(),
            None => virtual_environment("bench-venv", &folder.join("requirements.txt"))?,
        };
        Ok(Self { python, script: folder.join("peer.py"), images })
    }

    fn command(&self, mode: &str, threads: usize) -> Command {
        let mut command = Command::new(&self.python);
        // Python would leave its bytecode among the sources.
        command.arg("-B").arg(&self.script).args([mode, &threads.to_string()]).arg(&self.images);
        command.env("OMP_NUM_THREADS", threads.to_string()).env_remove("ATEN_CPU_CAPABILITY");
        command
    }

    /// Starts it to answer requests.
    pub fn serve(&self, threads: usize) -> Result<Peer> {
        let mut process = self
            .command("serve", threads)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| self.not_started())?;
        let requests = process.stdin.take();
        let answers = process.stdout.take().context("the script has no output")?;
        let mut answers = BufReader::new(answers);
        let Hello { torch } = read(&mut answers)?;
        Ok(Peer { process, requests, answers, version: torch })
    }

    /// Has a process of its own do one thing, in a changed environment.
    pub fn once<T: DeserializeOwned>(
        &self,
        mode: &str,
        threads: usize,
        environment: Option<(&str, &str)>,
    ) -> Result<T> {
        let mut command = self.command(mode, threads);
        command.envs(environment).stderr(Stdio::inherit());
        let output = command.output().with_context(|| self.not_started())?;
        ensure!(output.status.success(), "{mode} of PyTorch ended with {}", output.status);
        serde_json::from_slice(&output.stdout).with_context(|| format!("{mode}: no answer"))
    }

    fn not_started(&self) -> String {
        format!(
            "{} could not be started; --python PATH names an interpreter that has PyTorch",
            self.python.display()
        )
    }
}

impl Peer {
    /// Seconds of a call of this work, over as many calls as fill `at_least` seconds.
    pub fn seconds(&mut self, work: &Work, at_least: f64) -> Result<f64> {
        let mut line = serde_json::to_string(&Request { work, at_least })?;
        line.push('\n');
        let requests = self.requests.as_mut().context("the script takes no more requests")?;
        requests.write_all(line.as_bytes()).context("PyTorch's script takes no request")?;
        let Answer { seconds } = read(&mut self.answers)?;
        Ok(seconds)
    }
}

impl Drop for Peer {
    /// At the end of its requests the script ends by itself.
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.process.wait();
    }
}

fn read<T: DeserializeOwned>(answers: &mut BufReader<ChildStdout>) -> Result<T> {
    let mut line = String::new();
    answers.read_line(&mut line).context("PyTorch's script cannot be read")?;
    ensure!(!line.is_empty(), "PyTorch's script ended early; its own message is above");
    serde_json::from_str(&line).with_context(|| format!("found {line:?} from PyTorch's script"))
}
