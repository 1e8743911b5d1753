//! A ReLU behind the max pooling, computed in the same pass: the bits of the pass without it, and of the ReLU
//! behind that.

use kernels::batch_norm::BatchStatistics;
use kernels::conv2d::normalized::{self, Block};
use kernels::conv2d::{Conv2dConfig, Wanted, max_pooled};
use kernels::max_pool2d::{self, MaxPool2dConfig, NOWHERE, Pooled};
use kernels::{
    BatchNormConfig, Convention, Real, RunningStatistics, reference, relu, with_threads,
};
use ndarray::{Array1, Array4, ArrayView4, Zip};
use proptest::prelude::*;

use super::{Bits, WINDOWS, bits};
use crate::common::Random;

/// What a ReLU behind these pooled values gives, and which pixels then get a gradient.
fn rectified<F: Real>((out, argmax): (Array4<F>, Array4<u32>)) -> (Array4<F>, Array4<u32>) {
    let is_zero = out.mapv(|value| value <= F::zero());
    let argmax = Zip::from(&argmax).and(&is_zero).map_collect(
        |&at, &is_zero| {
            if is_zero { NOWHERE } else { at }
        },
    );
    (relu::forward(out.view()), argmax)
}

fn as_bits<F: Real>((out, argmax): &(Array4<F>, Array4<u32>)) -> Bits {
    vec![bits(out), argmax.iter().map(|&at| at.into()).collect()]
}

/// A forward pass, in memory that was used before.
fn pooled<F: Real, R>(forward: impl FnOnce(Pooled<'_, F>) -> R) -> ((Array4<F>, Array4<u32>), R) {
    let mut out = Array4::from_elem([70, 1, 1, 1], F::from_f64(f64::NAN));
    let mut argmax = Array4::from_elem([1, 70, 1, 1], 7);
    let result = forward(Pooled { out: &mut out, argmax: &mut argmax });
    ((out, argmax), result)
}

/// The layers of a network that has a ReLU in front of the pooling.
struct Layers<F> {
    weight: Array4<F>,
    vectors: [Array1<F>; 4],
    convolution: Conv2dConfig,
    norm: BatchNormConfig,
}

impl<F: Real> Layers<F> {
    fn running(&self) -> RunningStatistics<F> {
        let [.., mean, deviation] = &self.vectors;
        RunningStatistics { mean: mean.clone(), var: deviation.mapv(|value| value * value) }
    }

    fn block<'a>(&'a self, pool: &'a MaxPool2dConfig) -> Block<'a, F> {
        let [bias, gamma, beta, _] = &self.vectors;
        Block {
            weight: self.weight.view(),
            bias: bias.view(),
            gamma: gamma.view(),
            beta: beta.view(),
            convolution: &self.convolution,
            norm: &self.norm,
            pool,
        }
    }

    /// dx, dweight and dbias by `backward`, which may return others.
    fn gradients(&self, backward: impl FnOnce(Wanted<'_, F>) -> Vec<Array1<F>>) -> Bits {
        let mut dx = Array4::zeros([0; 4]);
        let mut dweight = Array4::zeros(self.weight.raw_dim());
        let mut dbias = Array1::zeros(self.weight.dim().0);
        let parameters = Some((dweight.view_mut(), dbias.view_mut()));
        let others = backward(Wanted { dx: Some(&mut dx), parameters });
        let mut results = vec![bits(&dx), bits(&dweight), bits(&dbias)];
        results.extend(others.iter().map(bits));
        results
    }

    fn of_convolution(
        &self,
        x: ArrayView4<'_, F>,
        (dout, argmax): (&Array4<F>, &Array4<u32>),
        pool: &MaxPool2dConfig,
    ) -> Bits {
        let (dout, argmax, weight) = (dout.view(), argmax.view(), self.weight.view());
        self.gradients(|wanted| {
            let config = &self.convolution;
            max_pooled::backward_into(dout, argmax, x, weight, config, pool, wanted).unwrap();
            Vec::new()
        })
    }

    fn of_block(
        &self,
        x: ArrayView4<'_, F>,
        (dout, argmax): (&Array4<F>, &Array4<u32>),
        (convolved, statistics): (&Array4<F>, &BatchStatistics),
        pool: &MaxPool2dConfig,
    ) -> Bits {
        let (pooled, block) = ((dout.view(), argmax.view()), self.block(pool));
        self.gradients(|wanted| {
            let convolved = convolved.view();
            let (dgamma, dbeta) =
                normalized::backward_train_into(pooled, x, convolved, statistics, &block, wanted)
                    .unwrap();
            vec![dgamma, dbeta]
        })
    }
}

fn compare<F: Real>(
    [n, c, f]: [usize; 3],
    size: [usize; 2],
    (window, stride): ([usize; 2], [usize; 2]),
    share_of_odd: f64,
    seed: u64,
) {
    let mut random = Random::new(seed);
    let mut few_values = |shape: [usize; 4], share_of_odd: f64| -> Array4<F> {
        random.array(shape).mapv(|x: f64| {
            let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            let is_odd = random.uniform() < share_of_odd;
            let odd = odd[(3.0 * random.uniform()) as usize];
            F::from_f64(if is_odd { odd } else { (2.0 * x).round() })
        })
    };
    let x = few_values([n, c, size[0], size[1]], share_of_odd);
    let weight = few_values([f, c, 3, 3], 0.0);
    let vectors = [(); 4].map(|()| random.array(f));
    let (convolution, norm) =
        (Conv2dConfig::same_3x3(), BatchNormConfig::new(1e-5, 0.3, Convention::PyTorch).unwrap());
    let layers = Layers { weight, vectors, convolution, norm };
    let plain = MaxPool2dConfig::new(window, stride).unwrap();
    let (with_relu, x) = (plain.with_relu(), x.view());

    // Pooling alone.
    let before = max_pool2d::forward(x, &plain).unwrap();
    let expected = rectified(before.clone());
    let dout: Array4<F> = random.array(before.0.raw_dim());
    let masked = relu::backward(dout.view(), before.0.view()).unwrap();
    let got = max_pool2d::forward(x, &with_relu).unwrap();
    assert_eq!(as_bits(&got), as_bits(&expected));
    let dx = max_pool2d::backward(dout.view(), got.1.view(), size, &with_relu).unwrap();
    let of_plain = reference::max_pool2d::backward(masked.view(), before.1.view(), size);
    assert_eq!(bits(&dx), bits(&of_plain));

    // With a convolution, and with batch norm between the two.
    let convolve = |pool: &MaxPool2dConfig, pooled: Pooled<'_, F>| {
        let Block { weight, bias, convolution, .. } = layers.block(pool);
        max_pooled::forward_into(x, weight, bias, convolution, pool, pooled).unwrap();
    };
    let evaluate = |pool: &MaxPool2dConfig, pooled: Pooled<'_, F>| {
        let block = layers.block(pool);
        normalized::forward_eval_into(x, &block, &layers.running(), pooled).unwrap();
    };
    let train = |pool: &MaxPool2dConfig, pooled: Pooled<'_, F>| {
        let (block, mut convolved) = (layers.block(pool), Array4::zeros([0; 4]));
        let mut running = layers.running();
        let statistics =
            normalized::forward_train_into(x, &block, &mut running, &mut convolved, pooled);
        (convolved, statistics.unwrap())
    };
    let (of_convolution, ()) = pooled(|pooled| convolve(&plain, pooled));
    let (of_evaluation, ()) = pooled(|pooled| evaluate(&plain, pooled));
    let (of_training, (convolved, statistics)) = pooled(|pooled| train(&plain, pooled));
    let dout: Array4<F> = random.array(of_training.0.raw_dim());
    let mask = |out: &Array4<F>| relu::backward(dout.view(), out.view()).unwrap();
    let masked = [mask(&of_convolution.0), mask(&of_training.0)];
    let read = (&convolved, &statistics);
    let expected = [
        as_bits(&rectified(of_convolution.clone())),
        as_bits(&rectified(of_evaluation)),
        as_bits(&rectified(of_training.clone())),
        layers.of_convolution(x, (&masked[0], &of_convolution.1), &plain),
        layers.of_block(x, (&masked[1], &of_training.1), read, &plain),
    ];
    for threads in [1, 2, 3] {
        let got = with_threads(threads, || {
            let (of_convolution, ()) = pooled(|pooled| convolve(&with_relu, pooled));
            let (of_evaluation, ()) = pooled(|pooled| evaluate(&with_relu, pooled));
            let (of_training, _) = pooled(|pooled| train(&with_relu, pooled));
            [
                as_bits(&of_convolution),
                as_bits(&of_evaluation),
                as_bits(&of_training),
                layers.of_convolution(x, (&dout, &of_convolution.1), &with_relu),
                layers.of_block(x, (&dout, &of_training.1), read, &with_relu),
            ]
        });
        assert_eq!(got.unwrap(), expected, "{threads} threads");
    }

    // The indices hold the ReLU, whatever the configuration says; and where it is 0, no gradient gets through.
    let (_, argmax) = rectified(of_training);
    let dout = Zip::from(&dout)
        .and(&argmax)
        .map_collect(|&dout, &at| if at == NOWHERE { F::from_f64(f64::NAN) } else { dout });
    assert_eq!(layers.of_block(x, (&dout, &argmax), read, &plain), expected[4]);
    let (_, argmax) = rectified(of_convolution);
    let dout = Zip::from(&masked[0])
        .and(&argmax)
        .map_collect(|&dout, &at| if at == NOWHERE { F::from_f64(f64::INFINITY) } else { dout });
    assert_eq!(layers.of_convolution(x, (&dout, &argmax), &plain), expected[3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn has_the_bits_of_a_relu_behind_the_pooling(
        n in 1_usize..4,
        channels in prop::array::uniform2(prop_oneof![Just(1), Just(16), Just(20), 1_usize..36]),
        size in prop::array::uniform2(4_usize..11),
        windows in prop::sample::select(&WINDOWS[..]),
        share_of_odd in prop_oneof![3 => Just(0.0), 1 => Just(0.02)],
        seed: u64,
    ) {
        let [c, f] = channels;
        compare::<f32>([n, c, f], size, windows, share_of_odd, seed);
        compare::<f64>([n, c, f], size, windows, share_of_odd, seed);
    }
}

#[test]
fn a_zero_and_what_is_below_it_belong_to_no_pixel() {
    let x = Array4::from_shape_vec(
        [1, 1, 2, 8],
        vec![
            -1.0,
            -2.0,
            0.0,
            -0.0,
            1.0,
            2.0,
            f32::NAN,
            -1.0, //
            -3.0,
            -4.0,
            -1.0,
            -0.0,
            2.0,
            1.0,
            3.0,
            f32::NEG_INFINITY,
        ],
    )
    .unwrap();
    let config = MaxPool2dConfig::halving().with_relu();
    let (out, argmax) = max_pool2d::forward(x.view(), &config).unwrap();
    assert_eq!(bits(&out)[..3], [0.0_f64, 0.0, 2.0].map(f64::to_bits));
    assert!(out[[0, 0, 0, 3]].is_nan());
    assert_eq!(argmax.into_raw_vec_and_offset().0, [NOWHERE, NOWHERE, 5, 6]);
}

#[test]
fn an_index_outside_is_refused_beside_one_that_is_nowhere() {
    let config = MaxPool2dConfig::halving();
    let dout = Array4::<f32>::ones([1, 2, 2, 2]);
    let backward = |indices: [u32; 8]| {
        let argmax = Array4::from_shape_vec([1, 2, 2, 2], indices.to_vec()).unwrap();
        max_pool2d::backward(dout.view(), argmax.view(), [4, 4], &config)
    };
    let inside = [NOWHERE, 2, 8, 10, 0, NOWHERE, 8, 10];
    assert_eq!(backward(inside).unwrap().sum(), 6.0);
    // In the plane, and not in the window: added one by one, without the two that are nowhere.
    assert_eq!(backward([NOWHERE, 0, 8, 10, 0, NOWHERE, 8, 10]).unwrap().sum(), 6.0);
    let outside = backward([NOWHERE, 16, 8, 10, 0, NOWHERE, 8, 10]).unwrap_err();
    assert_eq!(outside.to_string(), "max_pool2d: argmax[1] must be below 16, got 16");
}
