//! The training loop: what it reports, and that the same configuration gives the same bits.

use std::io::Write;
use std::path::Path;
use std::{env, io, thread};

use trainer::dataset::{FASHION_MNIST_IMAGE, FashionMnist, ImageSize, LabelledImages, Split};
use trainer::evaluation::evaluate;
use trainer::network::{Network, NetworkConfig, ObservedQuantity, Preset, preset};
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::random_stream::{Purpose, Stream};
use trainer::{
    FitConfig, Measurement, Moment, Observe, Phase, TrainError, TrainedValues, Trains, fit,
};

const SIZE: ImageSize = ImageSize { channels: 1, height: 8, width: 8 };
const BOTH: [&Preset; 2] = [&preset::SIMPLE_NETWORK, &preset::SPATIAL_BATCH_NORM_NETWORK];

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

fn run(preset: &'static Preset, trains: Trains, config: &FitConfig) -> Result<Run, TrainError> {
    run_of(&preset.config, trains, config)
}

fn run_of(network: &NetworkConfig, trains: Trains, config: &FitConfig) -> Result<Run, TrainError> {
    let images = two_halves();
    let split = Split::four_fifths_of(images.len(), 0);
    let mut network = network.build(SIZE, 2, config.seed)?;
    let trained = trains.parameters(&network, config.seed)?;
    let mut adam = Optimizer::of_values(AdamConfig::new(1e-2)?, &network, &trained);
    let mut measurements = Vec::new();
    fit(&mut network, &mut adam, &images, &split, config, |moment| {
        measurements.push(moment.measurement);
        Ok::<(), TrainError>(())
    })?;
    Ok(Run { network, measurements })
}

fn config() -> FitConfig {
    FitConfig {
        first_step: 0,
        epochs: 3,
        batch_size: 30,
        seed: 1,
        observe_every: 0,
        observe: Observe::default(),
    }
}

fn bits(run: &Run) -> Vec<u64> {
    let weights = run.network.state().into_iter().flat_map(|(_, array)| {
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
    let run = run(&preset::SIMPLE_NETWORK, Trains::All, &config()).unwrap();
    let rows: Vec<_> =
        run.measurements.iter().map(|m| (m.step, m.epoch, m.phase, m.count)).collect();
    let epoch = |epoch: u64| {
        let first = 3 * epoch;
        [
            (first, epoch, Phase::Training, 30),
            (first + 1, epoch, Phase::Training, 30),
            (first + 2, epoch, Phase::Training, 20),
            (first + 2, epoch, Phase::Validation, 20),
        ]
    };
    assert_eq!(rows, [epoch(0), epoch(1), epoch(2)].concat());
}

#[test]
fn both_networks_learn_with_either_head() {
    for preset in BOTH {
        for trains in [Trains::HeadFrozen, Trains::All] {
            let config = FitConfig { epochs: 8, batch_size: 10, seed: 0, ..config() };
            let run = run(preset, trains, &config).unwrap();
            let last = run.measurements.last().unwrap();
            assert_eq!(last.phase, Phase::Validation);
            assert!(last.accuracy > 0.9, "{preset:?} {trains:?} {last:?}");
        }
    }
}

/// The first step of Adam moves each parameter by its own gradient alone.
#[test]
fn what_is_not_trained_stays_and_the_rest_moves_as_if_everything_did() {
    let one_step = FitConfig { epochs: 1, batch_size: 80, ..config() };
    for &preset in Preset::all() {
        let initial: Network<f32> = preset.config.build(SIZE, 2, one_step.seed).unwrap();
        let all = run(preset, Trains::All, &one_step).unwrap().network;
        for &trains in Trains::all_values() {
            let Ok(trained) = trains.parameters(&initial, one_step.seed) else {
                let lacks_norm = initial.norms().count() == 0;
                let lacks_head = !preset.config.has_linear_head();
                let lacks = match trains {
                    Trains::NormOnly | Trains::Random => lacks_norm,
                    Trains::HeadOnly => lacks_head,
                    Trains::NormAndHead => lacks_norm || lacks_head,
                    Trains::HeadFrozen | Trains::All | Trains::AllButNorm => false,
                };
                assert!(lacks, "{preset:?} {trains:?}");
                continue;
            };
            let network = run(preset, trains, &one_step).unwrap().network;
            let arrays = network.parameters().into_iter().zip(initial.parameters());
            for (((name, found), (_, initial)), (_, moved)) in arrays.zip(all.parameters()) {
                let is_trained = |place: usize| match trained.values(&name) {
                    None => false,
                    Some(TrainedValues::All) => true,
                    Some(TrainedValues::At(places)) => places.contains(&place),
                };
                let both = initial.iter().zip(&moved).enumerate();
                let expected: Vec<u32> = both
                    .map(
                        |(place, (initial, moved))| {
                            if is_trained(place) { moved.to_bits() } else { initial.to_bits() }
                        },
                    )
                    .collect();
                let found: Vec<u32> = found.iter().map(|value| value.to_bits()).collect();
                assert_eq!(found, expected, "{preset:?} {trains:?} {name}");
            }
            assert_eq!(network.buffers(), all.buffers());
            assert_ne!(network, initial);
        }
    }
}

#[test]
fn the_same_configuration_gives_the_same_bits_on_any_thread() {
    for preset in BOTH {
        let once = run(preset, Trains::All, &config()).unwrap();
        let twice = run(preset, Trains::All, &config()).unwrap();
        let elsewhere = thread::spawn(move || run(preset, Trains::All, &config()).unwrap());
        assert_eq!(bits(&once), bits(&twice));
        assert_eq!(bits(&once), bits(&elsewhere.join().unwrap()));
        let other = run(preset, Trains::All, &FitConfig { seed: 2, ..config() }).unwrap();
        assert_ne!(bits(&once), bits(&other));
    }
}

/// A step that is observed keeps activations, and computes layers one by one that others compute together.
#[test]
fn observing_changes_no_bit() {
    let others =
        ["linear-6_noisy-batch-norm_sigmoid_dropout-0.5", "conv-3_ghost-batch-norm-4_relu"];
    let others = others.map(|text| text.parse().unwrap());
    let networks = Preset::all().iter().map(|preset| preset.config.clone()).chain(others);
    for network in networks {
        let of = |observe_every, observe: &str| {
            let observe = Observe::of_name(observe).unwrap();
            let config = FitConfig { observe_every, observe, ..config() };
            bits(&run_of(&network, Trains::All, &config).unwrap())
        };
        let never = of(0, "distributions");
        for observe in ["distributions", "landscape", "unit", "distributions+landscape+unit"] {
            assert_eq!(never, of(2, observe), "{network}, {observe}");
            assert_eq!(never, of(1, observe), "{network}, {observe}");
        }
    }
}

#[test]
fn a_unit_is_the_first_channel_of_the_last_activation() {
    let images = two_halves();
    let split = Split::four_fifths_of(images.len(), 0);
    for (text, last, channels) in
        [("conv-3-4_batch-norm_tanh", "model.6", 4), ("linear-6-5_sigmoid", "model.3", 5)]
    {
        let config_of_network: NetworkConfig = text.parse().unwrap();
        let mut network: Network<f32> = config_of_network.build(SIZE, 2, 0).unwrap();
        let mut adam = Optimizer::new(AdamConfig::new(1e-2).unwrap(), &network, |_| true);
        let observe = Observe::of_name("distributions+unit").unwrap();
        let config = FitConfig { observe_every: 1, observe, ..config() };
        fit(&mut network, &mut adam, &images, &split, &config, |moment: Moment<'_, f32>| {
            let Some(observation) = moment.observation else { return Ok::<(), TrainError>(()) };
            let of = |quantity| {
                let mut found = observation.distributions.iter();
                &found.find(|seen| seen.layer == last && seen.quantity == quantity).unwrap().values
            };
            // The values go image by image, and of each image channel by channel.
            let all = of(ObservedQuantity::PreActivation);
            let per_channel = all.len() / moment.measurement.count / channels;
            let first = all.chunks(per_channel).step_by(channels).flatten();
            assert!(first.eq(of(ObservedQuantity::UnitPreActivation)), "{text}");
            Ok(())
        })
        .unwrap();
    }
}

/// A run may go on from any moment that says so, within an epoch too, and dropout goes on with it.
#[test]
fn training_in_parts_gives_the_same_bits_as_in_one() {
    for preset in [&preset::SPATIAL_BATCH_NORM_NETWORK, &preset::DROPOUT_NETWORK] {
        let whole = run(preset, Trains::All, &config()).unwrap();
        let images = two_halves();
        let split = Split::four_fifths_of(images.len(), 0);
        for pause in 0..8 {
            let mut network = preset.config.build(SIZE, 2, 1).unwrap();
            let config_of_adam = AdamConfig::new(1e-2).unwrap();
            let mut adam = Optimizer::new(config_of_adam, &network, |_| true);
            let mut measurements = Vec::new();
            let mut first_step = 0;
            let mut part = |first_step: &mut u64, pause: u64| {
                let config = FitConfig { first_step: *first_step, ..config() };
                fit(&mut network, &mut adam, &images, &split, &config, |moment| {
                    measurements.push(moment.measurement);
                    *first_step = moment.optimizer.steps();
                    let pauses = moment.is_resumable && *first_step > pause;
                    if pauses { Err(Ended::Paused) } else { Ok(()) }
                })
            };
            assert!(matches!(part(&mut first_step, pause), Err(Ended::Paused)));
            assert_eq!(first_step, pause + 1);
            part(&mut first_step, u64::MAX).unwrap();
            assert_eq!(whole.measurements, measurements);
            assert_eq!(bits(&whole), bits(&Run { network, measurements }), "paused after {pause}");
        }
    }
}

/// Why a part of a training ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("paused")]
    Paused,
    #[error(transparent)]
    Failed(#[from] TrainError),
}

#[test]
fn a_multiple_and_the_last_step_of_each_epoch_are_observed_before_they_are_taken() {
    let images = two_halves();
    let split = Split::four_fifths_of(images.len(), 0);
    let mut network: Network<f32> =
        preset::SPATIAL_BATCH_NORM_NETWORK.config.build(SIZE, 2, 0).unwrap();
    let mut adam = Optimizer::new(AdamConfig::new(1e-2).unwrap(), &network, |_| true);
    let config = FitConfig { observe_every: 5, ..config() };
    let mut observed = Vec::new();
    fit(&mut network, &mut adam, &images, &split, &config, |moment: Moment<'_, f32>| {
        let Some(observation) = moment.observation else { return Ok::<(), TrainError>(()) };
        let of = |layer: &str, quantity| {
            let mut found = observation.distributions.iter();
            found.find(|seen| seen.layer == layer && seen.quantity == quantity).unwrap()
        };
        let gamma = of("model.1", ObservedQuantity::Gamma);
        assert_eq!(gamma.values.len(), 16);
        let before_training = moment.measurement.step == 0;
        assert_eq!(gamma.values.iter().all(|&gamma| gamma == 1.0), before_training);
        let pixels = moment.measurement.count * 16 * 8 * 8;
        let inputs = [ObservedQuantity::BeforeBatchNorm, ObservedQuantity::PreActivation];
        let [before, after] = inputs.map(|quantity| &of("model.2", quantity).values);
        assert_eq!((before.len(), after.len()), (pixels, pixels));
        if before_training {
            // With γ = 1 and β = 0 the ReLU reads values of mean 0 and variance 1.
            let moments = |power: i32| {
                let powers =
                    after.iter().map(|&value| if power == 1 { value } else { value * value });
                powers.map(f64::from).sum::<f64>() / pixels as f64
            };
            assert!(moments(1).abs() < 1e-6 && (moments(2) - 1.0).abs() < 1e-2, "{}", moments(2));
        }
        observed.push(moment.measurement.step);
        Ok(())
    })
    .unwrap();
    assert_eq!(observed, [0, 2, 5, 8]);
}

#[test]
fn the_observer_can_stop_a_run() {
    let images = two_halves();
    let split = Split::four_fifths_of(images.len(), 0);
    let mut network: Network<f32> = preset::SIMPLE_NETWORK.config.build(SIZE, 2, 0).unwrap();
    let mut adam = Optimizer::new(AdamConfig::new(1e-2).unwrap(), &network, |_| true);
    let result = fit(&mut network, &mut adam, &images, &split, &config(), |moment| {
        let full = TrainError::Config { parameter: "disk", expected: "", got: String::new() };
        if moment.measurement.step == 1 { Err(full) } else { Ok(()) }
    });
    assert!(matches!(result, Err(TrainError::Config { parameter: "disk", .. })));
    assert_eq!(adam.steps(), 2);
}

#[test]
fn a_mean_is_weighted_by_the_number_of_images() {
    let images = two_halves();
    let network: Network<f64> = preset::SIMPLE_NETWORK.config.build(SIZE, 2, 0).unwrap();
    let positions: Vec<usize> = (0..50).collect();
    let whole = evaluate(&network, &images, &positions, 50).unwrap();
    let parts = evaluate(&network, &images, &positions, 7).unwrap(); // the last batch has one
    assert_eq!(whole.confusion, parts.confusion);
    assert_eq!(whole.confusion.sum(), 50);
    assert_eq!(whole.confusion.diag().sum() as f64 / 50.0, whole.score.accuracy());
    let (whole, parts) = (whole.score, parts.score);
    assert!((whole.mean_loss() - parts.mean_loss()).abs() < 1e-14);
    assert_eq!(whole.accuracy(), parts.accuracy());
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let images = two_halves();
    let split = Split::four_fifths_of(images.len(), 0);
    let try_fit = |split: &Split, batch_size, learning_rate| {
        let mut network: Network<f32> = preset::SIMPLE_NETWORK.config.build(SIZE, 2, 0).unwrap();
        let config = AdamConfig::new(learning_rate).unwrap();
        let mut adam = Optimizer::new(config, &network, |_| true);
        let config = FitConfig { batch_size, ..config_of_many_epochs() };
        fit(&mut network, &mut adam, &images, split, &config, |_| Ok::<(), TrainError>(()))
            .unwrap_err()
    };
    assert!(matches!(try_fit(&split, 0, 1e-2), TrainError::Config { .. }));
    // After one step the weights are so large that evaluation overflows, or batch norm's running
    // variance does while all losses stay finite.
    let one_step = split.clone().truncated(10, 10);
    let error = try_fit(&one_step, 10, 1e25);
    assert!(matches!(error, TrainError::LossNotFinite { phase: "validation", .. }), "{error}");
    let nothing = split.clone().truncated(10, 0);
    assert!(matches!(try_fit(&nothing, 10, 1e-2), TrainError::DataSet { .. }));
    assert!(matches!(try_fit(&split, 10, 1e30), TrainError::LossNotFinite { .. }));
}

fn config_of_many_epochs() -> FitConfig {
    FitConfig { epochs: 10, ..config() }
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
    let split = Split::four_fifths_of(images.len(), 0);
    assert_eq!((split.training.len(), split.validation.len()), (48_000, 12_000));
    let split = split.truncated(20 * 50, 200);
    let [simple, spatial] = BOTH.map(|preset| {
        let mut network: Network<f32> =
            preset.config.build(FASHION_MNIST_IMAGE, images.classes(), 0).unwrap();
        let trained = Trains::HeadFrozen.parameters(&network, 0).unwrap();
        let config_of_adam = AdamConfig::new(5e-4).unwrap();
        let mut adam = Optimizer::new(config_of_adam, &network, |name| trained.contains(name));
        let config = FitConfig { epochs: 1, batch_size: 50, seed: 0, ..config() };
        let mut accuracy = None;
        fit(&mut network, &mut adam, &images, &split, &config, |moment| {
            accuracy = Some(moment.measurement.accuracy);
            Ok::<(), TrainError>(())
        })
        .unwrap();
        accuracy.unwrap()
    });
    assert!(spatial > simple && spatial > 0.2, "{simple} {spatial}");
}
