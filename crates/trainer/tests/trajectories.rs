//! Every network trained as PyTorch trained it, step by step.

use kernels::Real;
use ndarray::ArrayViewD;
use trainer::network::Network;
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::{FitConfig, Observe, Phase, TrainError, fit, weights};

use crate::training_fixtures::Training;

/// A network with the state of a role.
fn network<F: Real>(training: &Training, role: &str) -> Network<F> {
    let mut network = training.network();
    weights::load(training.state_dict(role), &mut network).unwrap();
    network
}

/// Trains from PyTorch's initial weights; the losses of all steps, and the network.
fn train<F: Real>(training: &Training) -> (Vec<f64>, Network<F>) {
    let mut network = network::<F>(training, "initial");
    let constant = biases_before_batch_norms(&network);
    let trained = training.trains.parameters(&network, 0).unwrap();
    let trains = |name: &str| trained.contains(name) && !constant.iter().any(|bias| bias == name);
    let adam = AdamConfig::new(training.config.learning_rate).unwrap();
    let mut adam = Optimizer::new(adam, &network, trains);
    let split = training.split();
    let (steps, batch_size) = training.steps_and_batch_size();
    let config = FitConfig {
        first_step: 0,
        epochs: (steps * batch_size / split.training.len()) as u64,
        batch_size,
        seed: training.config.seed,
        observe_every: 0,
        observe: Observe::default(),
    };
    let mut losses = Vec::new();
    fit(&mut network, &mut adam, &training.images(), &split, &config, |moment| {
        if moment.measurement.phase == Phase::Training {
            losses.push(moment.measurement.loss);
        }
        Ok::<(), TrainError>(())
    })
    .unwrap();
    (losses, network)
}

/// Their gradients are 0 but for rounding, which Adam would turn into steps of full size; the
/// running means would follow those. They are given to neither optimiser.
pub(crate) fn biases_before_batch_norms<F: Real>(network: &Network<F>) -> Vec<String> {
    let before = |name: &str| {
        let index: usize = name.strip_prefix("model.").unwrap().parse().unwrap();
        format!("model.{}.bias", index - 1)
    };
    network.norms().map(|(name, _)| before(name)).collect()
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
    let (losses, ours) = train::<F>(training);
    let (expected, rtol, atol) = training.expected(losses_role);
    assert_eq!((losses.len(), expected.len(), atol), (50, 50, 0.0), "{name}");
    for (step, (ours, theirs)) in losses.iter().zip(&expected).enumerate() {
        let off = (ours - theirs).abs() / theirs;
        assert!(off <= rtol, "{name}: {losses_role}: step {step}: {ours} {theirs}");
    }
    let (initial, theirs) = (network::<F>(training, "initial"), network(training, final_role));
    for (((array, ours), (_, theirs)), (_, initial)) in
        ours.state().iter().zip(theirs.state()).zip(initial.state())
    {
        let (off, way) = (distance(ours, &theirs), distance(&theirs, &initial));
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
