//! Adam and gradient descent against their references in plain loops, in `f32` and `f64`: to the bit, also
//! where an average of gradients is at rest.

use kernels::adam::{self, AdamFactors};
use kernels::sgd::{self, SgdFactors};
use kernels::{Real, reference};
use ndarray::{Array, Array1, Dimension};
use proptest::prelude::*;

use crate::common::{Random, adam_factors, assert_same};

/// The steps of the optimisers, with weight decay and without.
fn optimizers_against_reference<F: Real>(shape: [usize; 4], weight_decay: f64, seed: u64) {
    let mut random = Random::new(seed);
    let [start, gradient, velocity] = [(); 3].map(|()| random.array::<F, _>(shape));
    let squares = random.array(shape).mapv(|v: F| v * v);
    let g = gradient.as_slice().unwrap();

    let factors = adam_factors(0.9, 0.01, weight_decay);
    adam_against_reference("any numbers", [&start, &gradient, &velocity, &squares], &factors);

    let factors = SgdFactors { learning_rate: 0.3, weight_decay };
    let (mut w, mut expected) = (start.clone(), start.clone());
    sgd::step(w.view_mut(), gradient.view(), &factors).unwrap();
    reference::sgd::step(expected.as_slice_mut().unwrap(), g, &factors);
    assert_same("w", &w, &expected);

    momentum_against_reference("any numbers", [&start, &gradient, &velocity], 0.9, &factors);
}

/// The steps of the optimisers where averages are of a few times the least positive number: some of
/// them are at rest, others are just above.
fn optimizers_with_subnormal_averages<F: Real>() {
    let least = F::LEAST.to_f64();
    // With momentum 0.999_999_9, 4,500,000 times the least number is at rest for Adam. For gradient descent
    // it is not: there the momentum itself is rounded.
    let averages = (-60..=60).chain([500, 4_500_000]).map(|k| least * f64::from(k)).chain([-0.0]);
    let mut parameters = Vec::new();
    for average in averages {
        for gradient in [0.0, -0.0, least, -7.0 * least, 1e5 * least, 0.3] {
            for parameter in [0.0, -0.0, 3.0 * least, -1e-30, 1.5] {
                parameters.push([parameter, gradient, average].map(F::from_f64));
            }
        }
    }
    let [p, g, average] = [0, 1, 2].map(|i| parameters.iter().map(|values| values[i]).collect());
    let [p, g, average]: [Array1<F>; 3] = [p, g, average];
    for momentum in [0.0, 0.5, 0.9, 0.99, 0.999, 0.999_999_9] {
        for rate in [0.0, 1e-7, 1e-3, 0.03, 0.3, 10.0] {
            for weight_decay in [0.0, 0.1] {
                let factors = adam_factors(momentum, rate, weight_decay);
                let what = format!("momentum {momentum}, rate {rate}, decay {weight_decay}");
                for squares in [F::zero(), F::from_f64(1e-6)] {
                    let v = p.mapv(|_| squares);
                    adam_against_reference(&what, [&p, &g, &average, &v], &factors);
                }
                let factors = SgdFactors { learning_rate: rate, weight_decay };
                momentum_against_reference(&what, [&p, &g, &average], momentum, &factors);
            }
        }
    }
}

/// Two steps of Adam, fast and plain, to the bit.
fn adam_against_reference<F: Real, D: Dimension>(
    what: &str,
    [p, g, m, v]: [&Array<F, D>; 4],
    factors: &AdamFactors,
) {
    let [mut got, mut expected] = [(); 2].map(|()| [p, m, v].map(Array::clone));
    for _ in 0..2 {
        let [p, m, v] = got.each_mut().map(|array| array.view_mut());
        adam::step(p, g.view(), m, v, factors).unwrap();
        let [p, m, v] = expected.each_mut().map(|array| array.as_slice_mut().unwrap());
        reference::adam::step(p, g.as_slice().unwrap(), m, v, factors);
        for ((name, got), expected) in ["p", "m", "v"].iter().zip(&got).zip(&expected) {
            assert_same(&format!("Adam, {what}: {name}"), got, expected);
        }
    }
}

/// Two steps of gradient descent with momentum, fast and plain, to the bit.
fn momentum_against_reference<F: Real, D: Dimension>(
    what: &str,
    [w, g, v]: [&Array<F, D>; 3],
    momentum: f64,
    factors: &SgdFactors,
) {
    let [mut got, mut expected] = [(); 2].map(|()| [w, v].map(Array::clone));
    for _ in 0..2 {
        let [w, v] = got.each_mut().map(|array| array.view_mut());
        sgd::step_with_momentum(w, g.view(), v, momentum, factors).unwrap();
        let [w, v] = expected.each_mut().map(|array| array.as_slice_mut().unwrap());
        reference::sgd::step_with_momentum(w, g.as_slice().unwrap(), v, momentum, factors);
        for ((name, got), expected) in ["w", "v"].iter().zip(&got).zip(&expected) {
            assert_same(&format!("momentum, {what}: {name}"), got, expected);
        }
    }
}

#[test]
fn averages_at_rest_are_those_of_the_plain_loops() {
    optimizers_with_subnormal_averages::<f32>();
    optimizers_with_subnormal_averages::<f64>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn optimizers_are_their_references(
        shape in prop::array::uniform4(1usize..6),
        weight_decay in prop_oneof![Just(0.0), 0.0..1.0],
        seed: u64,
    ) {
        optimizers_against_reference::<f32>(shape, weight_decay, seed);
        optimizers_against_reference::<f64>(shape, weight_decay, seed);
    }
}
