//! The training loop: what it reports, and that the same configuration gives the same bits.

#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

use std::io::Write;
use std::path::Path;
use std::{env, io, thread};

use trainer::dataset::{FASHION_MNIST_IMAGE, FashionMnist, ImageSize, LabelledImages, Split};
use trainer::fit::evaluate;
use trainer::network::{Architecture, Network};
use trainer::optimizer::{Adam, AdamConfig};
use trainer::random::{Purpose, Stream};
use trainer::{FitConfig, Head, Measurement, Phase, TrainError, fit};

const SIZE: ImageSize = ImageSize { channels: 1, height: 8, width: 8 };
const BOTH: [Architecture; 2] =
    [Architecture::SimpleNetwork, Architecture::SpatialBatchNormNetwork];

/// 100 noisy images of two classes: a bright left or a bright right half.
fn two_halves() -> LabelledImages {
    let mut stream = Stream::new(0, Purpose::Shuffle, 0);
    let labels: Vec<u8> = (0..100).map(|_| stream.below(2) as u8).collect();
    let pixels = labels
        .iter()
        .flat_map(|&label| (0..64_u8).map(move |pixel| u8::from(pixel % 8 < 4) ^ label))
        .map(|bright| bright * 100 + stream.below(150) as u8)
        .collect();
    LabelledImages::new(SIZE, 2, pixels, labels).unwrap()
}

struct Run {
    network: Network<f32>,
    measurements: Vec<Measurement>,
}

fn run(architecture: Architecture, head: Head, config: &FitConfig) -> Result<Run, TrainError> {
    let images = two_halves();
    let split = Split::four_fifths(&images);
    let mut network = architecture.build(SIZE, 2, config.seed)?;
    let mut adam = Adam::new(AdamConfig::new(1e-2)?, &network, |name| head.trains(name));
    let mut measurements = Vec::new();
    fit(&mut network, &mut adam, &images, &split, config, |measurement| {
        measurements.push(measurement);
        Ok::<(), TrainError>(())
    })?;
    Ok(Run { network, measurements })
}

fn config() -> FitConfig {
    FitConfig { epochs: 0..3, batch_size: 30, seed: 1 }
}

fn bits(run: &Run) -> Vec<u64> {
    let network = &run.network;
    let arrays = network.parameters().into_iter().chain(network.buffers());
    let weights = arrays.flat_map(|(_, array)| {
        array.iter().map(|value| u64::from(value.to_bits())).collect::<Vec<_>>()
    });
    let measured = run
        .measurements
        .iter()
        .flat_map(|measurement| [measurement.loss, measurement.accuracy].map(f64::to_bits));
    weights.chain(measured).collect()
}

#[test]
fn steps_epochs_and_counts_are_reported_in_order() {
    let run = run(Architecture::SimpleNetwork, Head::Trained, &config()).unwrap();
    let rows: Vec<_> =
        run.measurements.iter().map(|m| (m.step, m.epoch, m.phase.split(), m.count)).collect();
    let epoch = |epoch: u64| {
        let first = 3 * epoch;
        [
            (first, epoch, "train", 30),
            (first + 1, epoch, "train", 30),
            (first + 2, epoch, "train", 20),
            (first + 2, epoch, "val", 20),
        ]
    };
    assert_eq!(rows, [epoch(0), epoch(1), epoch(2)].concat());
}

#[test]
fn both_networks_learn_with_either_head() {
    for architecture in BOTH {
        for head in [Head::Frozen, Head::Trained] {
            let config = FitConfig { epochs: 0..8, batch_size: 10, seed: 0 };
            let run = run(architecture, head, &config).unwrap();
            let last = run.measurements.last().unwrap();
            assert_eq!(last.phase, Phase::Validation);
            assert!(last.accuracy > 0.9, "{architecture:?} {head:?} {last:?}");
        }
    }
}

#[test]
fn the_same_configuration_gives_the_same_bits_on_any_thread() {
    for architecture in BOTH {
        let once = run(architecture, Head::Trained, &config()).unwrap();
        let twice = run(architecture, Head::Trained, &config()).unwrap();
        let elsewhere = thread::spawn(move || run(architecture, Head::Trained, &config()).unwrap());
        assert_eq!(bits(&once), bits(&twice));
        assert_eq!(bits(&once), bits(&elsewhere.join().unwrap()));
        let other = run(architecture, Head::Trained, &FitConfig { seed: 2, ..config() }).unwrap();
        assert_ne!(bits(&once), bits(&other));
    }
}

#[test]
fn training_in_two_parts_gives_the_same_bits_as_in_one() {
    let whole = run(Architecture::SpatialBatchNormNetwork, Head::Frozen, &config()).unwrap();
    let images = two_halves();
    let split = Split::four_fifths(&images);
    let mut network = Architecture::SpatialBatchNormNetwork.build(SIZE, 2, 1).unwrap();
    let head = Head::Frozen;
    let mut adam = Adam::new(AdamConfig::new(1e-2).unwrap(), &network, |name| head.trains(name));
    let mut measurements = Vec::new();
    for epochs in [0..1, 1..3] {
        let config = FitConfig { epochs, ..config() };
        fit(&mut network, &mut adam, &images, &split, &config, |measurement| {
            measurements.push(measurement);
            Ok::<(), TrainError>(())
        })
        .unwrap();
    }
    assert_eq!(whole.measurements, measurements);
    assert_eq!(bits(&whole), bits(&Run { network, measurements }));
}

#[test]
fn the_observer_can_stop_a_run() {
    let images = two_halves();
    let split = Split::four_fifths(&images);
    let mut network: Network<f32> = Architecture::SimpleNetwork.build(SIZE, 2, 0).unwrap();
    let mut adam = Adam::new(AdamConfig::new(1e-2).unwrap(), &network, |_| true);
    let result = fit(&mut network, &mut adam, &images, &split, &config(), |measurement| {
        let full = TrainError::Config { parameter: "disk", expected: "", got: String::new() };
        if measurement.step == 1 { Err(full) } else { Ok(()) }
    });
    assert!(matches!(result, Err(TrainError::Config { parameter: "disk", .. })));
    assert_eq!(adam.steps(), 2);
}

#[test]
fn a_mean_is_weighted_by_the_number_of_images() {
    let images = two_halves();
    let network: Network<f64> = Architecture::SimpleNetwork.build(SIZE, 2, 0).unwrap();
    let positions: Vec<usize> = (0..50).collect();
    let whole = evaluate(&network, &images, &positions, 50).unwrap();
    let parts = evaluate(&network, &images, &positions, 7).unwrap(); // the last batch has one
    assert!((whole.mean_loss() - parts.mean_loss()).abs() < 1e-14);
    assert_eq!(whole.accuracy(), parts.accuracy());
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let images = two_halves();
    let split = Split::four_fifths(&images);
    let try_fit = |split: &Split, batch_size, learning_rate| {
        let mut network: Network<f32> = Architecture::SimpleNetwork.build(SIZE, 2, 0).unwrap();
        let config = AdamConfig::new(learning_rate).unwrap();
        let mut adam = Adam::new(config, &network, |_| true);
        let config = FitConfig { batch_size, ..config_of_many_epochs() };
        fit(&mut network, &mut adam, &images, split, &config, |_| Ok::<(), TrainError>(()))
            .unwrap_err()
    };
    assert!(matches!(try_fit(&split, 0, 1e-2), TrainError::Config { .. }));
    let nothing = split.clone().truncated(10, 0);
    assert!(matches!(try_fit(&nothing, 10, 1e-2), TrainError::DataSet { .. }));
    assert!(matches!(try_fit(&split, 10, 1e30), TrainError::LossNotFinite { .. }));
}

fn config_of_many_epochs() -> FitConfig {
    FitConfig { epochs: 0..10, ..config() }
}

/// 20 steps on the real images; the whole epoch is `cargo xtask experiment`.
#[test]
fn batch_norm_learns_faster_on_the_real_images() {
    let Some(folder) = env::var_os("FASHION_MNIST_DIR") else {
        // Not `eprintln!`, which the test runner swallows.
        let _ = writeln!(io::stderr(), "SKIPPED a test on real data: FASHION_MNIST_DIR is not set");
        return;
    };
    let images = FashionMnist::training(Path::new(&folder)).unwrap();
    let split = Split::four_fifths(&images);
    assert_eq!((split.training.len(), split.validation.len()), (48_000, 12_000));
    let split = split.truncated(20 * 50, 200);
    let [simple, spatial] = BOTH.map(|architecture| {
        let mut network: Network<f32> =
            architecture.build(FASHION_MNIST_IMAGE, images.classes(), 0).unwrap();
        let mut adam =
            Adam::new(AdamConfig::new(5e-4).unwrap(), &network, |name| Head::Frozen.trains(name));
        let config = FitConfig { epochs: 0..1, batch_size: 50, seed: 0 };
        let mut accuracy = None;
        fit(&mut network, &mut adam, &images, &split, &config, |measurement| {
            accuracy = Some(measurement.accuracy);
            Ok::<(), TrainError>(())
        })
        .unwrap();
        accuracy.unwrap()
    });
    assert!(spatial > simple && spatial > 0.2, "{simple} {spatial}");
}
