//! A convolution, the batch norm behind it and the max pooling behind that.

use kernels::batch_norm::BatchStatistics;
use kernels::conv2d::Wanted;
use kernels::conv2d::normalized::{self, Block};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig, Pooled};
use kernels::{
    BatchNormConfig, Convention, KernelError, Real, RunningStatistics, spatial_batch_norm,
    with_threads,
};
use ndarray::{Array1, Array4, ArrayView4, ShapeBuilder};
use proptest::prelude::*;

use super::{Bits, WINDOWS, bits};
use crate::common::{Random, in_every_layout};

/// Whether dx is wanted, and whether the gradients of the convolution's parameters are.
const WANTED: [[bool; 2]; 4] = [[true, true], [true, false], [false, true], [false, false]];

const THREADS: [usize; 4] = [1, 2, 3, 8];

/// Of both axes of an image, such as a window and its stride.
type Moves = ([usize; 2], [usize; 2]);

struct Case<F> {
    weight: Array4<F>,
    bias: Array1<F>,
    gamma: Array1<F>,
    beta: Array1<F>,
    running: RunningStatistics<F>,
    convolution: Conv2dConfig,
    norm: BatchNormConfig,
    pool: MaxPool2dConfig,
}

/// What the forward passes give.
struct Forward<F> {
    /// Of training: the pooled values, the convolution's result, and the running statistics afterwards. Of
    /// evaluation: the pooled values and their indices.
    results: Bits,
    convolved: Array4<F>,
    argmax: Array4<u32>,
    statistics: BatchStatistics,
}

/// What a backward pass reads.
struct Backward<'a, F> {
    dout: ArrayView4<'a, F>,
    argmax: ArrayView4<'a, u32>,
    x: ArrayView4<'a, F>,
    convolved: ArrayView4<'a, F>,
    statistics: &'a BatchStatistics,
}

impl<F: Real> Case<F> {
    fn new(
        random: &mut Random,
        weight: [usize; 4],
        (stride, padding): Moves,
        (window, pool_stride): Moves,
        share_of_zero_gammas: f64,
    ) -> Self {
        let f = weight[0];
        let var: Array1<F> = random.array(f);
        let gamma = Array1::from_shape_simple_fn(f, || {
            let is_zero = random.uniform() < share_of_zero_gammas;
            F::from_f64(if is_zero { 0.0 } else { random.normal() })
        });
        Self {
            // Few values, so that windows hold equal ones.
            weight: random.array(weight).mapv(|x: f64| F::from_f64((2.0 * x).round())),
            bias: random.array(f),
            gamma,
            beta: random.array(f),
            running: RunningStatistics {
                mean: random.array(f),
                var: var.mapv(|value| value * value),
            },
            convolution: Conv2dConfig::new(stride, padding).unwrap(),
            norm: BatchNormConfig::new(1e-5, 0.3, Convention::PyTorch).unwrap(),
            pool: MaxPool2dConfig::new(window, pool_stride).unwrap(),
        }
    }

    fn block(&self) -> Block<'_, F> {
        Block {
            weight: self.weight.view(),
            bias: self.bias.view(),
            gamma: self.gamma.view(),
            beta: self.beta.view(),
            convolution: &self.convolution,
            norm: &self.norm,
            pool: &self.pool,
        }
    }

    /// One kernel after the other.
    fn forward_apart(&self, x: ArrayView4<'_, F>) -> Forward<F> {
        let Block { weight, bias, gamma, beta, convolution, norm, pool } = self.block();
        let convolved = conv2d::forward(x, weight, bias, convolution).unwrap();
        let (y, mut running) = (convolved.view(), self.running.clone());
        let evaluated = spatial_batch_norm::forward_eval(y, gamma, beta, &running, norm).unwrap();
        let (evaluated, places) = max_pool2d::forward(evaluated.view(), pool).unwrap();
        let (normalized, statistics) =
            spatial_batch_norm::forward_train(y, gamma, beta, &mut running, norm).unwrap();
        let (out, argmax) = max_pool2d::forward(normalized.view(), pool).unwrap();
        let results = of_forward(&out, &convolved, &running, (&evaluated, &places));
        Forward { results, convolved, argmax, statistics }
    }

    /// The same together, in memory of this size full of NaN.
    fn forward_together(&self, x: ArrayView4<'_, F>, room: usize) -> Forward<F> {
        let (block, mut running) = (self.block(), self.running.clone());
        let nan = F::from_f64(f64::NAN);
        let mut convolved = Array4::from_elem([1, 1, room, 1], nan);
        let [mut out, mut evaluated] = [(); 2].map(|()| Array4::from_elem([room, 1, 1, 1], nan));
        let [mut argmax, mut places] = [(); 2].map(|()| Array4::from_elem([1, room, 1, 1], 7));
        let pooled = Pooled { out: &mut evaluated, argmax: &mut places };
        normalized::forward_eval_into(x, &block, &running, pooled).unwrap();
        let pooled = Pooled { out: &mut out, argmax: &mut argmax };
        let statistics =
            normalized::forward_train_into(x, &block, &mut running, &mut convolved, pooled)
                .unwrap();
        let results = of_forward(&out, &convolved, &running, (&evaluated, &places));
        Forward { results, convolved, argmax, statistics }
    }

    /// dγ, dβ, dx, dweight and dbias, one kernel after the other.
    fn backward_apart(&self, pass: &Backward<'_, F>) -> Result<Bits, KernelError> {
        let &Backward { dout, argmax, x, convolved, statistics } = pass;
        let Block { weight, gamma, convolution, pool, .. } = self.block();
        let (_, _, oh, ow) = convolved.dim();
        let unpooled = max_pool2d::backward(dout, argmax, [oh, ow], pool)?;
        let of_norm =
            spatial_batch_norm::backward_train(unpooled.view(), convolved, gamma, statistics)?;
        let of_convolution = conv2d::backward(of_norm.dx.view(), x, weight, convolution)?;
        let parameters = of_convolution.parameters;
        Ok(vec![
            bits(&of_norm.dgamma),
            bits(&of_norm.dbeta),
            bits(&of_convolution.dx),
            bits(&parameters.dweight),
            bits(&parameters.dbias),
        ])
    }

    /// Those of the five that are wanted, together, in memory of this size full of NaN.
    fn backward_together(
        &self,
        pass: &Backward<'_, F>,
        [with_dx, with_parameters]: [bool; 2],
        room: usize,
    ) -> Result<Bits, KernelError> {
        let &Backward { dout, argmax, x, convolved, statistics } = pass;
        let nan = F::from_f64(f64::NAN);
        let mut dx = Array4::from_elem([1, 1, room, 1], nan);
        let mut dweight = Array4::from_elem(self.weight.raw_dim().f(), nan);
        let mut dbias = Array1::from_elem(self.bias.len(), nan);
        let wanted = Wanted {
            dx: with_dx.then_some(&mut dx),
            parameters: with_parameters.then(|| (dweight.view_mut(), dbias.view_mut())),
        };
        let (pooled, block) = ((dout, argmax), self.block());
        let (dgamma, dbeta) =
            normalized::backward_train_into(pooled, x, convolved, statistics, &block, wanted)?;
        let mut results = vec![bits(&dgamma), bits(&dbeta)];
        if with_dx {
            assert_eq!(dx.shape(), x.shape());
            results.push(bits(&dx));
        }
        if with_parameters {
            results.extend([bits(&dweight), bits(&dbias)]);
        }
        Ok(results)
    }
}

fn of_forward<F: Real>(
    out: &Array4<F>,
    convolved: &Array4<F>,
    running: &RunningStatistics<F>,
    (evaluated, places): (&Array4<F>, &Array4<u32>),
) -> Bits {
    let places = places.iter().map(|&place| place.into()).collect();
    let RunningStatistics { mean, var } = running;
    vec![bits(out), bits(convolved), bits(mean), bits(var), bits(evaluated), places]
}

/// dγ, dβ, and those of dx, dweight and dbias that are wanted.
fn only(wanted: [bool; 2], gradients: &Bits) -> Bits {
    let is_wanted = [true, true, wanted[0], wanted[1], wanted[1]];
    let gradients = gradients.iter().zip(is_wanted).filter(|&(_, is_wanted)| is_wanted);
    gradients.map(|(gradient, _)| gradient.clone()).collect()
}

fn compare<F: Real>(case: &Case<F>, x: [usize; 4], share_of_nan: f64, random: &mut Random) {
    let x: Array4<F> = random.array(x).mapv(|x: f64| {
        F::from_f64(if random.uniform() < share_of_nan { f64::NAN } else { (2.0 * x).round() })
    });
    let Forward { results, convolved, argmax, statistics } = case.forward_apart(x.view());
    let of_batch =
        |statistics: &BatchStatistics| [bits(&statistics.mean()), bits(&statistics.var())];
    let (_, _, oh, ow) = convolved.dim();
    // Zeros of both signs, few and many: behind a ReLU most are zero.
    let douts = [0.1, 0.9].map(|share_of_zeros| {
        random
            .array(argmax.raw_dim())
            .mapv(|dout: F| if random.uniform() < share_of_zeros { dout * F::zero() } else { dout })
    });
    // As forward gives it, pointing anywhere in the plane, and so in the last image alone.
    let elsewhere = |at: u32| (at * 7 + 3) % (oh * ow) as u32;
    let mut last_elsewhere = argmax.as_standard_layout().into_owned();
    last_elsewhere.iter_mut().last().into_iter().for_each(|at| *at = elsewhere(*at));
    let places = [&argmax, &argmax.mapv(elsewhere), &last_elsewhere];
    let gradients = places.map(|argmax| {
        [0, 1].map(|at| {
            let (dout, argmax, x) = (douts[at].view(), argmax.view(), x.view());
            let (convolved, statistics) = (convolved.view(), &statistics);
            let pass = Backward { dout, argmax, x, convolved, statistics };
            case.backward_apart(&pass).unwrap()
        })
    });
    // The memories of dout, x and the convolution's result are not of one kind.
    let mut douts = douts.map(|dout| in_every_layout(&dout).into_iter());
    let mut images = in_every_layout(&convolved);
    images.rotate_left(2);
    let rooms = [x.len() + 3, 0, 1, x.len(), 2];
    let layouts = in_every_layout(&x).into_iter().rev().zip(images).zip(rooms);
    for (round, (((layout, x), (_, convolved)), room)) in layouts.enumerate() {
        let douts = douts.each_mut().map(|douts| douts.next().unwrap().1);
        for threads in THREADS {
            // Over the layouts, each number of threads meets each of them with all gradients.
            let mut next_wanted = WANTED.into_iter().cycle().skip(round);
            with_threads(threads, || {
                let got = case.forward_together(x.view(), room);
                assert_eq!(got.results, results, "{layout} {threads}");
                assert_eq!(got.argmax, argmax, "{layout} {threads}");
                assert_eq!(of_batch(&got.statistics), of_batch(&statistics), "{layout} {threads}");
                for (argmax, expected) in places.into_iter().zip(&gradients) {
                    for (dout, expected) in douts.iter().zip(expected) {
                        let wanted = next_wanted.next().unwrap();
                        let (dout, argmax, x) = (dout.view(), argmax.view(), x.view());
                        let (convolved, statistics) = (convolved.view(), &statistics);
                        let pass = Backward { dout, argmax, x, convolved, statistics };
                        let got = case.backward_together(&pass, wanted, room).unwrap();
                        assert_eq!(got, only(wanted, expected), "{layout} {threads} {wanted:?}");
                    }
                }
            })
            .unwrap();
        }
    }
}

/// Compares in both types of number.
fn compare_both(
    ([n, c, f], size): ([usize; 3], [usize; 2]),
    kernel: [usize; 2],
    moves: Moves,
    windows: Moves,
    [share_of_nan, share_of_zero_gammas]: [f64; 2],
    seed: u64,
) {
    let (x, weight) = ([n, c, size[0], size[1]], [f, c, kernel[0], kernel[1]]);
    let mut random = Random::new(seed);
    let case = Case::<f32>::new(&mut random, weight, moves, windows, share_of_zero_gammas);
    compare(&case, x, share_of_nan, &mut random);
    let case = Case::<f64>::new(&mut random, weight, moves, windows, share_of_zero_gammas);
    compare(&case, x, share_of_nan, &mut random);
}

#[test]
fn large_images_are_shared_by_threads_and_have_many_strips() {
    let same = ([1, 1], [1, 1]);
    for (seed, (shape, kernel, moves, zero_gammas)) in [
        (([5, 1, 16], [28, 28]), [3, 3], same, 0.0),
        (([3, 16, 32], [15, 13]), [3, 3], same, 0.0),
        (([4, 3, 1], [31, 47]), [5, 2], ([2, 1], [2, 0]), 0.0),
        // Every gradient behind batch norm is zero, so that few products are left.
        (([4, 16, 20], [14, 15]), [3, 3], same, 1.0),
        // More images than the chunks of a batch.
        (([29, 16, 3], [7, 9]), [2, 3], ([1, 2], [0, 3]), 0.5),
    ]
    .into_iter()
    .enumerate()
    {
        for windows in [WINDOWS[seed], WINDOWS[0]] {
            compare_both(shape, kernel, moves, windows, [0.0, zero_gammas], seed as u64);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn together_has_the_bits_of_one_after_the_other(
        n in 1_usize..4,
        c in prop_oneof![Just(1), Just(3), Just(16), Just(20), Just(32), 1_usize..36],
        f in prop_oneof![Just(1), Just(3), Just(16), Just(20), Just(32), 1_usize..36],
        size in prop::array::uniform2(4_usize..11),
        kernel in prop::array::uniform2(1_usize..5),
        stride in prop::array::uniform2(1_usize..4),
        padding in prop::array::uniform2(0_usize..4),
        windows in prop::sample::select(&WINDOWS[..]),
        share_of_nan in prop_oneof![3 => Just(0.0), 1 => Just(0.01)],
        share_of_zero_gammas in prop_oneof![Just(0.0), Just(0.9)],
        seed: u64,
    ) {
        let (window, _) = windows;
        let out = [0, 1].map(|axis| {
            (size[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1
        });
        // Batch norm in training needs two values per channel.
        let n = if out == [1, 1] { n + 1 } else { n };
        let fits = (0..2).all(|axis| out[axis] >= window[axis]);
        let windows = if fits { windows } else { ([1, 1], [2, 1]) };
        let shares = [share_of_nan, share_of_zero_gammas];
        compare_both(([n, c, f], size), kernel, (stride, padding), windows, shares, seed);
    }
}

#[test]
fn an_index_outside_the_plane_is_refused_as_by_max_pooling() {
    let mut random = Random::new(1);
    for (windows, gradient) in [(WINDOWS[0], 1.0), (WINDOWS[4], 1.0), (WINDOWS[0], 0.0)] {
        let case = Case::<f32>::new(&mut random, [16, 16, 3, 3], ([1, 1], [1, 1]), windows, 0.0);
        let x: Array4<f32> = random.array([7, 16, 12, 12]);
        let Forward { convolved, argmax, statistics, .. } = case.forward_apart(x.view());
        for image in 0..7 {
            let (mut dout, mut argmax) = (random.array(argmax.raw_dim()), argmax.clone());
            // Two of them, of which the first is named, in the order of the logical axes.
            for (at, index) in [([image, 5, 0, 1], 144), ([image, 2, 1, 0], u32::MAX)] {
                (dout[at], argmax[at]) = (gradient, index);
            }
            let (dout, argmax, x) = (dout.view(), argmax.view(), x.view());
            let (convolved, statistics) = (convolved.view(), &statistics);
            let pass = Backward { dout, argmax, x, convolved, statistics };
            let expected = case.backward_apart(&pass).unwrap_err().to_string();
            assert!(expected.starts_with("max_pool2d: argmax["), "{expected}");
            for (threads, wanted) in THREADS.into_iter().zip(WANTED) {
                let got = || case.backward_together(&pass, wanted, 3);
                let got = with_threads(threads, got).unwrap();
                assert_eq!(got.unwrap_err().to_string(), expected, "{image} {threads}");
            }
        }
    }
}

/// Zeros, too, are added there: to a −0, for one.
#[test]
fn an_index_outside_its_window_is_where_its_gradient_is_added() {
    let mut random = Random::new(2);
    for windows in [WINDOWS[0], WINDOWS[1], WINDOWS[2], WINDOWS[4]] {
        let case = Case::<f32>::new(&mut random, [16, 3, 3, 3], ([1, 1], [1, 1]), windows, 0.0);
        let x: Array4<f32> = random.array([7, 3, 12, 12]);
        let Forward { convolved, argmax, statistics, .. } = case.forward_apart(x.view());
        for gradient in [1.5, 0.0, -0.0] {
            for image in [0, 3, 6] {
                let (mut dout, mut argmax) = (random.array(argmax.raw_dim()), argmax.clone());
                (dout[[image, 5, 0, 1]], argmax[[image, 5, 0, 1]]) = (gradient, 143);
                let (dout, argmax, x) = (dout.view(), argmax.view(), x.view());
                let (convolved, statistics) = (convolved.view(), &statistics);
                let pass = Backward { dout, argmax, x, convolved, statistics };
                let expected = case.backward_apart(&pass).unwrap();
                for (threads, wanted) in THREADS.into_iter().zip(WANTED) {
                    let got = || case.backward_together(&pass, wanted, 3);
                    let got = with_threads(threads, got).unwrap().unwrap();
                    assert_eq!(got, only(wanted, &expected), "{image} {gradient} {threads}");
                }
            }
        }
    }
}

/// The shapes that a forward pass is given; unless changed, they fit.
struct ForwardSizes {
    x: [usize; 4],
    weight: [usize; 4],
    bias: usize,
    gamma: usize,
    beta: usize,
    running: [usize; 2],
    window: usize,
}

/// The errors of training, which then leaves the running statistics unchanged, and of evaluation.
fn forward_errors(change: fn(&mut ForwardSizes)) -> [Option<String>; 2] {
    let mut sizes = ForwardSizes {
        x: [2, 3, 6, 6],
        weight: [5, 3, 3, 3],
        bias: 5,
        gamma: 5,
        beta: 5,
        running: [5, 5],
        window: 2,
    };
    change(&mut sizes);
    let (x, weight) = (Array4::<f32>::ones(sizes.x), Array4::ones(sizes.weight));
    let [bias, gamma, beta] = [sizes.bias, sizes.gamma, sizes.beta].map(Array1::ones);
    let block = Block {
        weight: weight.view(),
        bias: bias.view(),
        gamma: gamma.view(),
        beta: beta.view(),
        convolution: &Conv2dConfig::new([1, 1], [0, 0]).unwrap(),
        norm: &BatchNormConfig::pytorch(),
        pool: &MaxPool2dConfig::new([sizes.window; 2], [2; 2]).unwrap(),
    };
    let [mean, var] = sizes.running.map(Array1::ones);
    let mut running = RunningStatistics { mean, var };
    let before = running.clone();
    let [mut out, mut convolved] = [(); 2].map(|()| Array4::zeros([0; 4]));
    let mut argmax = Array4::zeros([0; 4]);
    let pooled = Pooled { out: &mut out, argmax: &mut argmax };
    let evaluated = normalized::forward_eval_into(x.view(), &block, &running, pooled);
    let pooled = Pooled { out: &mut out, argmax: &mut argmax };
    let trained =
        normalized::forward_train_into(x.view(), &block, &mut running, &mut convolved, pooled);
    assert_eq!(running == before, trained.is_err());
    [trained.err(), evaluated.err()].map(|error| error.map(|error| error.to_string()))
}

#[test]
fn errors_forward_are_those_of_the_three_kernels_and_leave_the_running_statistics() {
    assert_eq!(forward_errors(|_| ()), [None, None]);
    for (got, expected) in [
        (
            forward_errors(|sizes| sizes.x[1] = 0),
            "conv2d: x of shape [2, 0, 6, 6] is empty along axis 1; every axis needs at least one element",
        ),
        (
            forward_errors(|sizes| sizes.x[1] = 4),
            "conv2d: weight must have shape [5, 4, 3, 3] (one plane per channel of x), got [5, 3, 3, 3]",
        ),
        (
            forward_errors(|sizes| sizes.bias = 3),
            "conv2d: bias must have shape [5] (one value per filter), got [3]",
        ),
        (
            forward_errors(|sizes| sizes.weight[2] = 7),
            "conv2d: a window of 7 does not fit along H, which has 6 pixels with any padding; use a smaller window or a larger image",
        ),
        (
            forward_errors(|sizes| sizes.gamma = 3),
            "spatial_batch_norm: gamma must have shape [5] (one value per channel of x), got [3]",
        ),
        (
            forward_errors(|sizes| sizes.beta = 1),
            "spatial_batch_norm: beta must have shape [5] (one value per channel of x), got [1]",
        ),
        (
            forward_errors(|sizes| sizes.running[0] = 6),
            "spatial_batch_norm: running_mean must have shape [5] (one value per channel of x), got [6]",
        ),
        (
            forward_errors(|sizes| sizes.running[1] = 0),
            "spatial_batch_norm: running_var must have shape [5] (one value per channel of x), got [0]",
        ),
        (
            forward_errors(|sizes| sizes.window = 5),
            "max_pool2d: a window of 5 does not fit along H, which has 4 pixels with any padding; use a smaller window or a larger image",
        ),
    ] {
        assert_eq!(got, [(); 2].map(|()| Some(expected.to_owned())));
    }
    let expected = "spatial_batch_norm: training needs at least 2 values per channel, got 1 (x has shape [1, 5, 1, 1]); use a larger batch or image, or evaluate with running statistics";
    assert_eq!(
        forward_errors(|sizes| (sizes.x, sizes.window) = ([1, 3, 3, 3], 1)),
        [Some(expected.to_owned()), None]
    );
}

#[test]
fn errors_backward_name_what_does_not_fit() {
    struct Sizes {
        x: [usize; 4],
        convolved: [usize; 4],
        dout: [usize; 4],
        argmax: [usize; 4],
        statistics: usize,
        gamma: usize,
        dweight: [usize; 4],
        dbias: usize,
        window: usize,
    }
    let error = |change: fn(&mut Sizes)| {
        let mut sizes = Sizes {
            x: [2, 3, 6, 6],
            convolved: [2, 5, 4, 4],
            dout: [2, 5, 2, 2],
            argmax: [2, 5, 2, 2],
            statistics: 5,
            gamma: 5,
            dweight: [5, 3, 3, 3],
            dbias: 5,
            window: 2,
        };
        change(&mut sizes);
        let ones = Array1::<f32>::ones(sizes.statistics);
        let mut running = RunningStatistics::new(sizes.statistics, Convention::PyTorch);
        let (_, statistics) = spatial_batch_norm::forward_train(
            Array4::ones([2, sizes.statistics, 4, 4]).view(),
            ones.view(),
            ones.view(),
            &mut running,
            &BatchNormConfig::pytorch(),
        )
        .unwrap();
        let (x, convolved) = (Array4::ones(sizes.x), Array4::ones(sizes.convolved));
        let (dout, argmax) = (Array4::<f32>::ones(sizes.dout), Array4::zeros(sizes.argmax));
        let (weight, gamma) = (Array4::ones([5, 3, 3, 3]), Array1::ones(sizes.gamma));
        let (mut dweight, mut dbias) = (Array4::ones(sizes.dweight), Array1::ones(sizes.dbias));
        let mut dx = Array4::ones([1; 4]);
        let parameters = Some((dweight.view_mut(), dbias.view_mut()));
        let wanted = Wanted { dx: Some(&mut dx), parameters };
        let block = Block {
            weight: weight.view(),
            bias: gamma.view(),
            gamma: gamma.view(),
            beta: gamma.view(),
            convolution: &Conv2dConfig::new([1, 1], [0, 0]).unwrap(),
            norm: &BatchNormConfig::pytorch(),
            pool: &MaxPool2dConfig::new([sizes.window; 2], [2; 2]).unwrap(),
        };
        let (pooled, x, convolved) = ((dout.view(), argmax.view()), x.view(), convolved.view());
        let result =
            normalized::backward_train_into(pooled, x, convolved, &statistics, &block, wanted);
        // Nothing is written before all shapes are known to fit.
        let is_unchanged = dx == Array4::ones([1; 4]) && dweight.iter().all(|&value| value == 1.0);
        assert_eq!(is_unchanged, result.is_err());
        result.err().map(|error| error.to_string())
    };
    assert_eq!(error(|_| ()), None);
    let because = "(that of the forward pass's result)";
    for (got, expected) in [
        (
            error(|sizes| sizes.x[1] = 4),
            "conv2d: weight must have shape [5, 4, 3, 3] (one plane per channel of x), got [5, 3, 3, 3]",
        ),
        (
            error(|sizes| sizes.x[0] = 3),
            &format!("conv2d: convolved must have shape [3, 5, 4, 4] {because}, got [2, 5, 4, 4]"),
        ),
        (
            error(|sizes| sizes.convolved[3] = 5),
            &format!("conv2d: convolved must have shape [2, 5, 4, 4] {because}, got [2, 5, 4, 5]"),
        ),
        (
            error(|sizes| sizes.gamma = 6),
            "spatial_batch_norm: gamma must have shape [5] (one value per channel of x), got [6]",
        ),
        (
            error(|sizes| sizes.statistics = 4),
            "spatial_batch_norm: statistics must have shape [5] (one value per channel of x), got [4]",
        ),
        (
            error(|sizes| sizes.dout = [2, 5, 4, 4]),
            &format!("max_pool2d: dout must have shape [2, 5, 2, 2] {because}, got [2, 5, 4, 4]"),
        ),
        (
            error(|sizes| sizes.argmax[0] = 1),
            &format!("max_pool2d: argmax must have shape [2, 5, 2, 2] {because}, got [1, 5, 2, 2]"),
        ),
        (
            error(|sizes| sizes.dweight = [5, 3, 3, 2]),
            "conv2d: dweight must have shape [5, 3, 3, 3] (that of weight), got [5, 3, 3, 2]",
        ),
        (
            error(|sizes| sizes.dbias = 6),
            "conv2d: dbias must have shape [5] (one value per filter), got [6]",
        ),
        (
            error(|sizes| sizes.window = 5),
            "max_pool2d: a window of 5 does not fit along H, which has 4 pixels with any padding; use a smaller window or a larger image",
        ),
    ] {
        assert_eq!(got.as_deref(), Some(expected));
    }
}
