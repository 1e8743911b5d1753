//! Weights between PyTorch and us, in both directions.

use std::collections::BTreeMap;

use kernels::Real;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use trainer::dataset::ImageSize;
use trainer::network::{Network, preset};
use trainer::{WeightsError, weights};

use crate::training_fixtures::Training;

const TINY: ImageSize = ImageSize { channels: 1, height: 4, width: 4 };

/// The batches that the trainings of the fixtures have.
const STEPS: u64 = 50;

fn tiny(seed: u64) -> Network<f32> {
    preset::SPATIAL_BATCH_NORM_NETWORK.config.build(TINY, 3, seed).unwrap()
}

fn bits<F: Real>(network: &Network<F>) -> Vec<(String, Vec<u64>)> {
    network
        .state()
        .into_iter()
        .map(|(name, array)| (name, array.iter().map(|value| value.to_f64().to_bits()).collect()))
        .collect()
}

/// PyTorch's own evaluation of the network that it trained.
#[test]
fn a_state_dict_of_pytorch_gives_its_logits() {
    for training in Training::all() {
        let mut network = training.network::<f32>();
        weights::load(training.state_dict("final_f32"), &mut network).unwrap();
        let batch = training.images().batch::<f32>(&training.evaluated()).unwrap();
        let logits = network.forward_eval(batch.images.view()).unwrap();
        let (expected, rtol, atol) = training.expected("logits");
        assert_eq!(logits.shape(), expected.shape());
        for (ours, theirs) in logits.iter().zip(&expected) {
            let off = (ours.to_f64() - theirs).abs();
            assert!(off <= atol + rtol * theirs.abs(), "{}: {ours} {theirs}", training.case.name);
        }
    }
}

/// What is loaded from PyTorch's file and saved again is PyTorch's file: the order of its header
/// and its tensors, their types, `num_batches_tracked`, and every byte.
#[test]
fn what_pytorch_saved_is_saved_again_byte_for_byte() {
    fn round_trip<F: Real>(training: &Training, role: &str, batches_tracked: u64) {
        let bytes = training.state_dict(role);
        let mut network = training.network::<F>();
        weights::load(bytes, &mut network).unwrap();
        let again = weights::save(&network, batches_tracked).unwrap();
        assert!(again == bytes, "{}: {role}", training.case.name);
    }
    for training in Training::all() {
        round_trip::<f32>(&training, "initial", 0);
        round_trip::<f32>(&training, "final_f32", STEPS);
        round_trip::<f64>(&training, "final_f64", STEPS);
    }
}

#[test]
fn the_other_type_gets_the_nearest_numbers() {
    let training = &Training::all()[0];
    let load = |role| {
        let mut wide = training.network::<f64>();
        weights::load(training.state_dict(role), &mut wide).unwrap();
        let mut narrow = training.network::<f32>();
        weights::load(training.state_dict(role), &mut narrow).unwrap();
        (wide, narrow)
    };
    let (wide, narrow) = load("final_f32");
    assert_eq!(bits(&wide), bits(&narrow));
    let (wide, narrow) = load("final_f64");
    assert_ne!(bits(&wide), bits(&narrow));
    for ((_, wide), (_, narrow)) in wide.parameters().iter().zip(narrow.parameters()) {
        assert!(wide.iter().map(|&value| value as f32).eq(narrow.iter().copied()));
    }
}

type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// The weights of a tiny network with something done to them.
fn changed(change: impl FnOnce(&mut Tensors)) -> Vec<u8> {
    let bytes = weights::save(&tiny(0), 7).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Tensors = file
        .iter()
        .map(|(name, tensor)| {
            let (dtype, shape) = (tensor.dtype(), tensor.shape().to_vec());
            (name.to_owned(), (dtype, shape, tensor.data().to_vec()))
        })
        .collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, (dtype, shape, bytes))| {
        (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

fn refusal(bytes: &[u8]) -> (WeightsError, String) {
    let mut network = tiny(1);
    let error = weights::load(bytes, &mut network).unwrap_err();
    assert_eq!(bits(&network), bits(&tiny(1)), "{error}");
    let message = error.to_string();
    (error, message)
}

#[test]
fn what_does_not_fit_is_refused_by_name_and_changes_nothing() {
    let (error, message) = refusal(&changed(|tensors| {
        tensors.remove("model.5.running_var");
        tensors.remove("fc.bias");
    }));
    assert!(matches!(error, WeightsError::Missing { .. }));
    assert_eq!(
        message,
        "found no fc.bias, model.5.running_var; the weights are of another network"
    );

    let (error, message) = refusal(&changed(|tensors| {
        let bias = tensors["fc.bias"].clone();
        tensors.insert("fc.scale".to_owned(), bias);
    }));
    assert!(matches!(error, WeightsError::Unknown { .. }));
    assert!(message.starts_with("found fc.scale, which the network does not have"), "{message}");

    let (error, message) = refusal(&changed(|tensors| {
        tensors.get_mut("fc.weight").unwrap().1 = vec![32, 3];
    }));
    assert!(matches!(error, WeightsError::Shape { .. }));
    assert_eq!(message, "fc.weight: expected the shape [3, 32], found [32, 3]");

    let (error, message) = refusal(&changed(|tensors| {
        let (dtype, _, bytes) = tensors.get_mut("fc.bias").unwrap();
        (*dtype, *bytes) = (Dtype::F16, vec![0; 6]);
    }));
    assert!(matches!(error, WeightsError::Type { .. }));
    assert_eq!(message, "fc.bias: expected F32 or F64, found F16; convert it in Python");

    let (error, message) = refusal(&changed(|tensors| {
        tensors.get_mut("model.1.num_batches_tracked").unwrap().0 = Dtype::U64;
    }));
    assert!(matches!(error, WeightsError::Type { .. }));
    assert!(message.starts_with("model.1.num_batches_tracked: expected I64, found U64"));

    let (error, message) = refusal(&changed(|tensors| {
        tensors.get_mut("fc.bias").unwrap().2[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    }));
    assert!(matches!(error, WeightsError::NotFinite { .. }));
    assert_eq!(message, "fc.bias: 1 of its values are not finite");

    let (error, message) = refusal(&changed(|tensors| {
        let variances = &mut tensors.get_mut("model.5.running_var").unwrap().2;
        variances[..4].copy_from_slice(&(-1e-6_f32).to_le_bytes());
        variances[4..8].copy_from_slice(&(-0.0_f32).to_le_bytes());
    }));
    assert!(matches!(error, WeightsError::NegativeVariance { .. }));
    assert_eq!(
        message,
        "model.5.running_var: 1 of its values are negative, and a variance is at least 0"
    );
}

#[test]
fn batches_tracked_may_be_missing_and_too_large_an_f64_is_no_f32() {
    let mut network = tiny(1);
    let without = changed(|tensors| {
        tensors.retain(|name, _| !name.ends_with("num_batches_tracked"));
    });
    weights::load(&without, &mut network).unwrap();
    assert_eq!(bits(&network), bits(&tiny(0)));

    let (error, _) = refusal(&changed(|tensors| {
        let values = [0.5_f64, 1e300, 0.25];
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        tensors.insert("fc.bias".to_owned(), (Dtype::F64, vec![3], bytes));
    }));
    assert!(matches!(error, WeightsError::NotFinite { count: 1, .. }), "{error}");
}

#[test]
fn every_cut_is_refused() {
    let whole = weights::save(&tiny(0), 0).unwrap();
    for length in (0..400).chain((400..whole.len()).step_by(997)).chain([whole.len() - 1]) {
        let (error, _) = refusal(&whole[..length]);
        assert!(matches!(error, WeightsError::Format(_)), "{length}: {error}");
    }
    let padded = [&whole[..], &[0]].concat();
    assert!(matches!(refusal(&padded).0, WeightsError::Format(_)));
}
