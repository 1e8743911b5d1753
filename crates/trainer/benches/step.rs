//! `cargo bench -p trainer`: the median time of a training step of each network, batch 50, all
//! parameters, `f32`, on one thread and on two. With arguments, `-- Spatial`, of the networks whose name
//! contains one of them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a table on the terminal")]

use std::time::Instant;

use trainer::dataset::{FASHION_MNIST_IMAGE, LabelledImages, Split};
use trainer::network::Preset;
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::{FitConfig, Moment, Observe, Phase, TrainError, fit};

/// Each median is of this many steps.
const STEPS: usize = 400;

fn main() {
    let (count, values) = (STEPS * 50, FASHION_MNIST_IMAGE.values());
    let noise = |index: usize| ((index as u32).wrapping_mul(0x85eb_ca6b) >> 21) as u8;
    let labels = (0..count).map(|index| (index % 10) as u8).collect();
    let pixels = (0..count * values).map(noise).collect();
    let images = LabelledImages::new(FASHION_MNIST_IMAGE, 10, pixels, labels).unwrap();
    let split = Split { training: (0..count).collect(), validation: vec![0], seed: None };
    let named: Vec<String> =
        std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    for &preset in Preset::all() {
        if !named.is_empty() && !named.iter().any(|part| preset.name.contains(part)) {
            continue;
        }
        for threads in [1, 2] {
            let mut network = preset.config.build::<f32>(FASHION_MNIST_IMAGE, 10, 0).unwrap();
            let mut adam = Optimizer::new(AdamConfig::new(5e-4).unwrap(), &network, |_| true);
            let config = FitConfig {
                first_step: 0,
                epochs: 1,
                batch_size: 50,
                seed: 0,
                observe_every: 0,
                observe: Observe::default(),
            };
            let (mut last, mut millis) = (Instant::now(), Vec::new());
            let observe = |moment: Moment<'_, f32>| {
                if moment.measurement.phase == Phase::Training {
                    millis.push(last.elapsed().as_secs_f64() * 1e3);
                }
                last = Instant::now();
                Ok::<_, TrainError>(())
            };
            let train = || fit(&mut network, &mut adam, &images, &split, &config, observe);
            kernels::with_threads(threads, train).unwrap().unwrap();
            millis.sort_by(f64::total_cmp);
            let (best, median) = (millis[millis.len() / 20], millis[millis.len() / 2]);
            let name = preset.name;
            println!("{name:<26} {threads} {median:>7.3} ms, a twentieth below {best:.3}");
        }
    }
}
