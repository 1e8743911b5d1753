//! The two networks: names, counts, shared weights, gradients.

#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

use kernels::{KernelError, softmax_cross_entropy};
use ndarray::{Array1, Array4};
use trainer::TrainError;
use trainer::dataset::{FASHION_MNIST_IMAGE, ImageSize};
use trainer::network::{Architecture, Network};
use trainer::random::{Purpose, Stream};

const TINY: ImageSize = ImageSize { channels: 2, height: 5, width: 4 };
const BOTH: [Architecture; 2] =
    [Architecture::SimpleNetwork, Architecture::SpatialBatchNormNetwork];

fn names(network: &Network<f32>) -> Vec<String> {
    network.parameters().into_iter().chain(network.buffers()).map(|(name, _)| name).collect()
}

#[test]
fn parameters_have_the_names_and_counts_of_the_notebooks_networks() {
    let build =
        |architecture: Architecture| architecture.build::<f32>(FASHION_MNIST_IMAGE, 10, 0).unwrap();
    let simple = build(Architecture::SimpleNetwork);
    let spatial = build(Architecture::SpatialBatchNormNetwork);
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

#[test]
fn a_pair_shares_its_initial_weights_and_seeds_do_not() {
    let parameters = |architecture: Architecture, seed| {
        let network = architecture.build::<f32>(FASHION_MNIST_IMAGE, 10, seed).unwrap();
        let mut drawn = network.parameters();
        drawn.retain(|(name, _)| !name.starts_with("model.1.") && !name.starts_with("model.5."));
        drawn.into_iter().map(|(_, array)| array.to_owned()).collect::<Vec<_>>()
    };
    let [simple, spatial] = BOTH.map(|architecture| parameters(architecture, 4));
    assert_eq!(simple, spatial);
    let other = parameters(Architecture::SimpleNetwork, 5);
    assert!(simple.iter().zip(&other).all(|(one, other)| one != other));
}

/// The head reads its features in the order (C, H, W) of PyTorch's `flatten`.
#[test]
fn flattening_follows_logical_order_whatever_the_memory() {
    let network = Architecture::SpatialBatchNormNetwork.build::<f64>(TINY, 3, 0).unwrap();
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

    let mut layer: trainer::network::Layer<f64> = trainer::network::Layer::Flatten;
    let (rows, saved) = layer.forward_train(channels_last.clone().into_dyn()).unwrap();
    assert!(rows.iter().eq(images.iter()));
    let back = layer.backward(&saved, rows.view(), true).unwrap();
    assert_eq!(back.dx.unwrap(), images.into_dyn());
}

#[test]
fn evaluation_changes_nothing_and_training_moves_running_statistics() {
    for architecture in BOTH {
        let mut network = architecture.build::<f64>(TINY, 3, 0).unwrap();
        let before = network.clone();
        network.forward_eval(images().view()).unwrap();
        assert_eq!(network, before);
        network.forward_train(images()).unwrap();
        assert_eq!(network.parameters(), before.parameters());
        assert_eq!(network == before, architecture == Architecture::SimpleNetwork);
    }
}

/// Parameters of both networks by central differences, through the cross-entropy of random images:
/// all of the small ones, every ninth of the two large ones.
#[test]
fn gradients_match_numerical_ones() {
    const STEP: f64 = 1e-6;
    for architecture in BOTH {
        let mut network = architecture.build::<f64>(TINY, 3, 7).unwrap();
        // Away from γ = 1 and β = 0, where a term too many or too few can hide.
        let mut stream = Stream::new(8, Purpose::Initialization, 99);
        for (name, mut parameter) in network.parameters_mut() {
            if name.starts_with("model.") && parameter.ndim() == 1 {
                parameter.mapv_inplace(|value| value + 0.4 * stream.uniform() - 0.2);
            }
        }
        let labels = Array1::from(vec![0, 2, 1]);
        let (logits, tape) = network.forward_train(images()).unwrap();
        let (_, probabilities) =
            softmax_cross_entropy::forward(logits.view(), labels.view()).unwrap();
        let dlogits = softmax_cross_entropy::backward(probabilities.view(), labels.view()).unwrap();
        let gradients = network.backward(tape, dlogits.view()).unwrap();

        let images = images();
        let loss_at = |network: &mut Network<f64>, parameter: usize, index: usize, value| {
            set(network, parameter, index, value);
            let (logits, _) = network.forward_train(images.clone()).unwrap();
            softmax_cross_entropy::forward(logits.view(), labels.view()).unwrap().0
        };
        let names: Vec<String> = network.parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), gradients.parameters().len());
        for (parameter, gradient) in gradients.parameters().iter().enumerate() {
            let largest = gradient.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
            // A bias before batch norm has the gradient 0; every other must say something.
            let before_batch_norm = architecture == Architecture::SpatialBatchNormNetwork
                && ["model.0.bias", "model.4.bias"].contains(&names[parameter].as_str());
            assert_eq!(largest < 1e-12, before_batch_norm, "{} {largest}", names[parameter]);
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
                    "{}[{index}]: {numerical} {analytic}",
                    names[parameter]
                );
            }
        }
    }
}

#[test]
fn unfit_images_sizes_and_tapes_are_refused() {
    for architecture in BOTH {
        for image in [ImageSize { channels: 0, ..TINY }, ImageSize { width: 3, ..TINY }] {
            let error = architecture.build::<f32>(image, 10, 0).unwrap_err();
            assert!(matches!(error, TrainError::Config { .. }), "{error}");
        }
        assert!(architecture.build::<f32>(TINY, 0, 0).is_err());
        let network = architecture.build::<f32>(TINY, 10, 0).unwrap();
        let grey = Array4::zeros([1, 1, 5, 4]);
        let error = network.forward_eval(grey.view()).unwrap_err();
        assert!(matches!(error, TrainError::Kernel(KernelError::Shape { .. })), "{error}");
    }
    let build = |architecture: Architecture| architecture.build::<f64>(TINY, 3, 0).unwrap();
    let [mut simple, spatial] = BOTH.map(build);
    let (logits, tape) = simple.forward_train(images()).unwrap();
    let error = spatial.backward(tape, logits.view()).unwrap_err();
    assert!(matches!(error, TrainError::OtherNetwork { .. }), "{error}");
}

fn images() -> Array4<f64> {
    let mut stream = Stream::new(9, Purpose::Shuffle, 0);
    Array4::from_shape_simple_fn([3, 2, 5, 4], || stream.uniform())
}

fn set(network: &mut Network<f64>, parameter: usize, index: usize, value: f64) {
    let mut parameters = network.parameters_mut();
    *parameters[parameter].1.iter_mut().nth(index).unwrap() = value;
}
