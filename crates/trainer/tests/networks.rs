//! The networks: names, counts, shared weights, gradients.

use kernels::{KernelError, softmax_cross_entropy};
use ndarray::{Array1, Array4, ArrayD, Axis, IxDyn};
use trainer::TrainError;
use trainer::dataset::{FASHION_MNIST_IMAGE, ImageSize};
use trainer::network::{
    Backward, BatchNorm, BatchNormInput, Dropout, Flatten, Layer, Network, NetworkConfig,
    NoisyBatchNorm, Norm, Preset, Saved, preset,
};
use trainer::random_stream::{Purpose, Stream};

const TINY: ImageSize = ImageSize { channels: 2, height: 5, width: 4 };
const BOTH: [&Preset; 2] = [&preset::SIMPLE_NETWORK, &preset::SPATIAL_BATCH_NORM_NETWORK];

/// The presets, and networks with the layers that no preset has.
fn every_network() -> Vec<NetworkConfig> {
    let others = OTHERS.iter().map(|text| text.parse().unwrap());
    Preset::all().iter().map(|preset| preset.config.clone()).chain(others).collect()
}

const OTHERS: [&str; 9] = [
    "conv-3-4_batch-norm_tanh",
    "linear-6-5_sigmoid",
    "conv-4-6_group-norm-1_relu",
    "conv-4_group-norm-2_tanh",
    "linear-6_group-norm-2_relu",
    "conv-4_instance-norm_relu",
    "conv-4_ghost-batch-norm-2_tanh",
    "conv-4_noisy-batch-norm_tanh",
    "linear-6_noisy-batch-norm_sigmoid",
];

fn names(network: &Network<f32>) -> Vec<String> {
    network.state().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn parameters_have_the_names_and_counts_of_the_notebooks_networks() {
    let build =
        |preset: &'static Preset| preset.config.build::<f32>(FASHION_MNIST_IMAGE, 10, 0).unwrap();
    let simple = build(&preset::SIMPLE_NETWORK);
    let spatial = build(&preset::SPATIAL_BATCH_NORM_NETWORK);
    assert_eq!((simple.parameter_count("model"), simple.parameter_count("fc")), (4_800, 15_690));
    assert_eq!((spatial.parameter_count("model"), spatial.parameter_count("fc")), (4_896, 15_690));
    assert_eq!(
        names(&simple),
        [
            "model.0.weight",
            "model.0.bias",
            "model.3.weight",
            "model.3.bias",
            "fc.weight",
            "fc.bias"
        ]
    );
    assert_eq!(
        names(&spatial),
        [
            "model.0.weight",
            "model.0.bias",
            "model.1.weight",
            "model.1.bias",
            "model.4.weight",
            "model.4.bias",
            "model.5.weight",
            "model.5.bias",
            "fc.weight",
            "fc.bias",
            "model.1.running_mean",
            "model.1.running_var",
            "model.5.running_mean",
            "model.5.running_var",
        ]
    );
}

/// 784·200 + 200 + 200·10 + 10, and γ and β of 200 features.
#[test]
fn the_networks_of_the_lesson_before_have_all_layers_in_model() {
    let build =
        |preset: &'static Preset| preset.config.build::<f32>(FASHION_MNIST_IMAGE, 10, 0).unwrap();
    let batch_norm = |last: &str| {
        ["0.weight", "0.bias", "1.weight", "1.bias"]
            .into_iter()
            .chain([&*format!("{last}.weight"), &*format!("{last}.bias")])
            .chain(["1.running_mean", "1.running_var"])
            .map(|name| format!("model.{name}"))
            .collect::<Vec<_>>()
    };
    for (preset, count, expected) in [
        (
            &preset::FULLY_CONNECTED_NETWORK,
            159_010,
            ["0.weight", "0.bias", "2.weight", "2.bias"].map(|name| format!("model.{name}")).into(),
        ),
        (&preset::BATCH_NORM_NETWORK, 159_410, batch_norm("3")),
        (&preset::DROPOUT_NETWORK, 159_410, batch_norm("4")),
    ] {
        let network = build(preset);
        assert_eq!(network.parameter_count("model"), count);
        assert_eq!(names(&network), expected);
        assert!(!preset.config.has_linear_head());
    }
}

#[test]
fn a_pair_shares_its_initial_weights_and_seeds_do_not() {
    let parameters = |preset: &'static Preset, seed| {
        let network = preset.config.build::<f32>(FASHION_MNIST_IMAGE, 10, seed).unwrap();
        let mut drawn = network.parameters();
        drawn.retain(|(name, _)| !name.starts_with("model.1.") && !name.starts_with("model.5."));
        drawn.into_iter().map(|(_, array)| array.to_owned()).collect::<Vec<_>>()
    };
    let [simple, spatial] = BOTH.map(|preset| parameters(preset, 4));
    assert_eq!(simple, spatial);
    let other = parameters(&preset::SIMPLE_NETWORK, 5);
    assert!(simple.iter().zip(&other).all(|(one, other)| one != other));

    let linear = |preset: &'static Preset, last: &str| {
        let network = preset.config.build::<f32>(FASHION_MNIST_IMAGE, 10, 4).unwrap();
        let mut parameters = network.parameters();
        parameters.retain(|(name, _)| name.starts_with("model.0.") || name.starts_with(last));
        parameters.into_iter().map(|(_, array)| array.to_owned()).collect::<Vec<_>>()
    };
    let plain = linear(&preset::FULLY_CONNECTED_NETWORK, "model.2.");
    assert_eq!(plain.len(), 4);
    assert_eq!(plain, linear(&preset::BATCH_NORM_NETWORK, "model.3."));
    assert_eq!(plain, linear(&preset::DROPOUT_NETWORK, "model.4."));
}

/// Values below p are dropped and the others scaled, by draws in logical order whatever the memory;
/// evaluation drops nothing.
#[test]
fn dropout_follows_its_stream_in_logical_order() {
    const P: f64 = 0.3;
    let mut layer: Layer<f64> = Layer::Dropout(Dropout { p: P });
    let x = images().mapv(|value| value + 1.0);
    let reversed = x.t().as_standard_layout().into_owned().reversed_axes();
    assert_eq!(x, reversed);
    let mut draws = masks();
    let expected =
        x.mapv(|value| if draws.uniform() < P { 0.0 } else { value * (1.0 / (1.0 - P)) });
    let dropped = expected.iter().filter(|value| **value == 0.0).count();
    assert!((1..x.len() - 1).contains(&dropped), "{dropped}");
    for x in [&x, &reversed] {
        let mut random = masks();
        let (mut out, mut saved) = (ArrayD::default(IxDyn(&[0])), Saved::default());
        let x = x.view().into_dyn();
        layer.forward_train(x.view(), &mut random, &mut out, &mut saved).unwrap();
        assert_eq!(out, expected.clone().into_dyn());
        assert_eq!(random.bits(), draws.clone().bits());
        assert!(layer.is_backward_in_place());
        let mut dx = ArrayD::ones(x.raw_dim());
        let pass = Backward { x: x.view(), dout: &mut dx, dx: None, parameters: None };
        layer.backward(&saved, pass).unwrap();
        let scale = |value: f64| if value == 0.0 { 0.0 } else { 1.0 / (1.0 - P) };
        assert_eq!(dx, expected.mapv(scale).into_dyn());
        layer.forward_eval(x.view(), &mut out, &mut saved).unwrap();
        assert_eq!(out, x);
    }
    let (mut out, mut saved) = (ArrayD::default(IxDyn(&[0])), Saved::default());
    let error = Layer::Dropout(Dropout { p: 1.0 })
        .forward_train(x.view().into_dyn(), &mut masks(), &mut out, &mut saved)
        .unwrap_err();
    assert!(matches!(error, KernelError::Config { parameter: "p", .. }), "{error}");
}

/// The noise is drawn here once more, by the order that the layer's text has.
#[test]
fn noise_of_each_image_and_channel_lies_behind_batch_norm_in_training_alone() {
    let mut norm = BatchNorm::<f64>::new(BatchNormInput::Images, 3);
    norm.gamma = Array1::from(vec![1.0, -2.0, 0.5]);
    let mut noisy = Layer::NoisyBatchNorm(NoisyBatchNorm { norm: norm.clone() });
    let mut norm = Layer::BatchNorm(norm);
    let mut numbers = Stream::new(0, Purpose::Split, 0);
    let x: ArrayD<f64> = ArrayD::from_shape_simple_fn(IxDyn(&[5, 3, 2, 4]), || numbers.uniform());
    let forward = |layer: &mut Layer<f64>, stream: &mut Stream| {
        let (mut out, mut saved) = (ArrayD::zeros(IxDyn(&[0])), Saved::default());
        layer.forward_train(x.view(), stream, &mut out, &mut saved).unwrap();
        out
    };
    let (mut means, mut scales) = (Vec::new(), Vec::new());
    for step in 0..400 {
        let stream = || Stream::new(8, Purpose::Dropout, step);
        let expected = forward(&mut norm, &mut stream());
        let found = forward(&mut noisy, &mut stream());
        let mut random = stream();
        let of_channels: Vec<[f64; 2]> =
            (0..3).map(|_| [random.uniform() - 0.5, 1.0 + random.uniform() / 4.0]).collect();
        for (found, expected) in found.outer_iter().zip(expected.outer_iter()) {
            let channels = found.outer_iter().zip(expected.outer_iter()).zip(&of_channels);
            for ((found, expected), [mean, scale]) in channels {
                let shift = mean - 0.1 + 0.2 * random.uniform();
                let factor = scale + 0.1 * random.normal();
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - (factor * expected + shift)).abs() < 1e-12);
                }
                means.push(shift);
                scales.push(factor);
            }
        }
    }
    // 6,000 draws in 1,200 channels: the standard errors are 0.0084, 0.0025, and those of the variances.
    let moments = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares = values.iter().map(|value| (value - mean) * (value - mean));
        (mean, squares.sum::<f64>() / values.len() as f64)
    };
    let ((mean, variance), (scale, variance_of_scales)) = (moments(&means), moments(&scales));
    assert!(
        mean.abs() < 0.03 && (variance - (1.0 + 0.04) / 12.0).abs() < 0.01,
        "{mean} {variance}"
    );
    let expected = 0.25 * 0.25 / 12.0 + 0.01;
    assert!((scale - 1.125).abs() < 0.01, "{scale}");
    assert!((variance_of_scales - expected).abs() < 0.002, "{variance_of_scales}");
    let mut outputs = [ArrayD::zeros(IxDyn(&[0])), ArrayD::zeros(IxDyn(&[0]))];
    norm.forward_eval(x.view(), &mut outputs[0], &mut Saved::default()).unwrap();
    noisy.forward_eval(x.view(), &mut outputs[1], &mut Saved::default()).unwrap();
    assert_eq!(outputs[0], outputs[1]);
}

/// A ReLU's input is what the batch norm makes of its own, and a batch norm's mean and variance
/// are those of its input, which the running statistics move towards.
#[test]
fn what_logs_look_at_is_what_the_layers_read() {
    for &preset in Preset::all() {
        let mut network = preset.config.build::<f64>(TINY, 3, 0).unwrap();
        let (_, tape) = network.forward_train(images(), &mut masks()).unwrap();
        let activations = tape.activations(&network);
        let names: Vec<_> = activations.iter().map(|activation| activation.name).collect();
        let norms: Vec<_> = network.norms().collect();
        let (expected, expected_norms): (&[_], &[_]) = match preset.name {
            "SimpleNetwork" => (&["model.1", "model.4"], &[]),
            "SpatialBatchNormNetwork" => (&["model.2", "model.6"], &["model.1", "model.5"]),
            "FullyConnectedNetwork" => (&["model.1"], &[]),
            _ => (&["model.2"], &["model.1"]),
        };
        assert_eq!(names, expected);
        assert_eq!(norms.iter().map(|(name, _)| *name).collect::<Vec<_>>(), expected_norms);
        let before: Vec<_> = activations
            .iter()
            .filter_map(|a| Some((a.before_batch_norm.as_ref()?, &a.pre_activation)))
            .collect();
        assert_eq!(before.len(), norms.len());
        for ((_, norm), (before, after)) in norms.iter().zip(before) {
            let of = |index: usize| norm.observed[index].1;
            let [gamma, beta, running_mean, running_var] = [0, 1, 2, 3].map(of);
            assert_eq!(before.shape(), after.shape());
            for (channel, x) in before.axis_iter(Axis(1)).enumerate() {
                let mean = x.sum() / x.len() as f64;
                assert!((running_mean[channel] - 0.1 * mean).abs() < 1e-12);
                let y = after.index_axis(Axis(1), channel);
                assert!((y.sum() / y.len() as f64 - beta[channel]).abs() < 1e-12);
                let var = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / x.len() as f64;
                for (x, y) in x.iter().zip(y) {
                    let expected = (x - mean) / (var + 1e-5).sqrt() * gamma[channel];
                    assert!((y - expected).abs() < 1e-9, "{y} {expected}");
                }
                let unbiased = var * x.len() as f64 / (x.len() as f64 - 1.0);
                assert!((running_var[channel] - 0.9 - 0.1 * unbiased).abs() < 1e-12);
            }
        }
    }
}

/// The head reads its features in the order (C, H, W) of PyTorch's `flatten`.
#[test]
fn flattening_follows_logical_order_whatever_the_memory() {
    let network = preset::SPATIAL_BATCH_NORM_NETWORK.config.build::<f64>(TINY, 3, 0).unwrap();
    let images = images();
    let channels_last = images
        .view()
        .permuted_axes([0, 2, 3, 1])
        .as_standard_layout()
        .into_owned()
        .permuted_axes([0, 3, 1, 2]);
    assert_eq!(images, channels_last);
    let bits =
        |images: &Array4<f64>| network.forward_eval(images.view()).unwrap().mapv(f64::to_bits);
    assert_eq!(bits(&images), bits(&channels_last));

    let mut layer: Layer<f64> = Layer::Flatten(Flatten);
    let (mut rows, mut saved) = (ArrayD::default(IxDyn(&[0])), Saved::default());
    let x = channels_last.view().into_dyn();
    layer.forward_train(x.view(), &mut masks(), &mut rows, &mut saved).unwrap();
    assert!(rows.iter().eq(images.iter()));
    let mut dx = ArrayD::default(IxDyn(&[0]));
    let pass = Backward { x, dout: &mut rows, dx: Some(&mut dx), parameters: None };
    layer.backward(&saved, pass).unwrap();
    assert_eq!(dx, images.into_dyn());
}

#[test]
fn evaluation_changes_nothing_and_training_moves_running_statistics() {
    for config in every_network() {
        let mut network = config.build::<f64>(TINY, 3, 0).unwrap();
        let before = network.clone();
        network.forward_eval(images().view()).unwrap();
        assert_eq!(network, before);
        network.forward_train(images(), &mut masks()).unwrap();
        assert_eq!(network.parameters(), before.parameters());
        assert_eq!(network == before, network.buffers().is_empty());
    }
}

/// Parameters of every network by central differences, through the cross-entropy of random images:
/// all of the small ones, every ninth of the large ones.
#[test]
fn gradients_match_numerical_ones() {
    const STEP: f64 = 1e-6;
    for config in every_network() {
        let mut network = config.build::<f64>(TINY, 3, 7).unwrap();
        // Away from γ = 1 and β = 0, where a term too many or too few can hide.
        let mut stream = Stream::new(8, Purpose::Initialization, 99);
        for (name, mut parameter) in network.parameters_mut() {
            if name.starts_with("model.") && parameter.ndim() == 1 {
                parameter.mapv_inplace(|value| value + 0.4 * stream.uniform() - 0.2);
            }
        }
        let labels = Array1::from(vec![0, 2, 1]);
        let (logits, tape) = network.forward_train(images(), &mut masks()).unwrap();
        let (_, probabilities) =
            softmax_cross_entropy::forward(logits.view(), labels.view()).unwrap();
        let dlogits = softmax_cross_entropy::backward(probabilities.view(), labels.view()).unwrap();
        let gradients = network.backward(tape, dlogits.view()).unwrap();

        let images = images();
        let loss_at = |network: &mut Network<f64>, parameter: usize, index: usize, value| {
            set(network, parameter, index, value);
            let (logits, _) = network.forward_train(images.clone(), &mut masks()).unwrap();
            softmax_cross_entropy::forward(logits.view(), labels.view()).unwrap().0
        };
        let names: Vec<String> = network.parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), gradients.parameters().len());
        for (parameter, gradient) in gradients.parameters().iter().enumerate() {
            let largest = gradient.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
            let name = &names[parameter];
            // A bias before batch norm has the gradient 0; every other must say something.
            let before_batch_norm = name.ends_with(".bias")
                && match config.norm {
                    // Of several channels, a bias moves one alone.
                    Norm::None | Norm::GroupNorm { .. } => false,
                    Norm::BatchNorm
                    | Norm::GhostBatchNorm { .. }
                    | Norm::NoisyBatchNorm
                    | Norm::InstanceNorm => {
                        let layer: Option<usize> =
                            name.split('.').nth(1).and_then(|layer| layer.parse().ok());
                        let norm = layer.map(|layer| format!("model.{}", layer + 1));
                        network.norms().any(|(name, _)| Some(name) == norm.as_deref())
                    }
                };
            assert_eq!(largest < 1e-12, before_batch_norm, "{config}: {name} {largest}");
            let stride = if gradient.len() > 300 { 9 } else { 1 };
            for (index, &analytic) in gradient.iter().enumerate().step_by(stride) {
                let value = *network.parameters()[parameter].1.iter().nth(index).unwrap();
                let above = loss_at(&mut network, parameter, index, value + STEP);
                let below = loss_at(&mut network, parameter, index, value - STEP);
                set(&mut network, parameter, index, value);
                let numerical = (above - below) / (2.0 * STEP);
                let tolerance = 2e-9 + 1e-6 * analytic.abs();
                assert!(
                    (numerical - analytic).abs() <= tolerance,
                    "{config}: {name}[{index}]: {numerical} {analytic}"
                );
            }
        }
    }
}

#[test]
fn unfit_images_sizes_and_tapes_are_refused() {
    for &preset in Preset::all() {
        let narrow = if preset.config.has_linear_head() { 3 } else { 0 };
        for image in [ImageSize { channels: 0, ..TINY }, ImageSize { width: narrow, ..TINY }] {
            let error = preset.config.build::<f32>(image, 10, 0).unwrap_err();
            assert!(matches!(error, TrainError::Config { .. }), "{error}");
        }
        assert!(preset.config.build::<f32>(TINY, 0, 0).is_err());
        let network = preset.config.build::<f32>(TINY, 10, 0).unwrap();
        let grey = Array4::zeros([1, 1, 5, 4]);
        let error = network.forward_eval(grey.view()).unwrap_err();
        assert!(matches!(error, TrainError::Kernel(KernelError::Shape { .. })), "{error}");
    }
    let build = |preset: &'static Preset| preset.config.build::<f64>(TINY, 3, 0).unwrap();
    let [mut simple, spatial] = BOTH.map(build);
    let (logits, tape) = simple.forward_train(images(), &mut masks()).unwrap();
    let error = spatial.backward(tape, logits.view()).unwrap_err();
    assert!(matches!(error, TrainError::OtherNetwork { .. }), "{error}");
}

fn images() -> Array4<f64> {
    let mut stream = Stream::new(9, Purpose::Shuffle, 0);
    Array4::from_shape_simple_fn([3, 2, 5, 4], || stream.uniform())
}

fn masks() -> Stream {
    Stream::new(9, Purpose::Dropout, 0)
}

fn set(network: &mut Network<f64>, parameter: usize, index: usize, value: f64) {
    let mut parameters = network.parameters_mut();
    *parameters[parameter].1.iter_mut().nth(index).unwrap() = value;
}
