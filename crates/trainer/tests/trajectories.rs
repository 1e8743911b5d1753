//! Every network trained as PyTorch trained it, step by step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, too, fail by panicking")]

mod training_fixtures;

use kernels::{Real, softmax_cross_entropy};
use ndarray::ArrayViewD;
use trainer::network::Network;
use trainer::optimizer::{Adam, AdamConfig};
use trainer::random::{Purpose, Stream};
use trainer::{Head, weights};
use training_fixtures::Training;

/// Trains from PyTorch's initial weights on its batches; the losses of all steps, and the network.
fn train<F: Real>(training: &Training) -> (Vec<f64>, Network<F>) {
    let mut network = training.network::<F>();
    weights::load(training.state_dict("initial"), &mut network).unwrap();
    let head = match training.config.head.as_str() {
        "frozen" => Head::Frozen,
        "trained" => Head::Trained,
        other => panic!("{}: head = {other:?}", training.case.name),
    };
    let constant = biases_before_batch_norms(&network);
    let trains = |name: &str| head.trains(name) && !constant.iter().any(|bias| bias == name);
    let config = AdamConfig::new(training.config.learning_rate).unwrap();
    let mut adam = Adam::new(config, &network, trains);
    let images = training.images();
    let mut losses = Vec::new();
    for (step, positions) in (0..).zip(training.batches()) {
        let batch = images.batch::<F>(&positions).unwrap();
        let labels = batch.labels.view();
        let mut random = Stream::new(training.config.seed, Purpose::Dropout, step);
        let (logits, tape) = network.forward_train(batch.images, &mut random).unwrap();
        let (loss, probabilities) = softmax_cross_entropy::forward(logits.view(), labels).unwrap();
        let dlogits = softmax_cross_entropy::backward(probabilities.view(), labels).unwrap();
        let gradients = network.backward(tape, dlogits.view()).unwrap();
        adam.step(&mut network, &gradients).unwrap();
        losses.push(loss.to_f64());
    }
    (losses, network)
}

/// Their gradients are 0 but for rounding, which Adam would turn into steps of full size; the
/// running means would follow those. They are given to neither optimiser.
fn biases_before_batch_norms<F: Real>(network: &Network<F>) -> Vec<String> {
    let before = |name: &str| {
        let index: usize = name.strip_prefix("model.").unwrap().parse().unwrap();
        format!("model.{}.bias", index - 1)
    };
    network.batch_norms().map(|norm| before(norm.name)).collect()
}

/// The root of Σ (a − b)².
fn distance<F: Real>(a: &ArrayViewD<'_, F>, b: &ArrayViewD<'_, F>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let differences = a.iter().zip(b).map(|(a, b)| a.to_f64() - b.to_f64());
    let sum: f64 = differences.map(|difference| difference * difference).sum();
    assert!(sum.is_finite());
    sum.sqrt()
}

/// Follows a training in `F`: the loss of each step within the case's tolerance, and each tensor of
/// the final state as near to PyTorch's as `tolerance` times the way that PyTorch's has come. What
/// is not trained has come no way, and must be the same to the bit.
fn follow<F: Real>(training: &Training, losses_role: &str, final_role: &str, tolerance: f64) {
    let name = &training.case.name;
    let state = |role| {
        let mut network = training.network::<F>();
        weights::load(training.state_dict(role), &mut network).unwrap();
        network
    };
    let (losses, ours) = train::<F>(training);
    let (expected, rtol, atol) = training.expected(losses_role);
    assert_eq!((losses.len(), expected.len(), atol), (50, 50, 0.0), "{name}");
    let mut off = 0.0;
    for (ours, theirs) in losses.iter().zip(&expected) {
        off = f64::max(off, (ours - theirs).abs() / theirs);
        assert!(off <= rtol, "{name}: {losses_role}: {ours} {theirs}");
    }
    let (initial, theirs) = (state("initial"), state(final_role));
    let arrays = |network: &'_ Network<F>| -> Vec<_> {
        let arrays = network.parameters().into_iter().chain(network.buffers());
        arrays.map(|(name, array)| (name, array.to_owned())).collect()
    };
    for (((array, ours), (_, theirs)), (_, initial)) in
        arrays(&ours).iter().zip(&arrays(&theirs)).zip(&arrays(&initial))
    {
        let (off, way) =
            (distance(&ours.view(), &theirs.view()), distance(&theirs.view(), &initial.view()));
        assert!(off <= tolerance * way, "{name}: {final_role}: {array}: {off:.1e} of {way:.1e}");
    }
}

/// Measured: losses to 6e-15, states to 2e-14.
#[test]
fn every_network_trains_as_in_pytorch_in_f64() {
    for training in Training::all() {
        follow::<f64>(&training, "losses_f64", "final_f64", 1e-12);
    }
}

/// Measured: losses to 1.3e-6, states to 1e-4. Adam turns a gradient as small as rounding into a step
/// of full size, so states wander more.
#[test]
fn every_network_trains_as_in_pytorch_in_f32() {
    for training in Training::all() {
        follow::<f32>(&training, "losses_f32", "final_f32", 1e-3);
    }
}

/// The script shuffles with a generator of its own, written from the same papers.
#[test]
fn the_batches_are_those_of_our_own_epochs() {
    for training in Training::all() {
        let batches = training.batches();
        for (epoch, batches) in (0..).zip(batches.chunks(10)) {
            let mut order: Vec<usize> = (0..200).collect();
            Stream::new(training.config.seed, Purpose::Shuffle, epoch).shuffle(&mut order);
            assert_eq!(batches.concat(), order, "{}: epoch {epoch}", training.case.name);
        }
    }
}
