//! PyTorch beside us: a Python process that answers request after request.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use trainer::dataset::LabelledImages;

use crate::error::{BenchError, Result};
use crate::process::{self, temporary_folder};
use crate::work::Work;

const SCRIPT: &str = include_str!("../peer/peer.py");

/// Messages call the process this.
const NAME: &str = "PyTorch's script";

const NEEDED: &str = "a Python interpreter that has PyTorch is needed";

/// The script and the images of both sides, in a temporary folder.
#[derive(Debug)]
pub(crate) struct Script {
    python: PathBuf,
    folder: TempDir,
}

/// The script, waiting for requests.
#[derive(Debug)]
pub(crate) struct Peer {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// The version of PyTorch.
    pub(crate) version: String,
}

#[derive(Serialize)]
struct TimeWork<'a> {
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
    /// The script, to be run by this interpreter on these images.
    pub(crate) fn new(python: &Path, images: &LabelledImages) -> Result<Self> {
        let folder = temporary_folder()?;
        let pixels = (0..images.len()).filter_map(|position| images.image(position));
        let mut content: Vec<u8> = pixels.flatten().copied().collect();
        content.extend(images.labels());
        for (name, bytes) in [("images", content.as_slice()), ("peer.py", SCRIPT.as_bytes())] {
            let path = folder.path().join(name);
            fs::write(&path, bytes).map_err(|source| BenchError::File { path, source })?;
        }
        Ok(Self { python: python.to_owned(), folder })
    }

    fn command(&self, mode: &str, threads: usize) -> Command {
        let threads = threads.to_string();
        let mut command = Command::new(&self.python);
        command.arg(self.folder.path().join("peer.py")).args([mode, &threads]);
        command.arg(self.folder.path().join("images"));
        command.env("OMP_NUM_THREADS", threads).env_remove("ATEN_CPU_CAPABILITY");
        command
    }

    /// Starts the script to answer requests.
    pub(crate) fn serve(&self, threads: usize) -> Result<Peer> {
        let mut command = self.command("serve", threads);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(BenchError::not_started(&command, NEEDED))?;
        let requests = process.stdin.take();
        let answers = process.stdout.take().ok_or_else(|| disconnected(broken_pipe()))?;
        let mut answers = BufReader::new(answers);
        let Hello { torch } = read(&mut answers)?;
        Ok(Peer { process, requests, answers, version: torch })
    }

    /// Has a process of its own do one thing, in a changed environment.
    pub(crate) fn once<T: DeserializeOwned>(
        &self,
        mode: &str,
        threads: usize,
        environment: Option<(&str, &str)>,
    ) -> Result<T> {
        let mut command = self.command(mode, threads);
        command.envs(environment).stderr(Stdio::inherit());
        process::answer_of(&mut command, &format!("{mode} of {NAME}"), NEEDED)
    }
}

impl Peer {
    /// The mean seconds per call of this work, which is called until `at_least` seconds have passed.
    pub(crate) fn seconds(&mut self, work: &Work, at_least: f64) -> Result<f64> {
        let mut line = serde_json::to_string(&TimeWork { work, at_least })?;
        line.push('\n');
        let requests = self.requests.as_mut().ok_or_else(|| disconnected(broken_pipe()))?;
        requests.write_all(line.as_bytes()).map_err(disconnected)?;
        let Answer { seconds } = read(&mut self.answers)?;
        Ok(seconds)
    }
}

impl Drop for Peer {
    /// The script ends by itself when its requests end.
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.process.wait();
    }
}

fn read<T: DeserializeOwned>(answers: &mut BufReader<ChildStdout>) -> Result<T> {
    let mut line = String::new();
    if answers.read_line(&mut line).map_err(disconnected)? == 0 {
        return Err(disconnected(io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_str(&line).map_err(BenchError::json(NAME, line.as_bytes()))
}

fn broken_pipe() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

fn disconnected(source: io::Error) -> BenchError {
    BenchError::Disconnected { process: NAME, source }
}
