//! What was measured, as it lies in `bench.json`. Times are in seconds, sizes in bytes.

use serde::{Deserialize, Serialize};

use super::ceiling::Ceiling;
use super::child::{Growth, Step};
use super::machine::Machine;
use super::stopwatch::median;
use super::work::Work;

/// One run of the command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub machine: Machine,
    /// The threads that both sides were allowed.
    pub threads: usize,
    /// Whether it was a first look, with fewer repetitions and short epochs.
    pub quick: bool,
    /// The version of PyTorch, where it ran beside.
    pub torch: Option<String>,
    /// On one thread, and on all that were allowed.
    pub ceilings: Vec<Ceiling>,
    pub rows: Vec<Row>,
    /// Repetitions of the study as a user runs it.
    pub study: Option<Study>,
    pub memory: Option<Memory>,
    pub growth: Vec<Growth>,
    pub bits: Vec<Bits>,
}

/// One work on both sides, repetition by repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    #[serde(flatten)]
    pub work: Work,
    /// The threads that ours took.
    pub threads: usize,
    pub seconds: Vec<f64>,
    /// PyTorch's, each taken right after ours; empty where it did not run.
    pub torch_seconds: Vec<f64>,
    /// Ours on one thread, in the same turns; empty where that was not measured.
    pub seconds_on_one_thread: Vec<f64>,
}

/// The study as a user runs it, from the command to the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    pub what: String,
    /// The epochs of each network.
    pub epochs: u32,
    pub seconds: f64,
    /// PyTorch Lightning's, where it ran beside.
    pub lightning: Option<Lightning>,
}

/// Both networks trained by PyTorch Lightning with data loaders, logs and validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lightning {
    pub version: String,
    /// Of one epoch of each network, measured once.
    pub seconds_per_epoch: f64,
}

/// Of the process of one run with its logs, and of PyTorch's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    pub peak_bytes: u64,
    /// Of that, what the data set takes.
    pub data_bytes: u64,
    pub torch: Option<TorchMemory>,
}

/// As [`Memory`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TorchMemory {
    pub peak_bytes: u64,
    pub data_bytes: u64,
    /// Before the network was made, the data set apart.
    pub idle_bytes: u64,
}

/// What the first steps of a network hash to, under one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bits {
    pub by: Side,
    /// As the environment variable of either side has it.
    pub instruction_set: String,
    pub threads: usize,
    pub sha256: String,
}

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Ours,
    #[serde(rename = "PyTorch")]
    Torch,
}

impl Row {
    /// Ours, the median.
    pub fn ours(&self) -> f64 {
        median(&self.seconds).unwrap_or(f64::NAN)
    }

    /// PyTorch's, the median.
    pub fn torch(&self) -> Option<f64> {
        median(&self.torch_seconds)
    }

    /// Our time as a share of PyTorch's: the median over the turns, in each of which both ran on the
    /// machine as it was then.
    pub fn ratio(&self) -> Option<f64> {
        let turns = self.seconds.iter().zip(&self.torch_seconds);
        median(&turns.map(|(ours, torch)| ours / torch).collect::<Vec<_>>())
    }

    /// How many times faster than on one thread, likewise.
    pub fn speedup(&self) -> Option<f64> {
        let turns = self.seconds.iter().zip(&self.seconds_on_one_thread);
        median(&turns.map(|(ours, one)| one / ours).collect::<Vec<_>>())
    }

    /// Operations a second, where the work is counted in these.
    pub fn flops(&self) -> Option<f64> {
        Some(self.work.operations()? / self.ours())
    }

    /// Bytes a second, where the work is counted in these.
    pub fn bytes_per_second(&self) -> Option<f64> {
        Some(self.work.bytes()? / self.ours())
    }

    /// The share of this ceiling that it reaches.
    pub fn share(&self, ceiling: &Ceiling) -> Option<f64> {
        if let Some(flops) = self.flops() {
            return Some(flops / ceiling.flops);
        }
        let possible = ceiling.bytes_per_second(self.work.working_set()?)?;
        Some(self.bytes_per_second()? / possible)
    }
}

impl Results {
    /// The ceiling on so many threads.
    pub fn ceiling(&self, threads: usize) -> Option<&Ceiling> {
        self.ceilings.iter().find(|ceiling| ceiling.threads == threads)
    }
}

impl Growth {
    /// Of the process, the images apart.
    pub fn bytes(&self) -> Option<u64> {
        Some(self.done.peak_bytes?.saturating_sub(self.done.data_bytes))
    }
}

impl Step {
    /// What every growth starts from: the study's network and batch.
    pub const STUDY: Self =
        Self { batch: 50, channels: 16, image: 28, threads: 1, runs: 1, steps: 60 };
}
