//! Every fast kernel, but for the optimisers, against its reference in plain loops, in `f32` and `f64`: to
//! the bit, since both follow the documented order of operations. The norms, sigmoid and tanh in `f32`, and
//! a convolution's parameter gradients over more than 12 images, are held within rounding instead.
//! Sizes lie on both sides of a vector.

use kernels::conv2d::{self, Conv2dConfig};
use kernels::group_norm::{self, GroupNormConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, Convention, Real, RunningStatistics, batch_norm, dropout, flatten,
    ghost_batch_norm, linear, reference, relu, sigmoid, softmax_cross_entropy, spatial_batch_norm,
    tanh,
};
use ndarray::{Array, Array1, Array2, Array4, Dimension, Zip};
use proptest::prelude::*;

use crate::common::{Random, assert_same, bits};

/// Sizes of a convolution or pooling along both axes.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    image: [usize; 2],
    window: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

fn conv2d_against_reference<F: Real>(
    [n, c, f]: [usize; 3],
    sizes: Sizes,
    nonzeros: f64,
    seed: u64,
) {
    let mut random = Random::new(seed);
    let Sizes { image: [h, w], window: [kh, kw], stride, padding } = sizes;
    let x: Array4<F> = random.array([n, c, h, w]);
    let weight: Array4<F> = random.array([f, c, kh, kw]);
    let bias: Array1<F> = random.array(f);
    let config = Conv2dConfig::new(stride, padding).unwrap();
    let (xv, wv) = (x.view(), weight.view());
    let out = conv2d::forward(xv, wv, bias.view(), &config).unwrap();
    let expected = reference::conv2d::forward(xv, wv, bias.view(), stride, padding);
    assert_same("out", &out, &expected);

    let mut dout: Array4<F> = random.array(out.raw_dim());
    // As behind a max pooling and a ReLU, for which there is another way.
    dout.mapv_inplace(|value| if random.uniform() < nonzeros { value } else { F::zero() });
    let got = conv2d::backward(dout.view(), xv, wv, &config).unwrap();
    let (dx, dweight, dbias) = reference::conv2d::backward(dout.view(), xv, wv, stride, padding);
    assert_same("dx", &got.dx, &dx);
    if n <= 12 {
        assert_same("dweight", &got.parameters.dweight, &dweight);
        assert_same("dbias", &got.parameters.dbias, &dbias);
    } else {
        // Chunks of several images are summed first, so the order differs from the reference's.
        let tolerance = if size_of::<F>() == 4 { 1e-4 } else { 1e-12 };
        let (dweight, dbias) = (dweight.mapv(F::to_f64), dbias.mapv(F::to_f64));
        assert_close("dweight", &got.parameters.dweight, &dweight, tolerance);
        assert_close("dbias", &got.parameters.dbias, &dbias, tolerance);
    }
}

fn max_pool2d_against_reference<F: Real>([n, c]: [usize; 2], sizes: Sizes, seed: u64) {
    let mut random = Random::new(seed);
    let Sizes { image: [h, w], window, stride, .. } = sizes;
    // Few values, so that windows hold equal ones; and some NaN.
    let x = random
        .array([n, c, h, w])
        .mapv(|x: f64| F::from_f64(if x > 1.5 { f64::NAN } else { (2.0 * x).round() / 2.0 }));
    let config = MaxPool2dConfig::new(window, stride).unwrap();
    let (out, argmax) = max_pool2d::forward(x.view(), &config).unwrap();
    let (expected, expected_argmax) = reference::max_pool2d::forward(x.view(), window, stride);
    assert_same("out", &out, &expected);
    assert_eq!(argmax, expected_argmax);

    let dout: Array4<F> = random.array(out.raw_dim());
    // As forward gives it, and pointing anywhere in the plane.
    let anywhere = argmax.mapv(|at| (at * 7 + 3) % (h * w) as u32);
    for argmax in [argmax, anywhere] {
        let dx = max_pool2d::backward(dout.view(), argmax.view(), [h, w], &config).unwrap();
        let expected = reference::max_pool2d::backward(dout.view(), argmax.view(), [h, w]);
        assert_same("dx", &dx, &expected);
    }
}

fn linear_against_reference<F: Real>(n: usize, d: usize, m: usize, seed: u64) {
    let mut random = Random::new(seed);
    let x: Array2<F> = random.array([n, d]);
    let weight: Array2<F> = random.array([m, d]);
    let bias: Array1<F> = random.array(m);
    let dout: Array2<F> = random.array([n, m]);
    let (x, weight, dout) = (x.view(), weight.view(), dout.view());
    let out = linear::forward(x, weight, bias.view()).unwrap();
    assert_same("out", &out, &reference::linear::forward(x, weight, bias.view()));
    let got = linear::backward(dout, x, weight).unwrap();
    let (dx, dweight, dbias) = reference::linear::backward(dout, x, weight);
    assert_same("dx", &got.dx, &dx);
    assert_same("dweight", &got.dweight, &dweight);
    assert_same("dbias", &got.dbias, &dbias);
}

/// The elementwise kernels, flattening and the loss.
fn others_against_reference<F: Real>(shape: [usize; 4], seed: u64) {
    let mut random = Random::new(seed);
    let [_, c, h, w] = shape;
    let x: Array4<F> = random.array(shape);
    let dout: Array4<F> = random.array(shape);
    assert_same("relu", &relu::forward(x.view()), &x.mapv(reference::relu::forward));
    let expected = Zip::from(&dout).and(&x).map_collect(|&dy, &x| reference::relu::backward(dy, x));
    assert_same("relu", &relu::backward(dout.view(), x.view()).unwrap(), &expected);

    let (mask, p) = (x.mapv(|_| random.uniform() < 0.6), 0.4);
    for (values, got) in [
        (&x, dropout::forward(x.view(), mask.view(), p).unwrap()),
        (&dout, dropout::backward(dout.view(), mask.view(), p).unwrap()),
    ] {
        let keep = |&value: &F, &keep: &bool| reference::dropout::forward(value, keep, p);
        assert_same("dropout", &got, &Zip::from(values).and(&mask).map_collect(keep));
    }

    let (mut rows, mut images) = (Array2::zeros([0, 0]), Array4::zeros([0; 4]));
    flatten::forward_into(x.view(), &mut rows).unwrap();
    assert_same("flatten", &rows, &reference::flatten::forward(x.view()));
    flatten::backward_into(rows.view(), [c, h, w], &mut images).unwrap();
    assert_same("flatten", &images, &reference::flatten::backward(rows.view(), [c, h, w]));
    assert_same("flatten there and back", &images, &x);

    let labels: Vec<usize> = (0..rows.nrows()).map(|row| row * 5 % rows.ncols()).collect();
    let of_labels = Array1::from_vec(labels.clone());
    let (loss, probabilities) =
        softmax_cross_entropy::forward(rows.view(), of_labels.view()).unwrap();
    let (expected_loss, expected) = reference::softmax_cross_entropy::forward(rows.view(), &labels);
    assert_eq!(loss.to_f64().to_bits(), expected_loss.to_f64().to_bits());
    assert_same("probabilities", &probabilities, &expected);
    let dlogits = softmax_cross_entropy::backward(expected.view(), of_labels.view()).unwrap();
    let expected = reference::softmax_cross_entropy::backward(expected.view(), &labels);
    assert_same("dlogits", &dlogits, &expected);

    for (name, out, dx, forward, backward) in [
        (
            "sigmoid",
            sigmoid::forward(x.view()),
            sigmoid::backward(dout.view(), x.view()).unwrap(),
            reference::sigmoid::forward as fn(f64) -> f64,
            reference::sigmoid::backward as fn(f64, f64) -> f64,
        ),
        (
            "tanh",
            tanh::forward(x.view()),
            tanh::backward(dout.view(), x.view()).unwrap(),
            reference::tanh::forward,
            reference::tanh::backward,
        ),
    ] {
        // To the bit in f64; in f32 rounded, backwards after each operation.
        let [of_out, of_dx] = if size_of::<F>() == 4 { [6e-8, 5e-7] } else { [0.0; 2] };
        let wide = |array: &Array4<F>| array.mapv(F::to_f64);
        assert_close(name, &out, &wide(&x).mapv(forward), of_out);
        let expected =
            Zip::from(&wide(&dout)).and(&wide(&x)).map_collect(|&dy, &y| backward(dy, y));
        assert_close(name, &dx, &expected, of_dx);
    }
}

fn assert_close<F: Real, D: Dimension>(
    what: &str,
    got: &Array<F, D>,
    expected: &Array<f64, D>,
    tolerance: f64,
) {
    assert_eq!(got.shape(), expected.shape(), "{what}");
    for (got, expected) in got.iter().map(|got| got.to_f64()).zip(expected) {
        let error = (got - expected).abs();
        assert!(error <= tolerance * (1.0 + expected.abs()), "{what}: {got} against {expected}");
    }
}

/// Ghost batch norm of images, and of rows where images have one pixel.
fn ghost_batch_norm_against_reference<F: Real>(
    shape: [usize; 4],
    ghost: usize,
    tolerance: f64,
    seed: u64,
) {
    let mut random = Random::new(seed);
    let [_, c, h, w] = shape;
    let (x, dout): (Array4<F>, Array4<F>) = (random.array(shape), random.array(shape));
    let (gamma, beta): (Array1<F>, Array1<F>) = (random.array(c), random.array(c));
    let rows =
        |images: &Array4<F>| reference::spatial_batch_norm::to_rows(images.mapv(F::to_f64).view());
    let images = |rows: &Array2<f64>| reference::spatial_batch_norm::from_rows(rows, [h, w]);
    let (gamma64, beta64) = (gamma.mapv(F::to_f64), beta.mapv(F::to_f64));
    let config = BatchNormConfig::new(0.5, 0.25, Convention::PyTorch).unwrap();
    let mut running64 = RunningStatistics::new(c, Convention::PyTorch);
    let (expected, caches) = reference::ghost_batch_norm::forward_train(
        rows(&x).view(),
        ghost * h * w,
        gamma64.view(),
        beta64.view(),
        &mut running64,
        &config,
    );
    let (dx, dgamma, dbeta) =
        reference::ghost_batch_norm::backward_train(rows(&dout).view(), gamma64.view(), &caches);
    let mut running = RunningStatistics::new(c, Convention::PyTorch);
    let (g, b) = (gamma.view(), beta.view());
    let (out, statistics) =
        ghost_batch_norm::forward_train(x.view(), ghost, g, b, &mut running, &config).unwrap();
    let got = ghost_batch_norm::backward_train(dout.view(), x.view(), g, &statistics).unwrap();
    assert_close("out", &out, &images(&expected), tolerance);
    assert_close("dx", &got.dx, &images(&dx), tolerance);
    assert_close("dgamma", &got.dgamma, &dgamma, tolerance);
    assert_close("dbeta", &got.dbeta, &dbeta, tolerance);
    assert_close("running mean", &running.mean, &running64.mean, tolerance);
    assert_close("running var", &running.var, &running64.var, tolerance);
}

/// Group norm of images, and of rows where images have one pixel.
fn group_norm_against_reference<F: Real>(
    [n, width, h, w]: [usize; 4],
    groups: usize,
    tolerance: f64,
    seed: u64,
) {
    let mut random = Random::new(seed);
    let c = groups * width;
    let x = random.array([n, c, h, w]).mapv(|x: F| x + x + F::from_f64(3.0));
    let dout: Array4<F> = random.array([n, c, h, w]);
    let (gamma, beta): (Array1<F>, Array1<F>) = (random.array(c), random.array(c));
    let (g, b) = (gamma.view(), beta.view());
    let (gamma64, beta64) = (gamma.mapv(F::to_f64), beta.mapv(F::to_f64));
    let wide = |images: &Array4<F>| images.mapv(F::to_f64);
    for eps in [1e-5, 0.5] {
        let config = GroupNormConfig::new(groups, eps).unwrap();
        let (expected, cache) = reference::group_norm::forward(
            wide(&x).view(),
            gamma64.view(),
            beta64.view(),
            groups,
            eps,
        );
        let (dx, dgamma, dbeta) =
            reference::group_norm::backward(wide(&dout).view(), gamma64.view(), &cache);
        let (out, statistics) = group_norm::forward(x.view(), g, b, &config).unwrap();
        let got = group_norm::backward(dout.view(), x.view(), g, &statistics).unwrap();
        assert_close("out", &out, &expected, tolerance);
        assert_close("dx", &got.dx, &dx, tolerance);
        assert_close("dgamma", &got.dgamma, &dgamma, tolerance);
        assert_close("dbeta", &got.dbeta, &dbeta, tolerance);
        if h * w == 1 {
            let [x, dout] = [&x, &dout].map(|a| a.view().into_shape_with_order((n, c)).unwrap());
            let (rows, of_rows) = group_norm::forward(x, g, b, &config).unwrap();
            let of_dx = group_norm::backward(dout, x, g, &of_rows).unwrap();
            assert_eq!(of_rows, statistics);
            assert_eq!([bits(&rows), bits(&of_dx.dx)], [bits(&out), bits(&got.dx)]);
            assert_eq!(bits(&of_dx.dgamma), bits(&got.dgamma));
        }
    }
}

/// Batch norm of images, and of rows where images have one pixel, in all modes and conventions.
fn batch_norm_against_reference<F: Real>(shape: [usize; 4], tolerance: f64, seed: u64) {
    let mut random = Random::new(seed);
    let [n, c, h, w] = shape;
    let x = random.array(shape).mapv(|x: F| x + x + F::from_f64(3.0));
    let dout: Array4<F> = random.array(shape);
    let (gamma, beta): (Array1<F>, Array1<F>) = (random.array(c), random.array(c));
    let start = RunningStatistics {
        mean: random.array(c),
        var: random.array(c).mapv(|v: F| v * v + F::one()),
    };
    let wide = |array: &Array1<F>| array.mapv(F::to_f64);
    let rows =
        |images: &Array4<F>| reference::spatial_batch_norm::to_rows(images.mapv(F::to_f64).view());
    let images = |rows: &Array2<f64>| reference::spatial_batch_norm::from_rows(rows, [h, w]);
    let (x_rows, dout_rows) = (rows(&x), rows(&dout));
    let (gamma64, beta64) = (wide(&gamma), wide(&beta));
    for config in [
        BatchNormConfig::notebook(),
        BatchNormConfig::pytorch(),
        BatchNormConfig::new(0.5, 0.25, Convention::Notebook).unwrap(),
    ] {
        let start64 = RunningStatistics { mean: wide(&start.mean), var: wide(&start.var) };
        let (mut running, mut running64) = (start.clone(), start64.clone());
        let (g, b) = (gamma.view(), beta.view());
        let (g64, b64) = (gamma64.view(), beta64.view());
        let (expected, cache) =
            reference::batch_norm::forward_train(x_rows.view(), g64, b64, &mut running64, &config);
        let (dx, dgamma, dbeta) =
            reference::batch_norm::backward_train(dout_rows.view(), g64, &cache);
        let (out, statistics) =
            spatial_batch_norm::forward_train(x.view(), g, b, &mut running, &config).unwrap();
        let got =
            spatial_batch_norm::backward_train(dout.view(), x.view(), g, &statistics).unwrap();
        assert_close("out", &out, &images(&expected), tolerance);
        assert_close("dx", &got.dx, &images(&dx), tolerance);
        assert_close("dgamma", &got.dgamma, &dgamma, tolerance);
        assert_close("dbeta", &got.dbeta, &dbeta, tolerance);
        assert_close("running mean", &running.mean, &running64.mean, tolerance);
        assert_close("running var", &running.var, &running64.var, tolerance);
        if h * w == 1 {
            let [x, dout] = [&x, &dout].map(|a| a.view().into_shape_with_order((n, c)).unwrap());
            let mut rows_running = start.clone();
            let (out, statistics) =
                batch_norm::forward_train(x, g, b, &mut rows_running, &config).unwrap();
            let got = batch_norm::backward_train(dout, x, g, &statistics).unwrap();
            assert_close("out of rows", &out, &expected, tolerance);
            assert_close("dx of rows", &got.dx, &dx, tolerance);
            assert_close("dgamma of rows", &got.dgamma, &dgamma, tolerance);
            assert_close("dbeta of rows", &got.dbeta, &dbeta, tolerance);
            assert_eq!(rows_running, running);
        }

        let (expected, cache) =
            reference::batch_norm::forward_eval(x_rows.view(), g64, b64, &start64, &config);
        let (dx, dgamma, dbeta) =
            reference::batch_norm::backward_eval(dout_rows.view(), g64, &cache);
        let out = spatial_batch_norm::forward_eval(x.view(), g, b, &start, &config).unwrap();
        let got =
            spatial_batch_norm::backward_eval(dout.view(), x.view(), g, &start, &config).unwrap();
        assert_close("out of evaluation", &out, &images(&expected), tolerance);
        assert_close("dx of evaluation", &got.dx, &images(&dx), tolerance);
        assert_close("dgamma of evaluation", &got.dgamma, &dgamma, tolerance);
        assert_close("dbeta of evaluation", &got.dbeta, &dbeta, tolerance);

        if h * w == 1 {
            let [x, dout] = [&x, &dout].map(|a| a.view().into_shape_with_order((n, c)).unwrap());
            let out = batch_norm::forward_eval(x, g, b, &start, &config).unwrap();
            let got = batch_norm::backward_eval(dout, x, g, &start, &config).unwrap();
            assert_close("out of rows in evaluation", &out, &expected, tolerance);
            assert_close("dx of rows in evaluation", &got.dx, &dx, tolerance);
            assert_close("dgamma of rows in evaluation", &got.dgamma, &dgamma, tolerance);
            assert_close("dbeta of rows in evaluation", &got.dbeta, &dbeta, tolerance);
        }
    }
}

/// The reference multiplies and adds by the crate's own `Real::mul_add`. Here the standard library
/// does it, in the documented order.
#[test]
fn linear_in_f32_has_the_bits_of_the_standard_librarys_mul_add() {
    let (n, d, m) = (5, 37, 29);
    let mut random = Random::new(1);
    let x: Array2<f32> = random.array([n, d]);
    let weight: Array2<f32> = random.array([m, d]);
    let bias: Array1<f32> = random.array(m);
    let dout: Array2<f32> = random.array([n, m]);
    let mut out = Array2::zeros([n, m]);
    let (mut dx, mut dweight) = (Array2::zeros([n, d]), Array2::zeros([m, d]));
    for i in 0..n {
        for j in 0..m {
            let mut sum = bias[j];
            for k in 0..d {
                sum = f32::mul_add(x[[i, k]], weight[[j, k]], sum);
                dx[[i, k]] = f32::mul_add(dout[[i, j]], weight[[j, k]], dx[[i, k]]);
                dweight[[j, k]] = f32::mul_add(dout[[i, j]], x[[i, k]], dweight[[j, k]]);
            }
            out[[i, j]] = sum;
        }
    }
    let (x, weight) = (x.view(), weight.view());
    assert_same("out", &linear::forward(x, weight, bias.view()).unwrap(), &out);
    let got = linear::backward(dout.view(), x, weight).unwrap();
    assert_same("dx", &got.dx, &dx);
    assert_same("dweight", &got.dweight, &dweight);
}

/// The parameters' gradients are summed in up to 12 chunks; these batches have chunks of one and
/// two, and of two and three images.
#[test]
fn conv2d_of_more_images_than_chunks_is_its_reference() {
    let sizes = Sizes { image: [6, 5], window: [3, 3], stride: [1, 1], padding: [1, 1] };
    for n in [13, 25] {
        for nonzeros in [1.0, 0.2] {
            conv2d_against_reference::<f32>([n, 3, 10], sizes, nonzeros, 1);
            conv2d_against_reference::<f64>([n, 3, 10], sizes, nonzeros, 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn conv2d_is_its_reference(
        n in 1usize..4, c in prop_oneof![1usize..20, Just(16), Just(32)], f in 1usize..36,
        image in prop::array::uniform2(1usize..9),
        window in prop::array::uniform2(1usize..6),
        stride in prop::array::uniform2(1usize..8),
        padding in prop::array::uniform2(0usize..5),
        nonzeros in prop_oneof![Just(1.0), 0.0..0.6],
        seed: u64,
    ) {
        prop_assume!((0..2).all(|axis| image[axis] + 2 * padding[axis] >= window[axis]));
        let sizes = Sizes { image, window, stride, padding };
        conv2d_against_reference::<f32>([n, c, f], sizes, nonzeros, seed);
        conv2d_against_reference::<f64>([n, c, f], sizes, nonzeros, seed);
    }

    #[test]
    fn max_pool2d_is_its_reference(
        n in 1usize..4, c in 1usize..36,
        image in prop::array::uniform2(1usize..9),
        window in prop::array::uniform2(1usize..4),
        stride in prop::array::uniform2(1usize..4),
        seed: u64,
    ) {
        prop_assume!((0..2).all(|axis| image[axis] >= window[axis]));
        let sizes = Sizes { image, window, stride, padding: [0, 0] };
        max_pool2d_against_reference::<f32>([n, c], sizes, seed);
        max_pool2d_against_reference::<f64>([n, c], sizes, seed);
    }

    #[test]
    fn linear_is_its_reference(n in 1usize..9, d in 1usize..40, m in 1usize..40, seed: u64) {
        linear_against_reference::<f32>(n, d, m, seed);
        linear_against_reference::<f64>(n, d, m, seed);
    }

    #[test]
    fn the_other_kernels_are_their_references(
        n in 1usize..5, c in 1usize..20, h in 1usize..6, w in 1usize..6, seed: u64,
    ) {
        others_against_reference::<f32>([n, c, h, w], seed);
        others_against_reference::<f64>([n, c, h, w], seed);
    }

    #[test]
    fn ghost_batch_norm_is_its_reference(
        n in 1usize..9, c in 1usize..20, ghost in 1usize..9,
        [h, w] in prop_oneof![Just([1, 1]), prop::array::uniform2(1usize..7)], seed: u64,
    ) {
        prop_assume!(ghost.min(n) * h * w >= 2);
        ghost_batch_norm_against_reference::<f32>([n, c, h, w], ghost, 2e-6, seed);
        ghost_batch_norm_against_reference::<f64>([n, c, h, w], ghost, 1e-10, seed);
    }

    #[test]
    fn group_norm_is_its_reference(
        n in 1usize..4, width in 1usize..20, groups in 1usize..5,
        [h, w] in prop_oneof![Just([1, 1]), prop::array::uniform2(1usize..12)], seed: u64,
    ) {
        // Few values may lie so near to each other that rounding shows.
        prop_assume!(width * h * w >= 4);
        group_norm_against_reference::<f32>([n, width, h, w], groups, 1e-6, seed);
        group_norm_against_reference::<f64>([n, width, h, w], groups, 1e-10, seed);
    }

    #[test]
    fn batch_norm_is_its_reference(
        n in 1usize..9, c in 1usize..20,
        [h, w] in prop_oneof![Just([1, 1]), prop::array::uniform2(1usize..7)], seed: u64,
    ) {
        prop_assume!(n * h * w >= 4);
        batch_norm_against_reference::<f32>([n, c, h, w], 1e-6, seed);
        batch_norm_against_reference::<f64>([n, c, h, w], 1e-10, seed);
    }
}
