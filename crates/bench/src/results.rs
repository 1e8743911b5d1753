//! The measurements, and `bench.json`, which holds them. Times are in seconds, sizes in bytes.

use serde::{Deserialize, Serialize};

use crate::ceiling::Ceiling;
use crate::child::Cost;
use crate::error::Result;
use crate::machine::Machine;
use crate::options::Extent;
use crate::process::from_json;
use crate::race::Race;
use crate::stopwatch::{median, spread};
use crate::study_work::StudyWork;
use crate::work::Work;

/// A row is noisy if the interquartile range of a side's times is more than this share of their
/// median.
pub(crate) const NOISE: f64 = 0.2;

/// All measurements of one run of the command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub(crate) machine: Machine,
    /// The threads that both sides may take.
    pub(crate) threads: usize,
    pub(crate) extent: Extent,
    /// The version of PyTorch, if it was measured too.
    pub(crate) torch: Option<String>,
    /// What of PyTorch could not be measured, and why.
    pub(crate) left_out: Vec<String>,
    /// On one thread, and on all threads.
    pub(crate) ceilings: Vec<Ceiling>,
    pub(crate) rows: Vec<Row>,
    /// The notebook's study as a user runs it.
    pub(crate) study: Option<StudyTime>,
    /// The whole study of four arms as a user runs it, as work.
    pub(crate) study_work: Option<StudyWork>,
    /// The training time until an accuracy is reached.
    pub(crate) race: Option<Race>,
    pub(crate) memory: Option<Memory>,
    pub(crate) growth: Vec<GrowthPoint>,
    pub(crate) bits: Vec<Bits>,
}

/// One piece of work on both sides, repetition by repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) work: Work,
    /// The threads that our side took.
    pub(crate) threads: usize,
    pub(crate) seconds: Vec<f64>,
    /// PyTorch's seconds in each of its settings; empty if PyTorch was not measured.
    pub(crate) torch: Vec<SettingTimes>,
    /// Our seconds on one thread, in the same turns; empty if they were not measured.
    pub(crate) seconds_on_one_thread: Vec<f64>,
}

/// PyTorch's times in one of its settings, in the same turns as ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SettingTimes {
    /// The name that `peer.py` gives the setting.
    pub(crate) setting: String,
    pub(crate) seconds: Vec<f64>,
}

impl SettingTimes {
    /// The median of the seconds.
    pub(crate) fn median(&self) -> f64 {
        median(&self.seconds).unwrap_or(f64::NAN)
    }
}

/// The time of a study as a user runs it, from the command to the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StudyTime {
    /// The command, and what it does.
    pub(crate) what: String,
    /// The epochs of each network.
    pub(crate) epochs: u32,
    pub(crate) seconds: f64,
    /// PyTorch Lightning's time, if it was measured too.
    pub(crate) lightning: Option<Lightning>,
}

/// Both networks trained by PyTorch Lightning with data loaders, logs and validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lightning {
    pub(crate) version: String,
    /// Seconds for one epoch of both networks, measured once.
    pub(crate) seconds_per_epoch: f64,
}

/// The memory of the process of one run with its logs, and of PyTorch's process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) peak_bytes: u64,
    /// The part of it that the data set takes.
    pub(crate) data_bytes: u64,
    pub(crate) torch: Option<TorchMemory>,
}

/// The memory of PyTorch's process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TorchMemory {
    pub(crate) peak_bytes: u64,
    pub(crate) data_bytes: u64,
    /// The memory before the network was made, without the data set.
    pub(crate) idle_bytes: u64,
}

/// The hash of the first training steps, by one side on one instruction set and number of threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bits {
    pub(crate) by: Side,
    /// Its name in the environment variable that chooses it for that side.
    pub(crate) instruction_set: String,
    pub(crate) threads: usize,
    pub(crate) sha256: String,
}

/// The side that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// This workspace.
    Ours,
    /// PyTorch.
    #[serde(rename = "PyTorch")]
    Torch,
}

impl Row {
    /// The median of our seconds.
    pub(crate) fn ours(&self) -> f64 {
        median(&self.seconds).unwrap_or(f64::NAN)
    }

    /// PyTorch's times in its fastest setting, by the median. They are *PyTorch* in every ratio.
    pub(crate) fn torch(&self) -> Option<&SettingTimes> {
        self.torch.iter().min_by(|one, other| one.median().total_cmp(&other.median()))
    }

    /// Our time divided by PyTorch's in its fastest setting: the median over the turns. All times of
    /// a turn were measured right after each other, while the machine was in the same state.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let turns = self.seconds.iter().zip(&self.torch()?.seconds);
        median(&turns.map(|(ours, torch)| ours / torch).collect::<Vec<_>>())
    }

    /// This row with the least time of each side alone, of PyTorch in its fastest setting by the median.
    pub(crate) fn least(&self) -> Self {
        let least =
            |times: &[f64]| times.iter().copied().min_by(f64::total_cmp).into_iter().collect();
        let of_setting = |times: &SettingTimes| SettingTimes {
            setting: times.setting.clone(),
            seconds: least(&times.seconds),
        };
        Self {
            work: self.work.clone(),
            threads: self.threads,
            seconds: least(&self.seconds),
            torch: self.torch().map(of_setting).into_iter().collect(),
            seconds_on_one_thread: least(&self.seconds_on_one_thread),
        }
    }

    /// The interquartile range of a side's times as a share of their median, of the side where it is
    /// largest, if it is more than [`NOISE`].
    pub(crate) fn noise(&self) -> Option<f64> {
        let torch = self.torch().map(|times| times.seconds.as_slice());
        let sides = [Some(self.seconds.as_slice()), torch, Some(&self.seconds_on_one_thread)];
        let spreads = sides.into_iter().flatten().filter_map(spread);
        spreads.max_by(f64::total_cmp).filter(|&spread| spread > NOISE)
    }

    /// Our time on one thread divided by our time on all: the median over the turns.
    pub(crate) fn speedup(&self) -> Option<f64> {
        let turns = self.seconds.iter().zip(&self.seconds_on_one_thread);
        median(&turns.map(|(ours, one)| one / ours).collect::<Vec<_>>())
    }

    /// Operations per second, for work that is counted in operations.
    pub(crate) fn flops(&self) -> Option<f64> {
        Some(self.work.operations()? / self.ours())
    }

    /// Bytes per second, for work that is counted in bytes.
    pub(crate) fn bytes_per_second(&self) -> Option<f64> {
        Some(self.work.bytes()? / self.ours())
    }

    /// The share of this ceiling that the work reaches.
    pub(crate) fn share(&self, ceiling: &Ceiling) -> Option<f64> {
        if let Some(flops) = self.flops() {
            return Some(flops / ceiling.flops);
        }
        let possible = ceiling.bytes_per_second(self.work.working_set()?)?;
        Some(self.bytes_per_second()? / possible)
    }
}

impl Results {
    /// The results in a text that [`Self::to_json`] made.
    ///
    /// # Errors
    ///
    /// [`BenchError::Json`](crate::BenchError::Json) for another text.
    pub fn from_json(text: &str) -> Result<Self> {
        from_json(text, "results")
    }

    /// The text of `bench.json`.
    ///
    /// # Errors
    ///
    /// None that is known: every result has its JSON.
    pub fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The ceiling on so many threads.
    pub(crate) fn ceiling(&self, threads: usize) -> Option<&Ceiling> {
        self.ceilings.iter().find(|ceiling| ceiling.threads == threads)
    }
}

/// One point of the figure: the cost of training steps after one thing was changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct GrowthPoint {
    /// The thing that was changed.
    pub(crate) what: String,
    /// Its value.
    pub(crate) value: usize,
    #[serde(flatten)]
    pub(crate) cost: Cost,
}

impl GrowthPoint {
    /// The memory of the process without the images.
    pub(crate) fn bytes(&self) -> Option<u64> {
        Some(self.cost.peak_bytes?.saturating_sub(self.cost.data_bytes))
    }
}
