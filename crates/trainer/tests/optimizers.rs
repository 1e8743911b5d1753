//! Adam against the paper's formulas, and what an optimiser trains of a network.

use kernels::softmax_cross_entropy;
use ndarray::{Array1, Array4};
use trainer::dataset::ImageSize;
use trainer::network::{Gradients, Network, preset};
use trainer::optimizer::{AdamConfig, Optimizer, OptimizerConfig};
use trainer::random_stream::{Purpose, Stream};
use trainer::{TrainError, TrainedValues, Trains};

const IMAGE: ImageSize = ImageSize { channels: 1, height: 4, width: 4 };

fn network() -> Network<f64> {
    preset::SPATIAL_BATCH_NORM_NETWORK.config.build(IMAGE, 3, 1).unwrap()
}

fn gradients(network: &mut Network<f64>, step: usize) -> Gradients<f64> {
    let images = Array4::from_shape_fn((4, 1, 4, 4), |(n, _, h, w)| {
        ((n * 7 + h * 5 + w * 3 + step) % 11) as f64 / 11.0
    });
    let labels = Array1::from(vec![0, 1, 2, 1]);
    let mut random = Stream::new(0, Purpose::Dropout, step as u64);
    let (logits, tape) = network.forward_train(images, &mut random).unwrap();
    let (_, probabilities) = softmax_cross_entropy::forward(logits.view(), labels.view()).unwrap();
    let dlogits = softmax_cross_entropy::backward(probabilities.view(), labels.view()).unwrap();
    network.backward(tape, dlogits.view()).unwrap()
}

/// The paper's algorithm 1 as it is printed, with m̂ and v̂, in `f64`: another order of operations
/// than PyTorch's, so equal only within rounding.
struct Paper {
    m: Vec<f64>,
    v: Vec<f64>,
}

impl Paper {
    fn step(&mut self, t: usize, p: &mut [f64], g: &[f64]) {
        let power = |base: f64| (0..t).fold(1.0, |product, _| product * base);
        for i in 0..p.len() {
            self.m[i] = 0.9 * self.m[i] + 0.1 * g[i];
            self.v[i] = 0.999 * self.v[i] + 0.001 * g[i] * g[i];
            let m = self.m[i] / (1.0 - power(0.9));
            let v = self.v[i] / (1.0 - power(0.999));
            p[i] -= 0.01 * m / (v.sqrt() + 1e-8);
        }
    }
}

/// The reference of the other test, held against numbers from this Python:
///
/// ```text
/// p=[1.0,-2.0,0.5]; m=[0.0]*3; v=[0.0]*3; lr,b1,b2,eps=0.01,0.9,0.999,1e-8
/// for t in range(1,4):
///     g=[2*x*t for x in p]; g[2]=0.0 if t==1 else g[2]
///     for i in range(3):
///         m[i]=b1*m[i]+(1-b1)*g[i]; v[i]=b2*v[i]+(1-b2)*g[i]**2
///         p[i]-=lr*(m[i]/(1-b1**t))/(math.sqrt(v[i]/(1-b2**t))+eps)
///     print(p)
/// ```
#[test]
fn the_reference_matches_python() {
    let mut paper = Paper { m: vec![0.0; 3], v: vec![0.0; 3] };
    let mut p = [1.0, -2.0, 0.5];
    let expected = [
        [0.99000000005, -1.990000000025, 0.5],
        [0.9803375065654384, -1.9803428449535618, 0.49255863181693543],
        [0.9707403771723376, -1.9707542980343788, 0.48404449112877596],
    ];
    for (t, expected) in (1..).zip(expected) {
        let mut g = p.map(|p| 2.0 * p * t as f64);
        if t == 1 {
            g[2] = 0.0;
        }
        paper.step(t, &mut p, &g);
        for (p, expected) in p.iter().zip(expected) {
            assert!((p - expected).abs() < 1e-15, "{p} {expected}");
        }
    }
}

#[test]
fn every_parameter_follows_the_paper_and_frozen_ones_stay() {
    for trains in [Trains::All, Trains::HeadFrozen, Trains::HeadOnly, Trains::NormAndHead] {
        let is_trained =
            |name: &str| match name.trim_end_matches(".bias").trim_end_matches(".weight") {
                "fc" => trains != Trains::HeadFrozen,
                "model.1" | "model.5" => trains != Trains::HeadOnly,
                _ => matches!(trains, Trains::All | Trains::HeadFrozen),
            };
        let mut network = network();
        let config = AdamConfig::new(0.01).unwrap();
        let trained = trains.parameters(&network, 0).unwrap();
        let mut adam = Optimizer::of_values(config, &network, &trained);
        let mut expected: Vec<(bool, Vec<f64>, Paper)> = network
            .parameters()
            .iter()
            .map(|(name, array)| {
                let zeros = vec![0.0; array.len()];
                let paper = Paper { m: zeros.clone(), v: zeros };
                (is_trained(name), array.iter().copied().collect(), paper)
            })
            .collect();
        for step in 1..=5 {
            let gradients = gradients(&mut network, step);
            adam.step(&mut network, &gradients).unwrap();
            let parameters = network.parameters();
            for (((name, array), gradient), (trained, expected, paper)) in
                parameters.iter().zip(gradients.parameters()).zip(&mut expected)
            {
                if *trained {
                    let gradient: Vec<f64> = gradient.iter().copied().collect();
                    paper.step(step, expected, &gradient);
                }
                for (got, &expected) in array.iter().zip(expected.iter()) {
                    let tolerance = if *trained { 1e-12 } else { 0.0 };
                    assert!((got - expected).abs() <= tolerance, "{name}: {got} {expected}");
                }
            }
        }
        assert_eq!(adam.steps(), 5);
    }
}

/// Weight decay moves every trained value, whatever its gradient. The others keep their bits.
#[test]
fn of_random_weights_each_one_moves_as_if_all_did_and_no_other_value_does() {
    for name in OptimizerConfig::NAMES {
        let config = OptimizerConfig::usual(name, 0.01).unwrap().with_weight_decay(0.1).unwrap();
        let (mut network, mut whole) = (network(), network());
        let initial = network.clone();
        let trained = Trains::Random.parameters(&network, 7).unwrap();
        let mut some = Optimizer::of_values(config, &network, &trained);
        let mut all = Optimizer::new(config, &whole, |_| true);
        for step in 0..5 {
            // The same gradients for both, so that what differs is what an optimiser does with them.
            let gradients = gradients(&mut whole.clone(), step);
            some.step(&mut network, &gradients).unwrap();
            all.step(&mut whole, &gradients).unwrap();
        }
        let mut moved = 0;
        let arrays = network.parameters().into_iter().zip(whole.parameters());
        for (((parameter, found), (_, whole)), (_, initial)) in arrays.zip(initial.parameters()) {
            let places = match trained.values(&parameter) {
                Some(TrainedValues::At(places)) => places.as_slice(),
                Some(TrainedValues::All) | None => &[],
            };
            let values = found.iter().zip(whole.iter().zip(&initial)).enumerate();
            for (place, (found, (whole, initial))) in values {
                let is_trained = places.contains(&place);
                let expected = if is_trained { whole } else { initial };
                assert_eq!(found.to_bits(), expected.to_bits(), "{name}: {parameter}, {place}");
                moved += usize::from(found != initial);
            }
        }
        // Two of each of 16 and of 32 channels.
        assert_eq!(moved, 2 * (16 + 32), "{name}");
    }
}

#[test]
fn another_network_and_bad_learning_rates_are_refused() {
    let mut other: Network<f64> = preset::SIMPLE_NETWORK.config.build(IMAGE, 3, 1).unwrap();
    let mut network = network();
    let mut adam = Optimizer::new(AdamConfig::new(0.01).unwrap(), &network, |_| true);
    let unfit = gradients(&mut other, 0);
    let fit = gradients(&mut network, 0);
    for (network, gradients) in [(&mut network, &unfit), (&mut other, &fit)] {
        let before = network.clone();
        let error = adam.step(network, gradients).unwrap_err();
        assert!(matches!(error, TrainError::OtherNetwork { .. }));
        assert_eq!(*network, before);
    }
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(AdamConfig::new(rate), Err(TrainError::Config { .. })));
    }
}
