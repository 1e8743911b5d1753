//! `cargo xtask hash`: one SHA-256 per network of all that a [`ShortTraining`] gives.

use std::num::NonZero;

use anyhow::Result;
use kernels::instruction_set;
use trainer::ShortTraining;
use trainer::fingerprint::Fingerprint;
use trainer::network::Preset;

use crate::network_argument::NetworkArgument;
use study::side_by_side::side_by_side;
use terminal::count::{self, counted};
use terminal::exit::Exit;
use terminal::output::say;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The optimiser steps of each network
    #[arg(long, value_name = "N", default_value = "300", allow_negative_numbers = true, value_parser = count::count)]
    steps: NonZero<usize>,

    /// The images of a step, and of the validation at the end
    #[arg(long, value_name = "N", default_value = "50", allow_negative_numbers = true, value_parser = count::count)]
    batch_size: NonZero<usize>,

    /// Which networks, separated by commas [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAMES")]
    networks: Vec<NetworkArgument>,

    /// Threads of each run; changes no hash
    #[arg(long, value_name = "N", default_value = "1", allow_negative_numbers = true, value_parser = count::threads)]
    threads: NonZero<usize>,

    /// Runs side by side; changes no hash
    #[arg(long, value_name = "N", default_value = "1", allow_negative_numbers = true, value_parser = count::threads)]
    side_by_side: NonZero<usize>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let &Arguments { steps, batch_size, threads, side_by_side: runs, .. } = arguments;
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
    let training = ShortTraining::new(steps, batch_size)?;
    let hashes = side_by_side(&presets, runs.get(), |_, preset, _| {
        training.hash(&preset.config, threads.get())
    })?;
    let [of, batch] =
        [(steps, "step"), (batch_size, "image")].map(|(count, noun)| counted(count.get(), noun));
    say(format_args!("SHA-256 after {of} of {batch}"))?;
    let mut together = Fingerprint::default();
    for (preset, hash) in presets.iter().zip(hashes) {
        let line = format!("{hash} {}", preset.folder);
        together.add_text(&line);
        say(line)?;
    }
    say(format_args!("{} together", together.finish()))?;
    Ok(Exit::Success)
}
