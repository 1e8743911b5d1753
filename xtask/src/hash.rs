//! `cargo xtask hash`: one SHA-256 a network of all that a short training on built-in data gives:
//! equal on every processor and instruction set, for any number of threads, in any build.

use std::num::NonZero;
use std::thread;

use anyhow::{Context, Result, ensure};
use kernels::{instruction_set, with_threads};
use trainer::dataset::{LabelledImages, Split, Synthetic};
use trainer::fingerprint::Fingerprint;
use trainer::network::Preset;
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::{FitConfig, TrainError, fit};

use crate::Outcome;
use crate::network_argument::NetworkArgument;
use crate::output::say;
use study::side_by_side::side_by_side;

#[derive(clap::Args)]
pub struct Arguments {
    /// The optimiser steps of each network
    #[arg(long, value_name = "N", default_value = "300")]
    steps: NonZero<usize>,

    /// The images of a step, and of the validation at the end
    #[arg(long, value_name = "N", default_value = "50")]
    batch_size: NonZero<usize>,

    /// Which networks, separated by commas [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAMES")]
    networks: Vec<NetworkArgument>,

    /// Threads of each run; changes no hash
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZero<usize>,

    /// Runs side by side; changes no hash
    #[arg(long, value_name = "N", default_value = "1")]
    side_by_side: NonZero<usize>,
}

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let &Arguments { steps, batch_size, threads, side_by_side: runs, .. } = arguments;
    let (steps, batch_size) = (steps.get(), batch_size.get());
    let presets = match arguments.networks.as_slice() {
        [] => Preset::all().to_vec(),
        chosen => chosen.iter().map(|network| network.0).collect(),
    };
    // Standard output is the same for every way to run, which is the point; how it ran goes here.
    eprintln!(
        "kernels on {}, threads of a run {threads}, runs side by side {runs}, {} build",
        instruction_set()?.name(),
        if cfg!(debug_assertions) { "debug" } else { "release" },
    );
    let images = images(steps, batch_size)?;
    let hashes = side_by_side(&presets, runs.get(), |_, &preset, _| {
        of_training(preset, &images, batch_size, threads.get())
    })?;
    say(format_args!("SHA-256 after {steps} steps of {batch_size} images"))?;
    let mut together = Fingerprint::default();
    for (preset, hash) in presets.iter().zip(hashes) {
        let line = format!("{hash} {}", preset.folder);
        together.add_text(&line);
        say(line)?;
    }
    say(format_args!("{} together", together.finish()))?;
    Ok(Outcome::Success)
}

/// The images of so many steps, then as many as one step has, for validation.
pub fn images(steps: usize, batch_size: usize) -> Result<LabelledImages> {
    let count = steps.checked_add(1).and_then(|steps| steps.checked_mul(batch_size));
    let count = count.filter(|&count| count <= Synthetic::TRAINING_IMAGES);
    let most = Synthetic::TRAINING_IMAGES;
    let count = count.with_context(|| {
        format!("the built-in data set has {most} images, too few for {steps} steps and a validation of {batch_size} each")
    })?;
    let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    Ok(Synthetic::training_at(&(0..count).collect::<Vec<_>>(), threads)?)
}

/// Trains the network of seed 0, all of it and with the study's optimiser, for an epoch of
/// [`images`] on so many threads. The hash is over the measurements in order (every step's loss and
/// accuracy, then the validation's), then weights and running statistics.
pub fn of_training(
    preset: &'static Preset,
    images: &LabelledImages,
    batch_size: usize,
    threads: usize,
) -> Result<String> {
    ensure!(images.len() > batch_size, "found {} images, too few for a step", images.len());
    let mut network = preset.config.build::<f32>(images.size(), images.classes(), 0)?;
    let mut optimizer = Optimizer::new(AdamConfig::new(5e-4)?, &network, |_| true);
    let training = images.len() - batch_size;
    let split =
        Split { training: (0..training).collect(), validation: (training..images.len()).collect() };
    let config = FitConfig { first_step: 0, epochs: 1, batch_size, seed: 0, observe_every: 0 };
    let mut fingerprint = Fingerprint::default();
    with_threads(threads, || {
        fit::<_, TrainError>(&mut network, &mut optimizer, images, &split, &config, |moment| {
            fingerprint.add_measurement(&moment.measurement);
            Ok(())
        })
    })??;
    fingerprint.add_network(&network);
    Ok(fingerprint.finish())
}
