//! The blocked kernels against loops written straight from their formulas, at sizes on both sides of
//! a block of lanes: in f64 within rounding, in f32 to the bit, for which the loops follow the order
//! of operations that `conv2d` documents.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Random, bits};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::linear;
use kernels::max_pool2d::{self, MaxPool2dConfig};
use ndarray::{Array, Array1, Array2, Array4, Dimension};
use proptest::prelude::*;

/// Every (n, f, oh, ow, c, kh, kw, h, w) at which a convolution multiplies x\[n, c, h, w\] with
/// weight\[f, c, kh, kw\] for out\[n, f, oh, ow\].
fn products(
    x: &Array4<f64>,
    weight: &Array4<f64>,
    out: &Array4<f64>,
    stride: [usize; 2],
    padding: [usize; 2],
    mut visit: impl FnMut([usize; 4], [usize; 4], [usize; 4]),
) {
    let (_, _, height, width) = x.dim();
    for (n, f, oh, ow) in ndarray::indices(out.dim()) {
        for (_, c, kh, kw) in ndarray::indices((1, weight.dim().1, weight.dim().2, weight.dim().3))
        {
            let (h, w) = (oh * stride[0] + kh, ow * stride[1] + kw);
            if (padding[0]..padding[0] + height).contains(&h)
                && (padding[1]..padding[1] + width).contains(&w)
            {
                let pixel = [n, c, h - padding[0], w - padding[1]];
                visit([n, f, oh, ow], [f, c, kh, kw], pixel);
            }
        }
    }
}

/// The output whose tap `tap` reaches input `index`; outputs outside included.
fn output(index: usize, tap: usize, stride: usize, padding: usize) -> Option<isize> {
    let start = (index + padding) as isize - tap as isize;
    (start % stride as isize == 0).then_some(start / stride as isize)
}

fn assert_close<D: Dimension>(what: &str, got: &Array<f64, D>, expected: &Array<f64, D>) {
    assert_eq!(got.shape(), expected.shape(), "{what}");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        // Sums of up to some hundred products of about 1, in another order.
        assert!((got - expected).abs() < 1e-11, "{what}[{index}]: {got} against {expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn conv2d_is_its_formula(
        n in 1usize..3, c in 1usize..20, f in 1usize..20,
        size in prop::array::uniform2(1usize..7),
        kernel in prop::array::uniform2(1usize..5),
        stride in prop::array::uniform2(1usize..4),
        padding in prop::array::uniform2(0usize..5),
        seed: u64,
    ) {
        prop_assume!((0..2).all(|axis| size[axis] + 2 * padding[axis] >= kernel[axis]));
        let mut random = Random::new(seed);
        let x: Array4<f64> = random.array([n, c, size[0], size[1]]);
        let weight: Array4<f64> = random.array([f, c, kernel[0], kernel[1]]);
        let bias: Array1<f64> = random.array(f);
        let config = Conv2dConfig::new(stride, padding).unwrap();

        let out = conv2d::forward(x.view(), weight.view(), bias.view(), &config).unwrap();
        let output_size = |axis: usize| (size[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1;
        let mut expected = Array4::zeros([n, f, output_size(0), output_size(1)]);
        for ((_, f, _, _), out) in expected.indexed_iter_mut() {
            *out = bias[f];
        }
        let mut sums = expected.clone();
        products(&x, &weight, &expected, stride, padding, |out, tap, pixel| {
            sums[out] += weight[tap] * x[pixel];
        });
        expected = sums;
        assert_close("out", &out, &expected);

        let dout: Array4<f64> = random.array(out.raw_dim());
        let gradients = conv2d::backward(dout.view(), x.view(), weight.view(), &config).unwrap();
        let (mut dx, mut dweight) = (Array4::zeros(x.raw_dim()), Array4::zeros(weight.raw_dim()));
        products(&x, &weight, &dout, stride, padding, |out, tap, pixel| {
            dx[pixel] += weight[tap] * dout[out];
            dweight[tap] += x[pixel] * dout[out];
        });
        assert_close("dx", &gradients.dx, &dx);
        assert_close("dweight", &gradients.parameters.dweight, &dweight);
        let dbias = dout.sum_axis(ndarray::Axis(3)).sum_axis(ndarray::Axis(2)).sum_axis(ndarray::Axis(0));
        assert_close("dbias", &gradients.parameters.dbias, &dbias);
    }

    #[test]
    fn conv2d_in_f32_is_its_order_of_operations(
        n in 1usize..4, c in prop_oneof![1usize..20, Just(16), Just(32)], f in 1usize..36,
        size in prop::array::uniform2(1usize..9),
        kernel in prop::array::uniform2(1usize..6),
        stride in prop::array::uniform2(1usize..8),
        padding in prop::array::uniform2(0usize..5),
        nonzeros in prop_oneof![Just(1.0), 0.0..0.6],
        seed: u64,
    ) {
        prop_assume!((0..2).all(|axis| size[axis] + 2 * padding[axis] >= kernel[axis]));
        let mut random = Random::new(seed);
        let x: Array4<f32> = random.array([n, c, size[0], size[1]]);
        let weight: Array4<f32> = random.array([f, c, kernel[0], kernel[1]]);
        let bias: Array1<f32> = random.array(f);
        let config = Conv2dConfig::new(stride, padding).unwrap();
        let out = conv2d::forward(x.view(), weight.view(), bias.view(), &config).unwrap();
        let mut dout: Array4<f32> = random.array(out.raw_dim());
        // As behind a max pooling and a ReLU, for which there is another way.
        dout.mapv_inplace(|value| if random.uniform() < nonzeros { value } else { 0.0 });
        let gradients = conv2d::backward(dout.view(), x.view(), weight.view(), &config).unwrap();
        let (height, width) = (size[0] as isize, size[1] as isize);
        let input = |oh: usize, kh: usize, axis: usize| {
            (oh * stride[axis] + kh) as isize - padding[axis] as isize
        };
        let pixel = |n: usize, c: usize, h: isize, w: isize| {
            let is_inside = (0..height).contains(&h) && (0..width).contains(&w);
            if is_inside { x[[n, c, h as usize, w as usize]] } else { 0.0 }
        };
        let [rows, columns] = [out.dim().2, out.dim().3];

        let expected = Array4::from_shape_fn(out.raw_dim(), |(n, f, oh, ow)| {
            let mut sum = bias[f];
            for (kh, kw, c) in ndarray::indices((kernel[0], kernel[1], c)) {
                let x = pixel(n, c, input(oh, kh, 0), input(ow, kw, 1));
                sum = x.mul_add(weight[[f, c, kh, kw]], sum);
            }
            sum
        });
        prop_assert_eq!(bits(&out), bits(&expected));

        let expected = Array4::from_shape_fn(x.raw_dim(), |(n, c, h, w)| {
            let mut sum = 0.0_f32;
            for kh in (0..kernel[0]).rev() {
                for kw in (0..kernel[1]).rev() {
                    // The output whose tap (kh, kw) reaches this pixel, if the stride has one.
                    let (Some(oh), Some(ow)) = (
                        output(h, kh, stride[0], padding[0]),
                        output(w, kw, stride[1], padding[1]),
                    ) else {
                        continue;
                    };
                    let is_inside = (0..rows as isize).contains(&oh)
                        && (0..columns as isize).contains(&ow);
                    for f in 0..f {
                        let dout =
                            if is_inside { dout[[n, f, oh as usize, ow as usize]] } else { 0.0 };
                        sum = dout.mul_add(weight[[f, c, kh, kw]], sum);
                    }
                }
            }
            sum
        });
        prop_assert_eq!(bits(&gradients.dx), bits(&expected));

        let expected = Array4::from_shape_fn(weight.raw_dim(), |(f, c, kh, kw)| {
            (0..n).fold(0.0_f32, |total, n| {
                let mut sum = 0.0_f32;
                for (oh, ow) in ndarray::indices((rows, columns)) {
                    let x = pixel(n, c, input(oh, kh, 0), input(ow, kw, 1));
                    sum = x.mul_add(dout[[n, f, oh, ow]], sum);
                }
                total + sum
            })
        });
        prop_assert_eq!(bits(&gradients.parameters.dweight), bits(&expected));
        let expected = Array1::from_shape_fn(f, |f| {
            (0..n).fold(0.0_f32, |total, n| {
                total + dout.slice(ndarray::s![n, f, .., ..]).iter().fold(0.0, |sum, dout| sum + dout)
            })
        });
        prop_assert_eq!(bits(&gradients.parameters.dbias), bits(&expected));
    }

    #[test]
    fn max_pool2d_in_f32_is_its_formula(
        n in 1usize..4, c in 1usize..36,
        size in prop::array::uniform2(1usize..9),
        window in prop::array::uniform2(1usize..4),
        stride in prop::array::uniform2(1usize..4),
        seed: u64,
    ) {
        prop_assume!((0..2).all(|axis| size[axis] >= window[axis]));
        let mut random = Random::new(seed);
        // Few values, so that windows hold equal ones; and some NaN.
        let x: Array4<f32> = random.array([n, c, size[0], size[1]]);
        let x = x.mapv(|x: f32| if x > 1.5 { f32::NAN } else { (2.0 * x).round() / 2.0 });
        let config = MaxPool2dConfig::new(window, stride).unwrap();
        let (out, argmax) = max_pool2d::forward(x.view(), &config).unwrap();
        for ((n, c, oh, ow), &out) in out.indexed_iter() {
            let pixels = (0..window[0]).flat_map(|a| (0..window[1]).map(move |b| [a, b]));
            let (mut best, mut at) = (f32::NEG_INFINITY, 0_usize);
            for [a, b] in pixels {
                let [h, w] = [oh * stride[0] + a, ow * stride[1] + b];
                let value = x[[n, c, h, w]];
                if value > best || value.is_nan() {
                    (best, at) = (value, h * size[1] + w);
                }
            }
            prop_assert_eq!((out.to_bits(), argmax[[n, c, oh, ow]]), (best.to_bits(), at as u32));
        }

        let dout: Array4<f32> = random.array(out.raw_dim());
        // As forward gives it, and pointing anywhere in the plane.
        let anywhere = argmax.mapv(|at| (at * 7 + 3) % (size[0] * size[1]) as u32);
        for argmax in [argmax, anywhere] {
            let mut expected: Array4<f32> = Array4::zeros(x.raw_dim());
            for ((n, c, oh, ow), &dout) in dout.indexed_iter() {
                let at = argmax[[n, c, oh, ow]] as usize;
                expected[[n, c, at / size[1], at % size[1]]] += dout;
            }
            let dx = max_pool2d::backward(dout.view(), argmax.view(), size, &config).unwrap();
            prop_assert_eq!(bits(&dx), bits(&expected));
        }
    }

    #[test]
    fn linear_in_f32_is_its_order_of_operations(
        n in 1usize..9, d in 1usize..40, m in 1usize..40, seed: u64,
    ) {
        let mut random = Random::new(seed);
        let x: Array2<f32> = random.array([n, d]);
        let weight: Array2<f32> = random.array([m, d]);
        let bias: Array1<f32> = random.array(m);
        let dout: Array2<f32> = random.array([n, m]);
        let sum = |start: f32, length: usize, factors: &dyn Fn(usize) -> [f32; 2]| {
            (0..length).map(factors).fold(start, |sum, [a, b]| a.mul_add(b, sum))
        };
        let out = Array2::from_shape_fn((n, m), |(n, m)| {
            sum(bias[m], d, &|d| [x[[n, d]], weight[[m, d]]])
        });
        let dx =
            Array2::from_shape_fn((n, d), |(n, d)| sum(0.0, m, &|m| [dout[[n, m]], weight[[m, d]]]));
        let dweight =
            Array2::from_shape_fn((m, d), |(m, d)| sum(0.0, n, &|n| [dout[[n, m]], x[[n, d]]]));
        let got = linear::forward(x.view(), weight.view(), bias.view()).unwrap();
        let gradients = linear::backward(dout.view(), x.view(), weight.view()).unwrap();
        prop_assert_eq!(bits(&got), bits(&out));
        prop_assert_eq!(bits(&gradients.dx), bits(&dx));
        prop_assert_eq!(bits(&gradients.dweight), bits(&dweight));
    }

    #[test]
    fn linear_is_its_formula(n in 1usize..5, d in 1usize..40, m in 1usize..40, seed: u64) {
        let mut random = Random::new(seed);
        let x: Array2<f64> = random.array([n, d]);
        let weight: Array2<f64> = random.array([m, d]);
        let bias: Array1<f64> = random.array(m);
        let dout: Array2<f64> = random.array([n, m]);
        let mut out = Array2::zeros([n, m]) + &bias;
        let (mut dx, mut dweight) = (Array2::zeros([n, d]), Array2::zeros([m, d]));
        for (n, m, d) in ndarray::indices((n, m, d)) {
            out[[n, m]] += x[[n, d]] * weight[[m, d]];
            dx[[n, d]] += dout[[n, m]] * weight[[m, d]];
            dweight[[m, d]] += dout[[n, m]] * x[[n, d]];
        }
        let got = linear::forward(x.view(), weight.view(), bias.view()).unwrap();
        assert_close("out", &got, &out);
        let gradients = linear::backward(dout.view(), x.view(), weight.view()).unwrap();
        assert_close("dx", &gradients.dx, &dx);
        assert_close("dweight", &gradients.dweight, &dweight);
        assert_close("dbias", &gradients.dbias, &dout.sum_axis(ndarray::Axis(0)));
    }
}
