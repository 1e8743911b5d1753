//! A convolution and the max pooling behind it.

use kernels::conv2d::Wanted;
use kernels::conv2d::max_pooled;
use kernels::conv2d::{self, Conv2dConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig, Pooled};
use kernels::{KernelError, Real, with_threads};
use ndarray::{Array1, Array4, ArrayView4, ShapeBuilder};
use proptest::prelude::*;

use super::{Bits, WINDOWS, bits};
use crate::common::{Random, in_every_layout};

/// Whether dx is wanted, and whether the gradients of the parameters are.
const WANTED: [[bool; 2]; 4] = [[true, true], [true, false], [false, true], [false, false]];

const THREADS: [usize; 4] = [1, 2, 3, 8];

struct Case<F> {
    weight: Array4<F>,
    bias: Array1<F>,
    config: Conv2dConfig,
    pool: MaxPool2dConfig,
}

impl<F: Real> Case<F> {
    fn new(
        random: &mut Random,
        weight: [usize; 4],
        (stride, padding): ([usize; 2], [usize; 2]),
        (window, pool_stride): ([usize; 2], [usize; 2]),
    ) -> Self {
        Self {
            weight: random.array(weight),
            bias: random.array(weight[0]),
            config: Conv2dConfig::new(stride, padding).unwrap(),
            pool: MaxPool2dConfig::new(window, pool_stride).unwrap(),
        }
    }

    fn convolved(&self, x: &Array4<F>) -> Array4<F> {
        let (weight, bias) = (self.weight.view(), self.bias.view());
        conv2d::forward(x.view(), weight, bias, &self.config).unwrap()
    }

    /// In memory of this size full of NaN.
    fn forward_together(&self, x: &Array4<F>, room: usize) -> (Array4<F>, Array4<u32>) {
        let mut out = Array4::from_elem([room, 1, 1, 1], F::from_f64(f64::NAN));
        let mut argmax = Array4::from_elem([1, room, 1, 1], 7);
        let pooled = Pooled { out: &mut out, argmax: &mut argmax };
        let (weight, bias) = (self.weight.view(), self.bias.view());
        max_pooled::forward_into(x.view(), weight, bias, &self.config, &self.pool, pooled).unwrap();
        (out, argmax)
    }

    /// dx, dweight and dbias, one kernel after the other.
    fn backward_apart(
        &self,
        dout: ArrayView4<'_, F>,
        argmax: ArrayView4<'_, u32>,
        x: &Array4<F>,
    ) -> Result<Bits, KernelError> {
        let (_, _, oh, ow) = self.convolved(x).dim();
        let unpooled = max_pool2d::backward(dout, argmax, [oh, ow], &self.pool)?;
        let (weight, config) = (self.weight.view(), &self.config);
        let gradients = conv2d::backward(unpooled.view(), x.view(), weight, config)?;
        let parameters = gradients.parameters;
        Ok(vec![bits(&gradients.dx), bits(&parameters.dweight), bits(&parameters.dbias)])
    }

    /// Those of the three that are wanted, in one pass, in memory of this size full of NaN.
    fn backward_together(
        &self,
        dout: ArrayView4<'_, F>,
        argmax: ArrayView4<'_, u32>,
        x: &Array4<F>,
        [with_dx, with_parameters]: [bool; 2],
        room: usize,
    ) -> Result<Bits, KernelError> {
        let nan = F::from_f64(f64::NAN);
        let mut dx = Array4::from_elem([1, 1, room, 1], nan);
        let mut dweight = Array4::from_elem(self.weight.raw_dim().f(), nan);
        let mut dbias = Array1::from_elem(self.bias.len(), nan);
        let wanted = Wanted {
            dx: with_dx.then_some(&mut dx),
            parameters: with_parameters.then(|| (dweight.view_mut(), dbias.view_mut())),
        };
        let (weight, config, pool) = (self.weight.view(), &self.config, &self.pool);
        max_pooled::backward_into(dout, argmax, x.view(), weight, config, pool, wanted)?;
        let mut results = Bits::new();
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

/// Those of dx, dweight and dbias that are wanted.
fn only(wanted: [bool; 2], gradients: &Bits) -> Bits {
    let is_wanted = [wanted[0], wanted[1], wanted[1]];
    let gradients = gradients.iter().zip(is_wanted).filter(|&(_, is_wanted)| is_wanted);
    gradients.map(|(gradient, _)| gradient.clone()).collect()
}

fn compare<F: Real>(case: &Case<F>, x: [usize; 4], share_of_nan: f64, random: &mut Random) {
    // Few values, so that windows hold equal ones.
    let x: Array4<F> = random.array(x).mapv(|x: f64| {
        F::from_f64(if random.uniform() < share_of_nan { f64::NAN } else { (2.0 * x).round() })
    });
    let convolved = case.convolved(&x);
    let (_, _, oh, ow) = convolved.dim();
    let (out, argmax) = max_pool2d::forward(convolved.view(), &case.pool).unwrap();
    // Zeros of both signs, few and many: behind a ReLU most are zero.
    let douts = [0.1, 0.9].map(|share_of_zeros| {
        random
            .array(argmax.raw_dim())
            .mapv(|dout: F| if random.uniform() < share_of_zeros { dout * F::zero() } else { dout })
    });
    // As forward gives it, pointing anywhere in the plane, and so in the last image alone.
    let elsewhere = |at: u32| (at * 7 + 3) % (oh * ow) as u32;
    let mut last_elsewhere = argmax.clone();
    last_elsewhere.iter_mut().last().into_iter().for_each(|at| *at = elsewhere(*at));
    let places = [&argmax, &argmax.mapv(elsewhere), &last_elsewhere];
    let expected = places.map(|argmax| {
        [0, 1].map(|at| case.backward_apart(douts[at].view(), argmax.view(), &x).unwrap())
    });
    // The memory of dout is not of the kind that x has.
    let mut douts = douts.map(|dout| in_every_layout(&dout).into_iter());
    let rooms = [x.len() + 3, 0, 1, x.len(), 2];
    let layouts = in_every_layout(&x).into_iter().rev().zip(rooms);
    for (round, ((layout, x), room)) in layouts.enumerate() {
        let douts = douts.each_mut().map(|douts| douts.next().unwrap().1);
        for threads in THREADS {
            // Over the layouts, each number of threads meets each of them with all gradients.
            let mut next_wanted = WANTED.into_iter().cycle().skip(round);
            with_threads(threads, || {
                let (got, got_argmax) = case.forward_together(&x, room);
                assert_eq!(bits(&got), bits(&out), "{layout} {threads}");
                assert_eq!(got_argmax, argmax, "{layout} {threads}");
                for (argmax, expected) in places.into_iter().zip(&expected) {
                    for (dout, expected) in douts.iter().zip(expected) {
                        let wanted = next_wanted.next().unwrap();
                        let (dout, argmax) = (dout.view(), argmax.view());
                        let got = case.backward_together(dout, argmax, &x, wanted, room).unwrap();
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
    [n, c, f]: [usize; 3],
    size: [usize; 2],
    kernel: [usize; 2],
    moves: ([usize; 2], [usize; 2]),
    windows: ([usize; 2], [usize; 2]),
    share_of_nan: f64,
    seed: u64,
) {
    let (x, weight) = ([n, c, size[0], size[1]], [f, c, kernel[0], kernel[1]]);
    let mut random = Random::new(seed);
    let case = Case::<f32>::new(&mut random, weight, moves, windows);
    compare(&case, x, share_of_nan, &mut random);
    let case = Case::<f64>::new(&mut random, weight, moves, windows);
    compare(&case, x, share_of_nan, &mut random);
}

#[test]
fn large_images_are_shared_by_threads_and_have_many_strips() {
    let same = ([1, 1], [1, 1]);
    for (seed, (shape, size, kernel, moves)) in [
        ([5, 1, 16], [28, 28], [3, 3], same),
        ([3, 16, 32], [15, 13], [3, 3], same),
        ([4, 3, 1], [31, 47], [5, 2], ([2, 1], [2, 0])),
        ([2, 32, 20], [14, 22], [1, 1], ([1, 1], [0, 0])),
        // More images than the chunks of a batch.
        ([29, 16, 3], [7, 9], [2, 3], ([1, 2], [0, 3])),
    ]
    .into_iter()
    .enumerate()
    {
        for windows in [WINDOWS[seed], WINDOWS[0]] {
            compare_both(shape, size, kernel, moves, windows, 0.0, seed as u64);
        }
    }
}

#[test]
fn a_pooled_image_of_one_pixel() {
    for (kernel, padding, window) in
        [([1, 1], [0, 0], [1, 1]), ([3, 3], [1, 1], [1, 1]), ([2, 2], [1, 1], [2, 2])]
    {
        compare_both([2, 16, 3], [1, 1], kernel, ([1, 1], padding), (window, [2, 2]), 0.0, 1);
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
        share_of_nan in prop_oneof![Just(0.0), Just(0.01)],
        seed: u64,
    ) {
        let (window, _) = windows;
        let fits = (0..2).all(|axis| {
            (size[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1 >= window[axis]
        });
        let windows = if fits { windows } else { ([1, 1], [2, 1]) };
        compare_both([n, c, f], size, kernel, (stride, padding), windows, share_of_nan, seed);
    }
}

#[test]
fn an_index_outside_the_plane_is_refused_as_by_max_pooling() {
    let mut random = Random::new(1);
    for (windows, zeros) in [(WINDOWS[0], 0.0), (WINDOWS[4], 0.0), (WINDOWS[0], 1.0)] {
        let case = Case::<f32>::new(&mut random, [16, 16, 3, 3], ([1, 1], [1, 1]), windows);
        let x: Array4<f32> = random.array([7, 16, 12, 12]);
        let (_, argmax) = max_pool2d::forward(case.convolved(&x).view(), &case.pool).unwrap();
        let dout = Array4::from_elem(argmax.raw_dim(), 1.0 - zeros);
        for image in 0..7 {
            let mut argmax = argmax.clone();
            // Two of them, of which the first is named, in the order of the logical axes. Three of the
            // images say whether dout has few nonzeros; the index may lie in one of them or not.
            argmax[[image, 5, 0, 1]] = 144;
            argmax[[image, 2, 1, 0]] = u32::MAX;
            let (dout, argmax) = (dout.view(), argmax.view());
            let expected = case.backward_apart(dout, argmax, &x).unwrap_err().to_string();
            assert!(expected.starts_with("max_pool2d: argmax["), "{expected}");
            for (threads, wanted) in THREADS.into_iter().zip(WANTED) {
                let got = || case.backward_together(dout, argmax, &x, wanted, 3);
                let got = with_threads(threads, got).unwrap();
                assert_eq!(got.unwrap_err().to_string(), expected, "{image} {threads}");
            }
        }
    }
}

#[test]
fn errors_forward_are_those_of_the_two_kernels() {
    let message = |x: [usize; 4], weight: [usize; 4], bias: usize, window: usize| {
        let (mut out, mut argmax) = (Array4::zeros([0; 4]), Array4::zeros([0; 4]));
        let (x, weight, bias) = (Array4::ones(x), Array4::<f32>::ones(weight), Array1::ones(bias));
        let pool = MaxPool2dConfig::new([window; 2], [2; 2]).unwrap();
        let pooled = Pooled { out: &mut out, argmax: &mut argmax };
        let config = Conv2dConfig::new([1, 1], [0, 0]).unwrap();
        let (x, weight, bias) = (x.view(), weight.view(), bias.view());
        max_pooled::forward_into(x, weight, bias, &config, &pool, pooled).unwrap_err().to_string()
    };
    for (got, expected) in [
        (
            message([2, 0, 4, 4], [6, 3, 3, 3], 6, 2),
            "conv2d: x of shape [2, 0, 4, 4] is empty along axis 1; every axis needs at least one element",
        ),
        (
            message([2, 3, 4, 4], [6, 2, 3, 3], 6, 2),
            "conv2d: weight must have shape [6, 3, 3, 3] (one plane per channel of x), got [6, 2, 3, 3]",
        ),
        (
            message([2, 3, 4, 4], [6, 3, 3, 3], 5, 2),
            "conv2d: bias must have shape [6] (one value per filter), got [5]",
        ),
        (
            message([2, 3, 4, 4], [6, 3, 3, 5], 6, 2),
            "conv2d: a window of 5 does not fit along W, which has 4 pixels with any padding; use a smaller window or a larger image",
        ),
        (
            message([2, 3, 4, 4], [6, 3, 3, 3], 6, 3),
            "max_pool2d: a window of 3 does not fit along H, which has 2 pixels with any padding; use a smaller window or a larger image",
        ),
    ] {
        assert_eq!(got, expected);
    }
}

#[test]
fn errors_backward_name_what_does_not_fit() {
    struct Sizes {
        x: [usize; 4],
        dout: [usize; 4],
        argmax: [usize; 4],
        dweight: [usize; 4],
        dbias: usize,
        window: usize,
    }
    let message = |change: fn(&mut Sizes)| {
        let mut sizes = Sizes {
            x: [2, 3, 6, 6],
            dout: [2, 5, 2, 2],
            argmax: [2, 5, 2, 2],
            dweight: [5, 3, 3, 3],
            dbias: 5,
            window: 2,
        };
        change(&mut sizes);
        let (x, dout) = (Array4::<f32>::ones(sizes.x), Array4::ones(sizes.dout));
        let (argmax, weight) = (Array4::zeros(sizes.argmax), Array4::ones([5, 3, 3, 3]));
        let (mut dweight, mut dbias) = (Array4::ones(sizes.dweight), Array1::ones(sizes.dbias));
        let mut dx = Array4::ones([1; 4]);
        let parameters = Some((dweight.view_mut(), dbias.view_mut()));
        let wanted = Wanted { dx: Some(&mut dx), parameters };
        let config = Conv2dConfig::new([1, 1], [0, 0]).unwrap();
        let pool = MaxPool2dConfig::new([sizes.window; 2], [2; 2]).unwrap();
        let (dout, argmax, x, weight) = (dout.view(), argmax.view(), x.view(), weight.view());
        let error = max_pooled::backward_into(dout, argmax, x, weight, &config, &pool, wanted);
        // Nothing was computed before all shapes were known to fit.
        assert_eq!((&dx, dweight.sum()), (&Array4::ones([1; 4]), dweight.len() as f32));
        error.unwrap_err().to_string()
    };
    let because = "(that of the forward pass's result)";
    for (got, expected) in [
        (
            message(|sizes| sizes.x[1] = 4),
            "conv2d: weight must have shape [5, 4, 3, 3] (one plane per channel of x), got [5, 3, 3, 3]",
        ),
        (
            message(|sizes| sizes.x[0] = 3),
            &format!("max_pool2d: dout must have shape [3, 5, 2, 2] {because}, got [2, 5, 2, 2]"),
        ),
        (
            message(|sizes| sizes.x[3] = 8),
            &format!("max_pool2d: dout must have shape [2, 5, 2, 3] {because}, got [2, 5, 2, 2]"),
        ),
        (
            message(|sizes| sizes.dout = [2, 5, 4, 4]),
            &format!("max_pool2d: dout must have shape [2, 5, 2, 2] {because}, got [2, 5, 4, 4]"),
        ),
        (
            message(|sizes| sizes.argmax[0] = 1),
            &format!("max_pool2d: argmax must have shape [2, 5, 2, 2] {because}, got [1, 5, 2, 2]"),
        ),
        (
            message(|sizes| sizes.dweight = [5, 3, 3, 2]),
            "conv2d: dweight must have shape [5, 3, 3, 3] (that of weight), got [5, 3, 3, 2]",
        ),
        (
            message(|sizes| sizes.dbias = 6),
            "conv2d: dbias must have shape [5] (one value per filter), got [6]",
        ),
        (
            message(|sizes| sizes.window = 5),
            "max_pool2d: a window of 5 does not fit along H, which has 4 pixels with any padding; use a smaller window or a larger image",
        ),
    ] {
        assert_eq!(got, expected);
    }
}
