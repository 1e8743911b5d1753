//! What networks with batch norm do with the statistics of the population and of the evaluated batch.

use std::collections::BTreeMap;

use serde::Deserialize;
use trainer::dataset::{ImageSize, LabelledImages};
use trainer::evaluation::{
    Evaluation, NormMoments, evaluate, evaluate_by_batch, population_moments, variance_shift,
};
use trainer::network::{
    BatchNorm, BatchNormInput, Dropout, GhostBatchNorm, Layer, Network, NoisyBatchNorm, Relu,
};
use trainer::weights;

use crate::training_fixtures::Training;

/// Images of two pixels, each pixel these fifths of the brightest, with class 0.
fn images(pixels: &[[u8; 2]]) -> LabelledImages {
    let size = ImageSize { channels: 1, height: 1, width: 2 };
    let bytes = pixels.iter().flatten().map(|fifths| 51 * fifths).collect();
    LabelledImages::new(size, 2, bytes, vec![0; pixels.len()]).unwrap()
}

fn batch_norm() -> BatchNorm<f64> {
    BatchNorm::new(BatchNormInput::Rows, 2)
}

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "found {found}, expected {expected}");
}

/// By hand, in fifths: the first pixel's batches (0, 1, 2) and (5, 3) have the means 1 and 4 and the
/// variances 2/3 and 1; of all five values the mean is 11/5 and the mean square 39/5. The second
/// norm gets what the first makes of each batch by itself, without what is negative: of the first
/// pixel (0, 0, √3/√2) and (1, 0), but for ε.
#[test]
fn moments_of_batches_make_those_of_the_population() {
    let images = images(&[[0, 4], [1, 4], [2, 1], [5, 0], [3, 2]]);
    let norms =
        || [Layer::BatchNorm(batch_norm()), Layer::Relu(Relu), Layer::BatchNorm(batch_norm())];
    let network = Network::of_flat_images(norms().to_vec());
    let found = population_moments(&network, &images, &[0, 1, 2, 3, 4], 3).unwrap();
    assert_eq!(
        found.iter().map(|of| of.layer.as_str()).collect::<Vec<_>>(),
        ["model.0", "model.2"]
    );
    assert_near(found[0].mean[0], 11.0 / 5.0 / 5.0);
    assert_near(found[0].var[0], (39.0 / 5.0 - 121.0 / 25.0) / 25.0);
    assert_near(found[0].mean[1], 11.0 / 5.0 / 5.0);
    assert_near(found[0].var[1], (37.0 / 5.0 - 121.0 / 25.0) / 25.0);
    let eps = 1e-5;
    let (third, fourth) =
        ((0.2 / (2.0 / 3.0 * 0.04_f64 + eps).sqrt()), (0.2 / (0.04_f64 + eps).sqrt()));
    let mean = (third + fourth) / 5.0;
    assert_near(found[1].mean[0], mean);
    assert_near(found[1].var[0], (third * third + fourth * fourth) / 5.0 - mean * mean);
    // The same batch by batch as in ghosts of a larger one, and dropouts drop nothing.
    let ghost = || Layer::GhostBatchNorm(GhostBatchNorm { norm: batch_norm(), images: 3 });
    let dropout = Layer::Dropout(Dropout { p: 0.9 });
    let ghosts = Network::of_flat_images(vec![ghost(), Layer::Relu(Relu), dropout, ghost()]);
    let of_ghosts = population_moments(&ghosts, &images, &[0, 1, 2, 3, 4], 5).unwrap();
    for (ours, theirs) in of_ghosts.iter().zip(&found) {
        let values = |of: &NormMoments| [of.mean.clone(), of.var.clone()].concat();
        values(ours).iter().zip(values(theirs)).for_each(|(&one, other)| assert_near(one, other));
    }
    // Noise that training adds is none of the population.
    let noisy = || Layer::NoisyBatchNorm(NoisyBatchNorm { norm: batch_norm() });
    let noisy = Network::of_flat_images(vec![noisy(), Layer::Relu(Relu), noisy()]);
    assert_eq!(population_moments(&noisy, &images, &[0, 1, 2, 3, 4], 3).unwrap(), found);
    // No batch of one row has a variance.
    assert!(population_moments(&network, &images, &[0, 1, 2, 3], 3).is_err());
}

/// By hand: of two images normalised by their own mean and deviation d, a pixel is d/√(d² + ε) for the
/// one and its negative for the other, whatever the running statistics are.
#[test]
#[expect(clippy::disallowed_methods, reason = "a tolerance covers how systems differ")]
fn a_batch_is_normalised_by_its_own_statistics_and_nothing_of_the_network_moves() {
    let images = images(&[[0, 3], [2, 1], [4, 4], [5, 4]]);
    let mut norm = batch_norm();
    norm.running.mean.fill(7.0);
    let layers = vec![Layer::Dropout(Dropout { p: 0.9 }), Layer::BatchNorm(norm)];
    let network = Network::of_flat_images(layers);
    let before = network.clone();
    let found = evaluate_by_batch(&network, &images, &[0, 1, 2, 3], 2).unwrap();
    assert_eq!(network, before);
    let normalised = |deviation: f64| deviation / (deviation * deviation + 1e-5).sqrt();
    // The logits of the two pairs; class 0 is right for all.
    let pairs = [[normalised(-0.2), normalised(0.2)], [normalised(-0.1), 0.0]];
    let loss = |zero: f64, one: f64| (1.0 + (one - zero).exp()).ln();
    let sum: f64 = pairs.iter().map(|[zero, one]| loss(*zero, *one) + loss(-zero, -one)).sum();
    assert_near(found.score.mean_loss(), sum / 4.0);
    assert_near(found.score.accuracy(), 0.5);
    let noisy = Layer::NoisyBatchNorm(NoisyBatchNorm { norm: batch_norm() });
    let noisy = Network::of_flat_images(vec![noisy]);
    assert_eq!(evaluate_by_batch(&noisy, &images, &[0, 1, 2, 3], 2).unwrap(), found);
    let running = evaluate(&network, &images, &[0, 1, 2, 3], 2).unwrap();
    assert!((running.score.mean_loss() - found.score.mean_loss()).abs() > 0.01);
}

/// By hand, in fifths: of the first four images the first pixel, 0, 2, 4 and 5, has the variance 59/16, the
/// second, 4, 4, 2 and 2, the variance 1, whatever the batches are. Dropout is off, and the second norm gets what
/// the first makes of them with its running statistics.
#[test]
fn the_shift_of_variance_is_the_ratio_of_what_is_met_to_what_was_learnt() {
    let images = images(&[[0, 4], [2, 4], [4, 2], [5, 2], [5, 3]]);
    let eps = 1e-5;
    let with = |running: [f64; 2]| {
        let mut norm = batch_norm();
        norm.running.mean.fill(0.5);
        norm.running.var.assign(&ndarray::arr1(&running));
        norm
    };
    let dropout = || Layer::Dropout(Dropout { p: 0.5 });
    let layers = vec![
        dropout(),
        Layer::BatchNorm(with([0.04, 0.16])),
        dropout(),
        Layer::GhostBatchNorm(GhostBatchNorm { norm: with([1.0, 1.0]), images: 2 }),
    ];
    let network = Network::of_flat_images(layers);
    let (first, second) = (59.0 / 16.0 * 0.04, 0.04);
    let ratio = |met: f64, learnt: f64| {
        let (met, learnt) = (met + eps, learnt + eps);
        if met > learnt { met / learnt } else { learnt / met }
    };
    for batch_size in [1, 3, 4] {
        let found = variance_shift(&network, &images, &[0, 1, 2, 3], batch_size).unwrap();
        let [of_first, of_second] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((of_first.layer.as_str(), of_second.layer.as_str()), ("model.1", "model.3"));
        assert_near(of_first.ratio, (ratio(first, 0.04) + ratio(second, 0.16)) / 2.0);
        let (first, second) = (first / (0.04 + eps), second / (0.16 + eps));
        assert_near(of_second.ratio, (ratio(first, 1.0) + ratio(second, 1.0)) / 2.0);
    }
    let without = Network::<f64>::of_flat_images(vec![Layer::Relu(Relu)]);
    assert!(variance_shift(&without, &images, &[0], 1).unwrap().is_empty());
}

#[test]
fn moments_are_refused_by_a_network_without_their_norm() {
    let moments = |layer: &str, values: usize| NormMoments {
        layer: layer.to_owned(),
        mean: vec![0.5; values],
        var: vec![2.0; values],
    };
    let mut network = Network::of_flat_images(vec![Layer::BatchNorm(batch_norm())]);
    assert!(moments("model.1", 2).give_to(&mut network).is_err());
    assert!(moments("model.0", 3).give_to(&mut network).is_err());
    moments("model.0", 2).give_to(&mut network).unwrap();
    assert!(network.buffers().iter().all(|(name, values)| {
        let expected = if name == "model.0.running_mean" { 0.5 } else { 2.0 };
        values.iter().all(|value| *value == expected)
    }));
}

/// What PyTorch says of a network: `tests/pytorch/evaluation.py`.
#[derive(Deserialize)]
struct OfPyTorch {
    batch_loss: f64,
    batch_accuracy: f64,
    population_loss: f64,
    population_accuracy: f64,
    variance_shift: Vec<f64>,
    moments: Vec<NormMoments>,
}

/// The batch sizes of `evaluation.py`.
const POPULATION_BATCH: usize = 30;
const BATCH: usize = 7;

/// Measured: to 5e-13 of each number.
#[test]
fn population_and_batch_evaluate_as_in_pytorch() {
    let text = include_str!("pytorch/evaluation.toml");
    let expected: BTreeMap<String, OfPyTorch> = toml::from_str(text).unwrap();
    assert_eq!(expected.len(), 3);
    let near = |found: f64, expected: f64, what: &str| {
        let off = (found - expected).abs() / (1e-3 + expected.abs());
        assert!(off < 1e-10, "{what}: found {found}, expected {expected}");
    };
    for training in Training::all() {
        let name = training.case.name.split('/').next_back().unwrap();
        let Some(expected) = expected.get(name) else { continue };
        let mut network: Network<f64> = training.network();
        weights::load(training.state_dict("final_f64"), &mut network).unwrap();
        let (images, split) = (training.images(), training.split());
        let moments =
            population_moments(&network, &images, &split.training, POPULATION_BATCH).unwrap();
        assert_eq!(moments.len(), expected.moments.len());
        for (found, expected) in moments.iter().zip(&expected.moments) {
            assert_eq!(found.layer, expected.layer);
            let both = [(&found.mean, &expected.mean), (&found.var, &expected.var)];
            for (found, expected) in both.into_iter().flat_map(|(one, other)| one.iter().zip(other))
            {
                near(*found, *expected, name);
            }
        }
        let expect = |found: Evaluation, loss: f64, accuracy: f64| {
            near(found.score.mean_loss(), loss, name);
            near(found.score.accuracy(), accuracy, name);
        };
        let shifts = variance_shift(&network, &images, &split.validation, BATCH).unwrap();
        assert_eq!(shifts.len(), expected.variance_shift.len());
        for (found, expected) in shifts.iter().zip(&expected.variance_shift) {
            near(found.ratio, *expected, name);
        }
        let of_batch = evaluate_by_batch(&network, &images, &split.validation, BATCH).unwrap();
        expect(of_batch, expected.batch_loss, expected.batch_accuracy);
        moments.iter().for_each(|of| of.give_to(&mut network).unwrap());
        let of_population = evaluate(&network, &images, &split.validation, BATCH).unwrap();
        expect(of_population, expected.population_loss, expected.population_accuracy);
    }
}
