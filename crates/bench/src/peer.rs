//! PyTorch beside us: a Python process that answers request after request.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::{TempDir, tempdir};
use trainer::dataset::LabelledImages;

use crate::error::{BenchError, Result};
use crate::process::{answer_of, from_json, to_json};
use crate::work::{RaceEpoch, RaceWork, Work};

const SCRIPT: &str = include_str!("../peer/peer.py");

/// The name of the process in messages.
const NAME: &str = "PyTorch's script";

const BROKEN: &str = "PyTorch's script ended early; its own message is above";

/// The script and the images of both sides, in a temporary folder.
#[derive(Debug)]
pub(crate) struct Script {
    python: PathBuf,
    text: &'static str,
    folder: TempDir,
}

/// The script, waiting for requests.
#[derive(Debug)]
pub(crate) struct Peer {
    process: Child,
    answers: BufReader<ChildStdout>,
    /// The version of PyTorch.
    pub(crate) version: String,
    /// Its settings, in the order of the tables. `peer.py` has their list.
    pub(crate) settings: Vec<TorchSetting>,
}

/// One way in which a user has PyTorch work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct TorchSetting {
    pub(crate) name: String,
    /// Whether it differs from the others in kernels, not in trainings alone.
    pub(crate) times_kernels: bool,
}

/// How a request to measure work ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The mean seconds per call.
    Seconds(f64),
    /// PyTorch cannot work in this setting here, and why.
    Refused(String),
}

#[derive(Serialize)]
struct Ask<'a, W> {
    work: &'a W,
    setting: &'a str,
    at_least: f64,
}

#[derive(Deserialize)]
struct Hello {
    torch: String,
    settings: Vec<TorchSetting>,
}

impl Script {
    /// The script, to be run by this interpreter on these images.
    pub(crate) fn new(python: &Path, images: &LabelledImages) -> Result<Self> {
        Self::of((python, SCRIPT), images, &(0..images.len()).collect::<Vec<_>>())
    }

    /// The same on the images at these positions, in this order.
    pub(crate) fn with_images(&self, images: &LabelledImages, positions: &[usize]) -> Result<Self> {
        Self::of((&self.python, self.text), images, positions)
    }

    /// A script of another text, which another interpreter runs.
    #[cfg(test)]
    pub(crate) fn stand_in(
        interpreter: &str,
        text: &'static str,
        images: &LabelledImages,
    ) -> Result<Self> {
        Self::of((Path::new(interpreter), text), images, &[])
    }

    fn of(
        (python, text): (&Path, &'static str),
        images: &LabelledImages,
        positions: &[usize],
    ) -> Result<Self> {
        let refused = || BenchError::system("no temporary folder could be made");
        let folder = tempdir().map_err(refused())?;
        let pixels = positions.iter().filter_map(|&position| images.image(position));
        let mut content: Vec<u8> = pixels.flatten().copied().collect();
        content.extend(positions.iter().filter_map(|&position| images.labels().get(position)));
        for (name, bytes) in [("images", content.as_slice()), ("peer.py", text.as_bytes())] {
            fs::write(folder.path().join(name), bytes).map_err(refused())?;
        }
        Ok(Self { python: python.to_owned(), text, folder })
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
        let mut process = self
            .command("serve", threads)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(BenchError::system(format!(
                "{} could not be started",
                self.python.display()
            )))?;
        let answers = process.stdout.take().ok_or_else(disconnected)?;
        let mut answers = BufReader::new(answers);
        let Hello { torch, settings } = read(&mut answers)?;
        Ok(Peer { process, answers, version: torch, settings })
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
        answer_of(&mut command, &format!("{mode} of {NAME}"))
    }
}

impl Peer {
    /// The mean seconds per call of this work, which is called until `at_least` seconds have passed.
    pub(crate) fn seconds(&mut self, work: &Work, setting: &str, at_least: f64) -> Result<Answer> {
        self.ask(&Ask { work, setting, at_least })
    }

    /// Trains with one seed until the accuracy is reached.
    pub(crate) fn race(&mut self, race: &RaceWork<'_>, setting: &str) -> Result<Vec<RaceEpoch>> {
        #[derive(Deserialize)]
        struct Answer {
            epochs: Vec<RaceEpoch>,
        }
        let Answer { epochs } = self.ask(&Ask { work: race, setting, at_least: 0.0 })?;
        Ok(epochs)
    }

    fn ask<T: DeserializeOwned>(&mut self, request: &impl Serialize) -> Result<T> {
        let line = to_json(request)? + "\n";
        let requests = self.process.stdin.as_mut().ok_or_else(disconnected)?;
        requests.write_all(line.as_bytes()).map_err(BenchError::system(BROKEN))?;
        read(&mut self.answers)
    }
}

impl Drop for Peer {
    /// Closes the script's input, upon which the script exits, and waits for its exit.
    fn drop(&mut self) {
        let _ = self.process.wait();
    }
}

fn read<T: DeserializeOwned>(answers: &mut BufReader<ChildStdout>) -> Result<T> {
    let mut line = String::new();
    match answers.read_line(&mut line).map_err(BenchError::system(BROKEN))? {
        0 => Err(disconnected()),
        _ => from_json(&line, NAME),
    }
}

fn disconnected() -> BenchError {
    BenchError::system(BROKEN)(io::ErrorKind::UnexpectedEof.into())
}
