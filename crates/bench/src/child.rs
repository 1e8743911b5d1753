//! Measurements that need a process of their own, for its peak of memory or for its environment. The
//! caller's program is started again with a [`Request`], which it hands to [`answer()`].

use std::ffi::OsString;
use std::fs;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Instant;

use kernels::{InstructionSet, with_threads};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::tempdir;
use trainer::dataset::{DataSetContents, FASHION_MNIST_IMAGE, ImageSize, LabelledImages, Split};
use trainer::evaluation::EvaluationStatistics;
use trainer::network::{NetworkConfig, NetworkKind, preset};
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::run::RunConfig;
use trainer::{Observe, Seeds, ShortTraining, Trains};

use crate::error::{BenchError, Result};
use crate::ours;
use crate::process::{answer_of, from_json, to_json};
use crate::work::{BATCH_SIZE, EPOCH_IMAGES, LEARNING_RATE};

const CLASSES: usize = 10;

/// Steps before time is taken.
const WARM_UP: usize = 5;

/// The steps after which bits are compared.
const STEPS_FOR_BITS: NonZero<usize> = NonZero::new(16).unwrap();

/// The caller's own program, and the arguments with which it calls [`answer()`] on one more argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its path.
    pub path: PathBuf,
    /// Its first arguments; a request follows.
    pub arguments: Vec<OsString>,
}

/// What a process is to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub(crate) enum Request {
    /// Training steps of a network like `SpatialBatchNormNetwork`; the answer is a [`Cost`].
    Steps(StepConfig),
    /// A run of one epoch with its logs in a folder, as in a study; the answer is a [`Cost`].
    Run { threads: usize },
    /// The first steps on the built-in data set; the answer is the SHA-256 of [`ShortTraining`].
    Bits { threads: usize },
}

/// Training steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepConfig {
    /// Images per batch.
    pub(crate) batch: usize,
    /// Channels after the first convolution; the second gives twice as many.
    pub(crate) channels: usize,
    /// Height and width of the images.
    pub(crate) image: usize,
    /// Threads that each run may take.
    pub(crate) threads: usize,
    /// Runs side by side.
    pub(crate) runs: usize,
    /// The steps that are measured.
    pub(crate) steps: usize,
}

impl StepConfig {
    /// The network and batch of the notebook's study, from which one thing at a time is changed.
    pub(crate) const STUDY: Self =
        Self { batch: 50, channels: 16, image: 28, threads: 1, runs: 1, steps: 60 };
}

/// The time and memory that training steps took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Seconds per step of all runs together.
    pub(crate) seconds: f64,
    /// The peak of the memory of the process, where the system tells it.
    pub(crate) peak_bytes: Option<u64>,
    /// The part of it that the images take.
    pub(crate) data_bytes: u64,
}

/// The images and steps for [`Request::Bits`].
pub(crate) fn training_for_bits() -> Result<ShortTraining> {
    const BATCH: NonZero<usize> = NonZero::new(BATCH_SIZE).unwrap();
    Ok(ShortTraining::new(STEPS_FOR_BITS, BATCH)?)
}

/// Has another process of this program do the request, on the kernels of this instruction set if one
/// is given.
pub(crate) fn ask<T: DeserializeOwned>(
    program: &Program,
    request: &Request,
    instruction_set: Option<InstructionSet>,
) -> Result<T> {
    let mut command = Command::new(&program.path);
    command.args(&program.arguments).arg(to_json(request)?);
    command.envs(instruction_set.map(|set| ("KERNELS_ISA", set.name())));
    answer_of(&mut command, &format!("{request:?}"))
}

/// Does a request in this process, and returns the answer in JSON.
///
/// # Errors
///
/// [`BenchError::Json`] if `request` is not one, and those of the training.
pub fn answer(request: &str) -> Result<String> {
    match from_json(request, "a request")? {
        Request::Steps(config) => to_json(&steps(&config)?),
        Request::Run { threads } => to_json(&run(threads)?),
        Request::Bits { threads } => to_json(&bits(threads)?),
    }
}

fn steps(config: &StepConfig) -> Result<Cost> {
    let size = ImageSize { channels: 1, height: config.image, width: config.image };
    let images = noise(size, 4 * config.batch)?;
    let total = WARM_UP + config.steps;
    // The cost of a step does not depend on its images, so few images serve for many steps.
    let split = Split {
        training: (0..total * config.batch).map(|index| index % images.len()).collect(),
        validation: vec![0],
        seed: None,
    };
    let seconds: Vec<Result<f64>> = thread::scope(|scope| {
        let runs: Vec<_> = (0..config.runs)
            .map(|_| scope.spawn(|| seconds_per_step(config, &images, &split)))
            .collect();
        let join = |run: thread::ScopedJoinHandle<'_, _>| {
            run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        runs.into_iter().map(join).collect()
    });
    let mut slowest = 0.0_f64;
    for seconds in seconds {
        slowest = slowest.max(seconds?);
    }
    Ok(Cost { seconds: slowest, peak_bytes: peak_bytes(), data_bytes: bytes(&images) })
}

fn seconds_per_step(config: &StepConfig, images: &LabelledImages, split: &Split) -> Result<f64> {
    // `SpatialBatchNormNetwork` with another number of channels.
    let widths = vec![config.channels, 2 * config.channels].into();
    let network = NetworkConfig {
        kind: NetworkKind::Convolutional { widths },
        ..preset::SPATIAL_BATCH_NORM_NETWORK.config.clone()
    };
    let mut network = network.build(images.size(), images.classes(), 0)?;
    let mut optimizer = Optimizer::new(AdamConfig::new(LEARNING_RATE)?, &network, |_| true);
    // The last moment is that of the validation, which is not a step.
    let mut moments = Vec::with_capacity(WARM_UP + config.steps + 1);
    let batch = (0, config.batch);
    with_threads(config.threads, || {
        ours::train_in_batches(&mut network, &mut optimizer, images, split, batch, || {
            moments.push(Instant::now());
        })
    })??;
    let (first, last) = (moments[WARM_UP - 1], moments[WARM_UP + config.steps - 1]);
    Ok((last - first).as_secs_f64() / config.steps as f64)
}

fn run(threads: usize) -> Result<Cost> {
    let images = noise(FASHION_MNIST_IMAGE, EPOCH_IMAGES / 4 * 5)?;
    let split = Split::four_fifths_of(images.len(), 0);
    let folder = tempdir().map_err(BenchError::system("no temporary folder could be made"))?;
    let config = RunConfig {
        network: preset::SPATIAL_BATCH_NORM_NETWORK.config.clone(),
        trains: Trains::All,
        seeds: Seeds::both(0),
        epochs: 1,
        batch_size: BATCH_SIZE,
        optimizer: AdamConfig::new(LEARNING_RATE)?.into(),
        observations_per_epoch: 20,
        observe: Observe::default(),
        data_set: DataSetContents::known_by_name_alone("noise"),
        statistics: EvaluationStatistics::Running,
    };
    let start = Instant::now();
    let go_on = |_: &_| ControlFlow::Continue(());
    with_threads(threads, || config.train(&images, &split, folder.path(), go_on))??;
    let seconds = start.elapsed().as_secs_f64() / (EPOCH_IMAGES / BATCH_SIZE) as f64;
    Ok(Cost { seconds, peak_bytes: peak_bytes(), data_bytes: bytes(&images) })
}

fn bits(threads: usize) -> Result<String> {
    Ok(training_for_bits()?.hash(&preset::SPATIAL_BATCH_NORM_NETWORK.config, threads)?)
}

/// Images whose pixels are pseudo-random.
fn noise(size: ImageSize, count: usize) -> Result<LabelledImages> {
    let byte = |index: usize| ((index as u32).wrapping_mul(0x9e37_79b9) >> 24) as u8;
    let pixels = (0..count * size.values()).map(byte).collect();
    let labels = (0..count).map(|index| (index % CLASSES) as u8).collect();
    Ok(LabelledImages::new(size, CLASSES, pixels, labels)?)
}

fn bytes(images: &LabelledImages) -> u64 {
    (images.len() * (images.size().values() + 1)) as u64
}

/// The peak of the memory of this process so far, where the system tells it.
fn peak_bytes() -> Option<u64> {
    peak_in(&fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_the_status() {
        assert_eq!(peak_in("VmPeak:\t 9 kB\nVmHWM:\t   1234 kB\nVmRSS:\t 7 kB\n"), Some(1_263_616));
        assert_eq!(peak_in("VmRSS:\t 7 kB\n"), None);
    }

    #[test]
    fn steps_are_measured_with_their_memory() {
        let config = StepConfig { batch: 3, channels: 5, image: 9, threads: 1, runs: 2, steps: 2 };
        let cost = steps(&config).unwrap();
        assert!(cost.seconds > 0.0);
        assert_eq!(cost.data_bytes, 12 * 82);
        assert_eq!(cost.peak_bytes.is_some(), cfg!(target_os = "linux"));
    }

    #[test]
    fn bits_repeat() {
        let first = bits(1).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(bits(1).unwrap(), first);
    }
}
