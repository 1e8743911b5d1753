//! Errands that a process of its own does, because its peak of memory or its environment is what is
//! asked for: this program again, with a hidden argument, which answers in JSON.

use std::env;
use std::fs;
use std::ops::ControlFlow;
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use kernels::max_pool2d::MaxPool2dConfig;
use kernels::with_threads;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trainer::Head;
use trainer::dataset::{FASHION_MNIST_IMAGE, ImageSize, LabelledImages, Split};
use trainer::network::{BatchNorm, Initializer, Layer, Network, preset};
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::run::RunConfig;

use super::ours;
use super::work::{BATCH_SIZE, EPOCH_IMAGES};
use crate::hash;
use crate::output::say;

const CLASSES: usize = 10;

/// Steps before time is taken.
const WARM_UP: usize = 5;

/// Steps after which bits are compared.
pub const STEPS_FOR_BITS: usize = 16;

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "snake_case")]
pub enum Errand {
    /// Training steps of a network like `SpatialBatchNormNetwork`; answers [`Done`].
    Steps(Step),
    /// A run of one epoch with its logs in a folder, as in the study; answers [`Done`].
    Run { threads: usize },
    /// The first steps on the built-in data set; answers their SHA-256, as `cargo xtask hash` has it.
    Bits { threads: usize },
}

/// Training steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub batch: usize,
    /// Of the first convolution; the second has twice as many.
    pub channels: usize,
    /// Height and width of the images.
    pub image: usize,
    /// That a run may take.
    pub threads: usize,
    /// Runs side by side.
    pub runs: usize,
    pub steps: usize,
}

/// How that went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Of a step of all runs.
    pub seconds: f64,
    /// Of the process, where the system tells.
    pub peak_bytes: Option<u64>,
    /// Of that, the images.
    pub data_bytes: u64,
}

/// One point of a figure: what was changed, to what, and what came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    pub what: String,
    pub value: usize,
    #[serde(flatten)]
    pub done: Done,
}

/// Has another process of this program do it, on kernels of this instruction set if one is named.
pub fn ask<T: DeserializeOwned>(errand: &Errand, instruction_set: Option<&str>) -> Result<T> {
    let program = env::current_exe().context("this program cannot find itself")?;
    let mut command = Command::new(program);
    command.args(["bench", "--errand"]).arg(serde_json::to_string(errand)?);
    if let Some(set) = instruction_set {
        command.env("KERNELS_ISA", set);
    }
    let output = command.output().context("this program cannot be started again")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errand:?} ended with {}: {errors}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{errand:?}: no answer"))
}

/// Does it here, and prints the answer.
pub fn answer(errand: &str) -> Result<()> {
    let answer = match serde_json::from_str(errand).context("--errand")? {
        Errand::Steps(step) => serde_json::to_string(&steps(&step)?)?,
        Errand::Run { threads } => serde_json::to_string(&run(threads)?)?,
        Errand::Bits { threads } => serde_json::to_string(&bits(threads)?)?,
    };
    say(answer)
}

fn steps(step: &Step) -> Result<Done> {
    let size = ImageSize { channels: 1, height: step.image, width: step.image };
    let images = noise(size, 4 * step.batch)?;
    let total = WARM_UP + step.steps;
    // Few images serve for many steps: what a step costs does not depend on which they are.
    let split = Split {
        training: (0..total * step.batch).map(|index| index % images.len()).collect(),
        validation: vec![0],
    };
    let seconds: Vec<Result<f64>> = thread::scope(|scope| {
        let runs: Vec<_> = (0..step.runs)
            .map(|_| scope.spawn(|| seconds_per_step(step, &images, &split)))
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
    Ok(Done { seconds: slowest, peak_bytes: peak_bytes(), data_bytes: bytes(&images) })
}

fn seconds_per_step(step: &Step, images: &LabelledImages, split: &Split) -> Result<f64> {
    let mut network = network(images.size(), step.channels);
    let mut optimizer = Optimizer::new(AdamConfig::new(5e-4)?, &network, |_| true);
    // The last moment is the validation's, which is not a step.
    let mut moments = Vec::with_capacity(WARM_UP + step.steps + 1);
    let batch = (0, step.batch);
    with_threads(step.threads, || {
        ours::train_in_batches(&mut network, &mut optimizer, images, split, batch, || {
            moments.push(Instant::now());
        })
    })??;
    let (first, last) = (moments[WARM_UP - 1], moments[WARM_UP + step.steps - 1]);
    Ok((last - first).as_secs_f64() / step.steps as f64)
}

/// `SpatialBatchNormNetwork` with another number of channels.
fn network(size: ImageSize, channels: usize) -> Network<f32> {
    let mut initializer = Initializer::new(0);
    let mut model = Vec::new();
    for (channels, filters) in [(size.channels, channels), (channels, 2 * channels)] {
        model.extend([
            Layer::Conv2d(initializer.conv2d_same_3x3(channels, filters)),
            Layer::SpatialBatchNorm(BatchNorm::new(filters)),
            Layer::Relu,
            Layer::MaxPool2d(MaxPool2dConfig::halving()),
        ]);
    }
    let features = 2 * channels * (size.height / 4) * (size.width / 4);
    Network::with_linear_head(model, initializer.linear(features, CLASSES))
}

fn run(threads: usize) -> Result<Done> {
    let images = noise(FASHION_MNIST_IMAGE, EPOCH_IMAGES / 4 * 5)?;
    let split = Split::four_fifths(&images);
    let folder = tempfile::tempdir().context("no temporary folder could be made")?;
    let config = RunConfig {
        network: preset::SPATIAL_BATCH_NORM_NETWORK.config.clone(),
        head: Head::Trained,
        seed: 0,
        epochs: 1,
        batch_size: BATCH_SIZE,
        optimizer: AdamConfig::new(5e-4)?.into(),
        observations_per_epoch: 20,
        data_set: "noise".to_owned(),
    };
    let start = Instant::now();
    let go_on = |_: &_| ControlFlow::Continue(());
    with_threads(threads, || config.train(&images, &split, folder.path(), go_on))??;
    let seconds = start.elapsed().as_secs_f64() / (EPOCH_IMAGES / BATCH_SIZE) as f64;
    Ok(Done { seconds, peak_bytes: peak_bytes(), data_bytes: bytes(&images) })
}

fn bits(threads: usize) -> Result<String> {
    let images = hash::images(STEPS_FOR_BITS, BATCH_SIZE)?;
    hash::of_training(&preset::SPATIAL_BATCH_NORM_NETWORK, &images, BATCH_SIZE, threads)
}

/// Images of which no two pixels have much to do with each other.
fn noise(size: ImageSize, count: usize) -> Result<LabelledImages> {
    let byte = |index: usize| ((index as u32).wrapping_mul(0x9e37_79b9) >> 24) as u8;
    let pixels = (0..count * size.values()).map(byte).collect();
    let labels = (0..count).map(|index| (index % CLASSES) as u8).collect();
    Ok(LabelledImages::new(size, CLASSES, pixels, labels)?)
}

fn bytes(images: &LabelledImages) -> u64 {
    (images.len() * (images.size().values() + 1)) as u64
}

/// The most memory that this process has held so far, where the system tells.
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
    fn a_step_is_measured_with_its_memory() {
        let step = Step { batch: 3, channels: 5, image: 9, threads: 1, runs: 2, steps: 2 };
        let done = steps(&step).unwrap();
        assert!(done.seconds > 0.0);
        assert_eq!(done.data_bytes, 12 * 82);
        assert_eq!(done.peak_bytes.is_some(), cfg!(target_os = "linux"));
    }

    #[test]
    fn bits_repeat() {
        let first = bits(1).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(bits(1).unwrap(), first);
    }
}
