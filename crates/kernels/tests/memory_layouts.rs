//! The same values in any memory give the same bits.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Random, bits, in_every_layout};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, Convention, Real, RunningStatistics, batch_norm, linear, relu,
    spatial_batch_norm,
};
use ndarray::{Array1, Array2, Array4, ArrayD, ShapeBuilder};
use proptest::prelude::*;

/// Everything that every image kernel makes of `x` and `dout`, as bits.
fn image_kernels<F: Real>(x: &Array4<F>, dout: &Array4<F>, seed: u64) -> Vec<Vec<u64>> {
    let mut random = Random::new(seed);
    let (_, c, h, w) = x.dim();
    let mut results: Vec<ArrayD<F>> = Vec::new();
    let gamma: Array1<F> = random.array(c);
    let beta: Array1<F> = random.array(c);
    let config = BatchNormConfig::pytorch();
    let mut running = RunningStatistics::new(c, Convention::PyTorch);

    let (g, b) = (gamma.view(), beta.view());
    let (out, statistics) =
        spatial_batch_norm::forward_train(x.view(), g, b, &mut running, &config).unwrap();
    let train = spatial_batch_norm::backward_train(dout.view(), x.view(), g, &statistics).unwrap();
    let evaluated = spatial_batch_norm::forward_eval(x.view(), g, b, &running, &config).unwrap();
    let eval =
        spatial_batch_norm::backward_eval(dout.view(), x.view(), g, &running, &config).unwrap();
    results.extend([out.into_dyn(), evaluated.into_dyn(), train.dx.into_dyn(), eval.dx.into_dyn()]);
    results.extend(
        [train.dgamma, train.dbeta, eval.dgamma, eval.dbeta, running.mean, running.var]
            .map(Array1::into_dyn),
    );

    let weight: Array4<F> = random.array([c, c, h.min(3), w.min(2)]);
    let same = Conv2dConfig::new([1, 1], [0, 1]).unwrap();
    let convolved = conv2d::forward(x.view(), weight.view(), b, &same).unwrap();
    let parameters =
        conv2d::backward_parameters(convolved.view(), x.view(), [h.min(3), w.min(2)], &same)
            .unwrap();
    results.extend([
        convolved.into_dyn(),
        parameters.dweight.into_dyn(),
        parameters.dbias.into_dyn(),
    ]);
    let one_by_one: Array4<F> = random.array([c, 2, 1, 1]);
    let point = Conv2dConfig::new([1, 1], [0, 0]).unwrap();
    let dx = conv2d::backward_input(dout.view(), [h, w], one_by_one.view(), &point).unwrap();
    results.push(dx.into_dyn());

    let pool = MaxPool2dConfig::new([h.min(2), w.min(2)], [1, 2]).unwrap();
    let (pooled, argmax) = max_pool2d::forward(x.view(), &pool).unwrap();
    let unpooled = max_pool2d::backward(pooled.view(), argmax.view(), [h, w], &pool).unwrap();
    results.extend([pooled.into_dyn(), unpooled.into_dyn()]);
    results.push(relu::forward(x.view()).into_dyn());
    results.push(relu::backward(dout.view(), x.view()).unwrap().into_dyn());
    results.iter().map(bits).collect()
}

fn assert_layout_is_irrelevant<F: Real>(shape: [usize; 4], seed: u64) {
    let mut random = Random::new(seed);
    let x: Array4<F> = random.array(shape);
    let dout: Array4<F> = random.array(shape);
    let expected = image_kernels(&x, &dout, seed);
    for (x_layout, x) in in_every_layout(&x) {
        for (dout_layout, dout) in in_every_layout(&dout) {
            let got = image_kernels(&x, &dout, seed);
            assert_eq!(got, expected, "x {x_layout}, dout {dout_layout}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn image_kernels_see_values_only(
        n in 2usize..4, c in 1usize..19, h in 1usize..6, w in 1usize..6, seed: u64,
    ) {
        assert_layout_is_irrelevant::<f32>([n, c, h, w], seed);
        assert_layout_is_irrelevant::<f64>([n, c, h, w], seed);
    }

    #[test]
    fn row_kernels_see_values_only(n in 2usize..6, d in 1usize..20, m in 1usize..20, seed: u64) {
        let mut random = Random::new(seed);
        let x: Array2<f32> = random.array([n, d]);
        let weight: Array2<f32> = random.array([m, d]);
        let dout: Array2<f32> = random.array([n, m]);
        let vector: Array1<f32> = random.array(d);
        let bias: Array1<f32> = random.array(m);
        let config = BatchNormConfig::notebook();
        let all = |x: &Array2<f32>, weight: &Array2<f32>, dout: &Array2<f32>| {
            let mut running = RunningStatistics::new(d, Convention::Notebook);
            let (x, v) = (x.view(), vector.view());
            let (out, statistics) =
                batch_norm::forward_train(x, v, v, &mut running, &config).unwrap();
            let gradients = batch_norm::backward_train(out.view(), x, v, &statistics).unwrap();
            let product = linear::forward(x, weight.view(), bias.view()).unwrap();
            let linear = linear::backward(dout.view(), x, weight.view()).unwrap();
            let rows = [&out, &gradients.dx, &product, &linear.dx, &linear.dweight].map(bits);
            (rows, [&gradients.dgamma, &running.var, &linear.dbias].map(bits))
        };
        prop_assert_eq!(
            all(&x, &weight, &dout),
            all(&fortran(&x), &fortran(&weight), &fortran(&dout))
        );
    }
}

fn fortran(array: &Array2<f32>) -> Array2<f32> {
    let mut copy = Array2::zeros(array.raw_dim().f());
    copy.assign(array);
    copy
}

#[test]
fn batch_norm_of_channels_last_images_keeps_their_memory() {
    let mut random = Random::new(1);
    let x: Array4<f32> = random.array([2, 5, 3, 4]);
    let (gamma, beta) = (random.array(5), random.array(5));
    for (layout, x) in in_every_layout(&x).into_iter().take(3) {
        let mut running = RunningStatistics::new(5, Convention::PyTorch);
        let config = BatchNormConfig::pytorch();
        let (out, _) = spatial_batch_norm::forward_train(
            x.view(),
            gamma.view(),
            beta.view(),
            &mut running,
            &config,
        )
        .unwrap();
        assert_eq!(out.strides(), x.strides(), "{layout}");
    }
}
