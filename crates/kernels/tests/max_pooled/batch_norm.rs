//! Batch norm and the max pooling behind it.

use kernels::batch_norm::BatchStatistics;
use kernels::batch_norm::max_pooled;
use kernels::max_pool2d::Pooled;
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, Convention, KernelError, Real, RunningStatistics, spatial_batch_norm,
    with_threads,
};
use ndarray::{Array1, Array4, ArrayView4};
use proptest::prelude::*;

use super::{Bits, WINDOWS, bits};
use crate::common::{Random, in_every_layout};

struct Case<F> {
    gamma: Array1<F>,
    beta: Array1<F>,
    pool: MaxPool2dConfig,
    config: BatchNormConfig,
}

impl<F: Real> Case<F> {
    fn start(&self) -> RunningStatistics<F> {
        let mut random = Random::new(5);
        let (mean, var): (_, Array1<F>) =
            (random.array(self.gamma.len()), random.array(self.gamma.len()));
        RunningStatistics { mean, var: var.mapv(|value| value * value) }
    }

    /// Forward in training and in evaluation, one kernel after the other.
    fn forward_apart(&self, x: &Array4<F>) -> (Bits, Array4<u32>, BatchStatistics) {
        let (g, b, mut running) = (self.gamma.view(), self.beta.view(), self.start());
        let evaluated =
            spatial_batch_norm::forward_eval(x.view(), g, b, &running, &self.config).unwrap();
        let (evaluated, evaluated_argmax) =
            max_pool2d::forward(evaluated.view(), &self.pool).unwrap();
        let (normalized, statistics) =
            spatial_batch_norm::forward_train(x.view(), g, b, &mut running, &self.config).unwrap();
        let (out, argmax) = max_pool2d::forward(normalized.view(), &self.pool).unwrap();
        let indices = evaluated_argmax.iter().map(|&index| index.into()).collect();
        let results =
            vec![bits(&out), bits(&evaluated), indices, bits(&running.mean), bits(&running.var)];
        (results, argmax, statistics)
    }

    /// The same in one pass, in memory of this size full of NaN.
    fn forward_together(&self, x: &Array4<F>, room: usize) -> (Bits, Array4<u32>, BatchStatistics) {
        let (g, b, mut running) = (self.gamma.view(), self.beta.view(), self.start());
        let nan = || Array4::from_elem([room, 1, 1, 1], F::from_f64(f64::NAN));
        let places = || Array4::from_elem([1, room, 1, 1], 7);
        let [mut out, mut evaluated] = [nan(), nan()];
        let [mut argmax, mut evaluated_argmax] = [places(), places()];
        let pooled = Pooled { out: &mut evaluated, argmax: &mut evaluated_argmax };
        let (config, pool) = (&self.config, &self.pool);
        max_pooled::forward_eval_into(x.view(), g, b, &running, config, pool, pooled).unwrap();
        let pooled = Pooled { out: &mut out, argmax: &mut argmax };
        let statistics =
            max_pooled::forward_train_into(x.view(), g, b, &mut running, config, pool, pooled)
                .unwrap();
        let indices = evaluated_argmax.iter().map(|&index| index.into()).collect();
        let results =
            vec![bits(&out), bits(&evaluated), indices, bits(&running.mean), bits(&running.var)];
        (results, argmax, statistics)
    }

    fn backward_apart(
        &self,
        dout: ArrayView4<'_, F>,
        argmax: ArrayView4<'_, u32>,
        x: ArrayView4<'_, F>,
        statistics: &BatchStatistics,
    ) -> Bits {
        let (_, _, h, w) = x.dim();
        let unpooled = max_pool2d::backward(dout, argmax, [h, w], &self.pool).unwrap();
        let gradients =
            spatial_batch_norm::backward_train(unpooled.view(), x, self.gamma.view(), statistics)
                .unwrap();
        vec![bits(&gradients.dx), bits(&gradients.dgamma), bits(&gradients.dbeta)]
    }

    fn backward_together(
        &self,
        dout: ArrayView4<'_, F>,
        argmax: ArrayView4<'_, u32>,
        x: ArrayView4<'_, F>,
        statistics: &BatchStatistics,
        room: usize,
    ) -> Bits {
        let mut dx = Array4::from_elem([1, 1, room, 1], F::from_f64(f64::NAN));
        let (g, pool) = (self.gamma.view(), &self.pool);
        let (dgamma, dbeta) =
            max_pooled::backward_train_into(dout, argmax, x, g, statistics, pool, &mut dx).unwrap();
        assert_eq!(dx.shape(), x.shape());
        vec![bits(&dx), bits(&dgamma), bits(&dbeta)]
    }
}

fn compare<F: Real>(
    [n, c]: [usize; 2],
    size: [usize; 2],
    (window, stride): ([usize; 2], [usize; 2]),
    share_of_nan: f64,
    seed: u64,
) {
    let mut random = Random::new(seed);
    let shape = [n, c, size[0], size[1]];
    // Few values, so that windows hold equal ones.
    let x: Array4<F> = random.array(shape).mapv(|x: f64| {
        F::from_f64(if random.uniform() < share_of_nan { f64::NAN } else { (2.0 * x).round() })
    });
    let case = Case {
        gamma: random.array(c),
        beta: random.array(c),
        pool: MaxPool2dConfig::new(window, stride).unwrap(),
        config: BatchNormConfig::new(1e-5, 0.3, Convention::PyTorch).unwrap(),
    };
    let (expected, argmax, statistics) = case.forward_apart(&x);
    // Zeros of both signs among them, as behind a ReLU.
    let dout: Array4<F> = random
        .array(argmax.raw_dim())
        .mapv(|dout: F| if dout < F::zero() { -F::zero() } else { dout });
    // As forward gives it, and pointing anywhere in the plane.
    let anywhere = argmax.mapv(|at| (at * 7 + 3) % (size[0] * size[1]) as u32);
    let gradients = [&argmax, &anywhere]
        .map(|argmax| case.backward_apart(dout.view(), argmax.view(), x.view(), &statistics));
    let of_batch =
        |statistics: &BatchStatistics| [bits(&statistics.mean()), bits(&statistics.var())];
    // The memory of dout is not of the kind that x has.
    let mut douts = in_every_layout(&dout);
    douts.rotate_left(1);
    let rooms = [0, 1, x.len(), x.len() + 3, 2];
    for ((room, (layout, x)), (_, dout)) in rooms.into_iter().zip(in_every_layout(&x)).zip(douts) {
        for threads in [1, 2, 3, 8] {
            with_threads(threads, || {
                let got = case.forward_together(&x, room);
                assert_eq!(got.0, expected, "{layout} {threads}");
                assert_eq!(got.1, argmax, "{layout} {threads}");
                assert_eq!(of_batch(&got.2), of_batch(&statistics));
                for (argmax, expected) in [&argmax, &anywhere].into_iter().zip(&gradients) {
                    let (dout, argmax, x) = (dout.view(), argmax.view(), x.view());
                    let got = case.backward_together(dout, argmax, x, &statistics, room);
                    assert_eq!(&got, expected, "{layout} {threads}");
                }
            })
            .unwrap();
        }
    }
}

#[test]
fn large_images_are_shared_by_threads_and_have_many_strips() {
    for (seed, (shape, size)) in [
        ([5, 1], [60, 44]),
        ([4, 3], [31, 47]),
        ([3, 16], [28, 28]),
        ([7, 20], [15, 13]),
        ([2, 33], [14, 22]),
    ]
    .into_iter()
    .enumerate()
    {
        for windows in [WINDOWS[seed], WINDOWS[0]] {
            compare::<f32>(shape, size, windows, 0.0, seed as u64);
            compare::<f64>(shape, size, windows, 0.0, seed as u64);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn together_has_the_bits_of_one_after_the_other(
        n in 1usize..4, c in prop_oneof![Just(1), Just(3), Just(16), Just(20), 1usize..36],
        size in prop::array::uniform2(4usize..12),
        windows in prop::sample::select(&WINDOWS[..]),
        share_of_nan in prop_oneof![Just(0.0), Just(0.01)],
        seed: u64,
    ) {
        compare::<f32>([n, c], size, windows, share_of_nan, seed);
        compare::<f64>([n, c], size, windows, share_of_nan, seed);
    }
}

#[test]
fn errors_are_those_of_the_two_kernels_and_leave_the_running_statistics() {
    let train = |shape: [usize; 4], channels: [usize; 3], window: usize| {
        let [gamma, beta] = [channels[0], channels[1]].map(Array1::<f32>::ones);
        let mut running = RunningStatistics::new(channels[2], Convention::PyTorch);
        let before = running.clone();
        let (mut out, mut argmax) = (Array4::zeros([0; 4]), Array4::zeros([0; 4]));
        let error = max_pooled::forward_train_into(
            Array4::ones(shape).view(),
            gamma.view(),
            beta.view(),
            &mut running,
            &BatchNormConfig::pytorch(),
            &MaxPool2dConfig::new([window; 2], [2; 2]).unwrap(),
            Pooled { out: &mut out, argmax: &mut argmax },
        )
        .unwrap_err();
        assert_eq!(running, before);
        error
    };
    let is_shape = |error: &KernelError, name: &str| {
        matches!(error, KernelError::Shape { operation: "spatial_batch_norm", argument, .. }
            if *argument == name)
    };
    assert!(is_shape(&train([2, 3, 4, 4], [2, 3, 3], 2), "gamma"));
    assert!(is_shape(&train([2, 3, 4, 4], [3, 4, 3], 2), "beta"));
    assert!(is_shape(&train([2, 3, 4, 4], [3, 3, 1], 2), "running_mean"));
    let error = train([2, 3, 0, 4], [3, 3, 3], 2);
    assert!(
        matches!(error, KernelError::EmptyAxis { operation: "spatial_batch_norm", .. }),
        "{error}"
    );
    let error = train([1, 3, 1, 1], [3, 3, 3], 1);
    assert!(matches!(error, KernelError::OneValuePerChannel { .. }), "{error}");
    let error = train([2, 3, 4, 4], [3, 3, 3], 5);
    assert!(
        matches!(error, KernelError::Window { operation: "max_pool2d", window: 5, .. }),
        "{error}"
    );
}

#[test]
fn gradients_of_other_shapes_and_indices_outside_the_plane_are_refused() {
    let (x, gamma) = (Array4::<f32>::ones([2, 3, 4, 4]), Array1::ones(3));
    let mut running = RunningStatistics::new(3, Convention::PyTorch);
    let g = gamma.view();
    let config = BatchNormConfig::pytorch();
    let (_, statistics) =
        spatial_batch_norm::forward_train(x.view(), g, g, &mut running, &config).unwrap();
    let backward = |dout: [usize; 4], argmax: [usize; 4], index, gamma: usize| {
        let (dout, argmax) = (Array4::<f32>::ones(dout), Array4::from_elem(argmax, index));
        let gamma = Array1::ones(gamma);
        let (dout, argmax, pool) = (dout.view(), argmax.view(), MaxPool2dConfig::halving());
        let mut dx = Array4::ones([1; 4]);
        let (g, dx) = (gamma.view(), &mut dx);
        max_pooled::backward_train_into(dout, argmax, x.view(), g, &statistics, &pool, dx)
            .unwrap_err()
            .to_string()
    };
    let right = [2, 3, 2, 2];
    assert_eq!(
        backward([2, 3, 4, 4], right, 0, 3),
        "max_pool2d: dout must have shape [2, 3, 2, 2] (that of the forward pass's result), got [2, 3, 4, 4]"
    );
    assert_eq!(
        backward(right, [1, 3, 2, 2], 0, 3),
        "max_pool2d: argmax must have shape [2, 3, 2, 2] (that of the forward pass's result), got [1, 3, 2, 2]"
    );
    assert_eq!(backward(right, right, 16, 3), "max_pool2d: argmax[0] must be below 16, got 16");
    assert_eq!(
        backward(right, right, 0, 2),
        "spatial_batch_norm: gamma must have shape [3] (one value per channel of x), got [2]"
    );
}
