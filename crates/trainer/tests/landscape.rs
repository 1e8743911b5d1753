//! The loss along its gradient: worked out by hand, by numeric differences, and by PyTorch.

use std::ops::ControlFlow;

use kernels::{Real, softmax_cross_entropy};
use serde::Deserialize;
use trainer::dataset::{DataSetContents, ImageSize, LabelledImages, Split};
use trainer::evaluation::EvaluationStatistics;
use trainer::landscape::{LAYER, RATES};
use trainer::log::read_csv;
use trainer::network::{Network, NetworkConfig, ObservedQuantity};
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::random_stream::{Purpose, Stream};
use trainer::run::{Ended, RunConfig, read_distributions};
use trainer::{
    FitConfig, Observable, Observe, Seeds, TrainError, TrainedValues, Trains, fit, weights,
};

use crate::training_fixtures::Training;
use crate::trajectories::biases_before_batch_norms;

/// Loss, change of the gradient and smoothness at each rate.
type Measured = [Vec<f64>; 3];

/// What the first step of a training of these parameters, with these images in a batch, has along its
/// gradient.
fn measure<F: Real>(
    seed: u64,
    network: &Network<F>,
    trains: impl Fn(&str) -> bool,
    images: &LabelledImages,
    split: &Split,
    batch_size: usize,
) -> Measured {
    let adam = Optimizer::new(AdamConfig::new(1e-3).unwrap(), network, trains);
    measure_with(adam, seed, network, images, split, batch_size)
}

/// As [`measure`], of the values that this optimiser trains.
fn measure_with<F: Real>(
    mut adam: Optimizer<F>,
    seed: u64,
    network: &Network<F>,
    images: &LabelledImages,
    split: &Split,
    batch_size: usize,
) -> Measured {
    let mut network = network.clone();
    let config = FitConfig {
        first_step: 0,
        epochs: 1,
        batch_size,
        seed,
        observe_every: 1,
        observe: Observe::from_iter([Observable::Landscape]),
    };
    let mut found = None;
    let ended = fit(&mut network, &mut adam, images, split, &config, |moment| {
        let seen = moment.observation.unwrap();
        assert!(seen.distributions.iter().all(|one| one.layer == LAYER));
        let quantities = [
            ObservedQuantity::LossAlongGradient,
            ObservedQuantity::GradientChange,
            ObservedQuantity::Smoothness,
        ];
        assert_eq!(seen.distributions.len(), quantities.len());
        found = Some(quantities.map(|quantity| {
            let of = seen.distributions.iter().find(|one| one.quantity == quantity).unwrap();
            of.values.iter().map(|value| value.to_f64()).collect()
        }));
        Err(Ended::Interrupted.into())
    });
    let ended: Result<(), Stop> = ended;
    ended.unwrap_err();
    found.unwrap()
}

const SEED: u64 = 5;

/// Why a training ended after its first step.
#[derive(Debug)]
struct Stop;

impl From<Ended> for Stop {
    fn from(_: Ended) -> Self {
        Self
    }
}

impl From<TrainError> for Stop {
    fn from(error: TrainError) -> Self {
        panic!("{error}")
    }
}

/// One white pixel of class 0, as often as needed.
fn pixels(count: usize) -> (LabelledImages, Split) {
    let size = ImageSize { channels: 1, height: 1, width: 1 };
    let images = LabelledImages::new(size, 2, vec![255; count], vec![0; count]).unwrap();
    let split = Split::four_fifths_of(count, 0);
    (images, split)
}

fn network<F: Real>(text: &str, size: ImageSize, values: &[(&str, &[f64])]) -> Network<F> {
    let config: NetworkConfig = text.parse().unwrap();
    let mut network = config.build(size, 2, 1).unwrap();
    for (name, mut array) in network.parameters_mut() {
        let Some((_, values)) = values.iter().find(|(known, _)| *known == name) else { continue };
        assert_eq!(array.len(), values.len(), "{name}");
        array.iter_mut().zip(*values).for_each(|(to, value)| *to = F::from_f64(*value));
    }
    network
}

fn expect_near(found: &[f64], expected: impl Fn(f64) -> f64, tolerance: f64, what: &str) {
    assert_eq!(found.len(), RATES.len(), "{what}");
    for (found, rate) in found.iter().zip(RATES) {
        let expected = expected(rate);
        let off = (found - expected).abs();
        assert!(off <= tolerance * expected.abs(), "{what}, {rate}: {found} {expected}");
    }
}

/// A linear layer of one pixel x = 1 with all weights 0 has the logits (0, 0). For class 0 the gradient is
/// −½ for w₀ and b₀ and ½ for w₁ and b₁, of length 1. At w − η·g the logits are (η, −η), the loss is
/// ln(1 + e⁻²ᵑ), and the gradient ∓1/(1 + e²ᵑ), which has changed by 1 − 2/(1 + e²ᵑ) = tanh η.
///
/// Of the biases alone the length is √½, the logits are (η/2, −η/2), and tanh(η/2)/√2 is the change.
#[test]
#[expect(clippy::disallowed_methods, reason = "a tolerance covers how systems differ")]
fn a_linear_layer_of_one_pixel_is_as_worked_out_by_hand() {
    let (images, split) = pixels(10);
    let zeros = [("model.0.weight", [0.0; 2].as_slice()), ("model.0.bias", &[0.0; 2])];
    let network: Network<f64> = network("linear_relu", images.size(), &zeros);
    let [losses, changes, smoothness] = measure(SEED, &network, |_| true, &images, &split, 8);
    expect_near(&losses, |rate| (-2.0 * rate).exp().ln_1p(), 1e-14, "loss");
    expect_near(&changes, f64::tanh, 1e-14, "change");
    expect_near(&smoothness, |rate| rate.tanh() / rate, 1e-14, "smoothness");

    let is_bias = |name: &str| name == "model.0.bias";
    let [losses, changes, smoothness] = measure(SEED, &network, is_bias, &images, &split, 8);
    expect_near(&losses, |rate| (-rate).exp().ln_1p(), 1e-14, "loss, bias");
    expect_near(&changes, |rate| (rate / 2.0).tanh() / 2.0_f64.sqrt(), 1e-14, "change, bias");
    expect_near(&smoothness, |rate| (rate / 2.0).tanh() / rate, 1e-14, "smoothness, bias");
}

/// Gradients by central differences of the loss, whose errors are of the size of h² = 1e-10.
#[test]
fn every_layer_is_as_numeric_differences_say() {
    const H: f64 = 1e-5;
    let size = ImageSize { channels: 1, height: 2, width: 3 };
    let mut stream = Stream::new(3, Purpose::Split, 0);
    let pixels = (0..10 * size.values()).map(|_| stream.below(256) as u8).collect();
    let labels = (0..10).map(|_| stream.below(2) as u8).collect();
    let images = LabelledImages::new(size, 2, pixels, labels).unwrap();
    let split = Split { training: (0..8).collect(), validation: vec![8, 9], seed: None };
    for (text, trains) in [
        ("linear-3_batch-norm_tanh", Trains::All),
        ("linear-3-2_batch-norm_tanh", Trains::Random),
        ("linear-4_noisy-batch-norm_sigmoid_dropout-0.3", Trains::All),
        ("conv-3_noisy-batch-norm_tanh", Trains::All),
        ("conv-2_group-norm-2_sigmoid_dropout-0.2", Trains::All),
    ] {
        let network: Network<f64> = network(text, size, &[]);
        let trained = trains.parameters(&network, 1).unwrap();
        // Which values are trained.
        let mut mask = Vec::new();
        for (name, array) in network.parameters() {
            mask.extend((0..array.len()).map(|at| match trained.values(&name) {
                None => false,
                Some(TrainedValues::All) => true,
                Some(TrainedValues::At(places)) => places.contains(&at),
            }));
        }
        assert_eq!(mask.contains(&false), trains == Trains::Random, "{text}");
        let mut order: Vec<usize> = split.training.clone();
        Stream::new(SEED, Purpose::Shuffle, 0).shuffle(&mut order);
        let batch = images.batch::<f64>(&order).unwrap();
        let loss = |network: &Network<f64>| {
            let mut random = Stream::new(SEED, Purpose::Dropout, 0);
            let (logits, _) =
                network.clone().forward_train(batch.images.clone(), &mut random).unwrap();
            softmax_cross_entropy::forward(logits.view(), batch.labels.view()).unwrap().0
        };
        let with = |network: &Network<f64>, at: usize, by: f64| {
            let mut moved = network.clone();
            let mut parameters = moved.parameters_mut();
            *parameters.iter_mut().flat_map(|(_, array)| array.iter_mut()).nth(at).unwrap() += by;
            drop(parameters);
            moved
        };
        let gradient = |network: &Network<f64>| -> Vec<f64> {
            let slope =
                |at| (loss(&with(network, at, H)) - loss(&with(network, at, -H))) / (2.0 * H);
            mask.iter().enumerate().map(|(at, is)| if *is { slope(at) } else { 0.0 }).collect()
        };
        let here = gradient(&network);
        let length = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let adam = Optimizer::of_values(AdamConfig::new(1e-3).unwrap(), &network, &trained);
        let [losses, changes, smoothness] = measure_with(adam, SEED, &network, &images, &split, 8);
        for (at, rate) in RATES.into_iter().enumerate() {
            let mut there = network.clone();
            let mut parameters = there.parameters_mut();
            let values = parameters.iter_mut().flat_map(|(_, array)| array.iter_mut());
            values.zip(&here).for_each(|(value, slope)| *value -= rate * slope);
            drop(parameters);
            let changed: Vec<f64> =
                gradient(&there).iter().zip(&here).map(|(there, here)| there - here).collect();
            let expected =
                [loss(&there), length(&changed), length(&changed) / (rate * length(&here))];
            for (found, expected) in [losses[at], changes[at], smoothness[at]].iter().zip(expected)
            {
                let off = (found - expected).abs();
                assert!(off <= 1e-6 * expected.abs() + 1e-8, "{text}, {rate}: {found} {expected}");
            }
        }
    }
}

/// A line of `landscape/expected.csv`.
#[derive(Deserialize)]
struct OfPyTorch {
    training: String,
    rate: f64,
    loss: f64,
    change: f64,
    smoothness: f64,
}

/// Holds the first step of each training of the fixtures against PyTorch's.
fn follow<F: Real>(tolerance: f64) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/landscape/expected.csv");
    let expected: Vec<OfPyTorch> = read_csv(path.as_ref()).unwrap();
    for training in Training::all() {
        let name = training.case.name.strip_prefix("training/").unwrap();
        let mut network = training.network::<F>();
        weights::load(training.state_dict("initial"), &mut network).unwrap();
        let constant = biases_before_batch_norms(&network);
        let trained = training.trains.parameters(&network, 0).unwrap();
        let trains = |name: &str| trained.contains(name) && !constant.iter().any(|it| it == name);
        let (_, batch_size) = training.steps_and_batch_size();
        let images = training.images();
        let (seed, split) = (training.config.seed, training.split());
        let found = measure(seed, &network, trains, &images, &split, batch_size);
        let rows: Vec<&OfPyTorch> = expected.iter().filter(|row| row.training == name).collect();
        assert_eq!(rows.iter().map(|row| row.rate).collect::<Vec<_>>(), RATES, "{name}");
        for (at, row) in rows.into_iter().enumerate() {
            let theirs = [row.loss, row.change, row.smoothness];
            for (ours, theirs) in found.iter().zip(theirs) {
                let off = (ours[at] - theirs).abs() / theirs;
                assert!(off <= tolerance, "{name}, {}: {} {theirs}", row.rate, ours[at]);
            }
        }
    }
}

#[test]
fn the_first_step_of_every_training_is_as_in_pytorch_in_f64() {
    follow::<f64>(1e-9);
}

#[test]
fn the_first_step_of_every_training_is_as_in_pytorch_in_f32() {
    follow::<f32>(1e-4);
}

/// One pixel with h = 1, w = (1e37, 0) and b = (−3e37, 0) has the finite loss 2e37, and its gradient so long
/// that the logits overflow at every rate.
#[test]
fn a_loss_that_overflows_along_the_gradient_is_told_and_the_training_goes_on() {
    let (images, split) = pixels(10);
    let values = [
        ("model.0.weight", [1.0].as_slice()),
        ("model.0.bias", &[0.0]),
        ("model.2.weight", &[1e37, 0.0]),
        ("model.2.bias", &[-3e37, 0.0]),
    ];
    let start: Network<f32> = network("linear-1_relu", images.size(), &values);
    let [losses, changes, smoothness] = measure(SEED, &start, |_| true, &images, &split, 8);
    for found in [losses, changes, smoothness].concat() {
        assert!(!found.is_finite(), "{found}");
    }
    // In f64 there is room.
    let start: Network<f64> = network("linear-1_relu", images.size(), &values);
    let [losses, ..] = measure(SEED, &start, |_| true, &images, &split, 8);
    assert!(losses.iter().all(|loss| loss.is_finite()), "{losses:?}");
}

/// Weights that are 0 have no gradient but the bias's, and with logits that classify surely there is none.
#[test]
fn where_the_gradient_is_zero_nothing_moves_and_the_smoothness_is_no_number() {
    let (images, split) = pixels(10);
    let sure = [("model.0.weight", [2000.0, 0.0].as_slice()), ("model.0.bias", &[0.0; 2])];
    let network: Network<f64> = network("linear_relu", images.size(), &sure);
    let [losses, changes, smoothness] = measure(SEED, &network, |_| true, &images, &split, 8);
    assert_eq!((losses, changes), (vec![0.0; RATES.len()], vec![0.0; RATES.len()]));
    assert!(smoothness.iter().all(|value| value.is_nan()));
}

#[test]
fn a_run_logs_what_is_observed_and_nothing_else() {
    let (images, split) = pixels(30);
    let run = |observe: &str| {
        let config = RunConfig {
            network: "linear-4-3_batch-norm_sigmoid".parse().unwrap(),
            trains: Trains::All,
            seeds: Seeds::both(0),
            epochs: 1,
            batch_size: 8,
            optimizer: AdamConfig::new(1e-3).unwrap().into(),
            observations_per_epoch: 1,
            observe: Observe::of_name(observe).unwrap(),
            data_set: DataSetContents::known_by_name_alone("one pixel"),
            statistics: EvaluationStatistics::Running,
        };
        let folder = tempfile::tempdir().unwrap();
        let watch = |_: &_| ControlFlow::Continue(());
        assert_eq!(config.train(&images, &split, folder.path(), watch).unwrap(), Ended::Complete);
        let hparams = std::fs::read_to_string(folder.path().join("hparams.yaml")).unwrap();
        assert_eq!(hparams.contains("observe: "), observe != "distributions", "{hparams}");
        let weights = std::fs::read(folder.path().join("weights/epoch=1.safetensors")).unwrap();
        let metrics = std::fs::read(folder.path().join("metrics.csv")).unwrap();
        let rows = read_distributions(folder.path()).unwrap();
        let names: Vec<String> =
            rows.iter().map(|row| format!("{} {}", row.layer, row.quantity.name())).collect();
        (names, (weights, metrics))
    };
    let all = ["none", "distributions", "landscape", "unit", "distributions+landscape+unit"];
    let [nothing, usual, landscape, unit, everything] = all.map(run);
    assert_eq!(nothing.0, [""; 0]);
    let of_landscape = ["loss_along_gradient", "gradient_change", "smoothness"];
    let of_landscape = of_landscape.map(|name| format!("landscape {name}"));
    let of_unit = ["model.5 unit_pre_activation".to_owned()];
    // Two steps are observed, the first and the last.
    assert_eq!(landscape.0, [&of_landscape[..], &of_landscape].concat());
    assert_eq!(unit.0, [&of_unit[..], &of_unit].concat());
    let (first, second) = usual.0.split_at(usual.0.len() / 2);
    let each = |usual: &[String]| [usual, &of_unit, &of_landscape].concat();
    assert_eq!(everything.0, [each(first), each(second)].concat());
    for other in [usual, landscape, unit, everything] {
        assert_eq!(nothing.1, other.1);
    }
}
