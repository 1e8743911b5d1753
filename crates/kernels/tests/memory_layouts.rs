//! The same values in any memory give the same bits.

use kernels::conv2d::{self, Conv2dConfig, Conv2dParameterGradients};
use kernels::group_norm::{self, GroupNormConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, Convention, Real, RunningStatistics, batch_norm, dropout, ghost_batch_norm,
    linear, relu, sigmoid, softmax_cross_entropy, spatial_batch_norm, tanh,
};
use ndarray::{Array1, Array2, Array4, ArrayD, Axis, ShapeBuilder, s};
use proptest::prelude::*;

use crate::common::{Random, bits, in_every_layout};

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

    // With a last ghost batch of one image, which a single pixel lets join the one before.
    let (config, mut running) =
        (BatchNormConfig::pytorch(), RunningStatistics::new(c, Convention::PyTorch));
    let (out, statistics) =
        ghost_batch_norm::forward_train(x.view(), 2, g, b, &mut running, &config).unwrap();
    let ghosts = ghost_batch_norm::backward_train(dout.view(), x.view(), g, &statistics).unwrap();
    results.extend([out.into_dyn(), ghosts.dx.into_dyn()]);
    results.extend([ghosts.dgamma, ghosts.dbeta, running.mean, running.var].map(Array1::into_dyn));

    let config = GroupNormConfig::new(1, 1e-5).unwrap();
    let (out, statistics) = group_norm::forward(x.view(), g, b, &config).unwrap();
    let grouped = group_norm::backward(dout.view(), x.view(), g, &statistics).unwrap();
    results.extend([out.into_dyn(), grouped.dx.into_dyn()]);
    results.extend([grouped.dgamma, grouped.dbeta].map(Array1::into_dyn));

    // The output has the size of x, so that dout is its cotangent.
    let weight: Array4<F> = random.array([c, c, 3, 1]);
    let same = Conv2dConfig::new([1, 1], [1, 0]).unwrap();
    let convolved = conv2d::forward(x.view(), weight.view(), b, &same).unwrap();
    let gradients = conv2d::backward(dout.view(), x.view(), weight.view(), &same).unwrap();
    let Conv2dParameterGradients { dweight, dbias } = gradients.parameters;
    results.extend([convolved.into_dyn(), gradients.dx.into_dyn(), dweight.into_dyn()]);
    results.push(dbias.into_dyn());

    let mask = x.mapv(|x| x > F::zero());
    results.push(dropout::forward(x.view(), mask.view(), 0.25).unwrap().into_dyn());
    results.push(dropout::backward(dout.view(), mask.t().to_owned().t(), 0.25).unwrap().into_dyn());

    let pool = MaxPool2dConfig::new([h.min(2), w.min(2)], [1, 2]).unwrap();
    let (pooled, argmax) = max_pool2d::forward(x.view(), &pool).unwrap();
    let unpooled = max_pool2d::backward(pooled.view(), argmax.view(), [h, w], &pool).unwrap();
    results.extend([pooled.into_dyn(), unpooled.into_dyn()]);
    results.push(relu::forward(x.view()).into_dyn());
    results.push(relu::backward(dout.view(), x.view()).unwrap().into_dyn());
    results.extend([sigmoid::forward(x.view()).into_dyn(), tanh::forward(x.view()).into_dyn()]);
    results.push(sigmoid::backward(dout.view(), x.view()).unwrap().into_dyn());
    results.push(tanh::backward(dout.view(), x.view()).unwrap().into_dyn());
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
        // Group norm has nothing to say of a single value.
        prop_assume!(c * h * w > 1);
        assert_layout_is_irrelevant::<f32>([n, c, h, w], seed);
        assert_layout_is_irrelevant::<f64>([n, c, h, w], seed);
    }

    #[test]
    fn row_kernels_see_values_only(n in 2usize..6, d in 1usize..20, m in 1usize..20, seed: u64) {
        assert_row_layout_is_irrelevant::<f32>(n, d, m, seed);
        assert_row_layout_is_irrelevant::<f64>(n, d, m, seed);
    }
}

/// Everything that every kernel of rows makes of its arguments, as bits.
fn row_kernels<F: Real>(x: &Array2<F>, weight: &Array2<F>, dout: &Array2<F>) -> Vec<Vec<u64>> {
    let mut random = Random::new(1);
    let (vector, bias): (Array1<F>, Array1<F>) =
        (random.array(x.ncols()), random.array(weight.nrows()));
    let (x, dout, v) = (x.view(), dout.view(), vector.view());
    let config = BatchNormConfig::notebook();
    let mut running = RunningStatistics::new(v.len(), Convention::Notebook);
    let (out, statistics) = batch_norm::forward_train(x, v, v, &mut running, &config).unwrap();
    let train = batch_norm::backward_train(x, x, v, &statistics).unwrap();
    let evaluated = batch_norm::forward_eval(x, v, v, &running, &config).unwrap();
    let eval = batch_norm::backward_eval(x, x, v, &running, &config).unwrap();
    let product = linear::forward(x, weight.view(), bias.view()).unwrap();
    let linear = linear::backward(dout, x, weight.view()).unwrap();
    let labels = Array1::zeros(dout.nrows());
    let (loss, probabilities) = softmax_cross_entropy::forward(dout, labels.view()).unwrap();
    let dlogits = softmax_cross_entropy::backward(dout, labels.view()).unwrap();
    let matrices = [
        out,
        evaluated,
        train.dx,
        eval.dx,
        product,
        linear.dx,
        linear.dweight,
        probabilities,
        dlogits,
    ];
    let vectors = [train.dgamma, train.dbeta, eval.dgamma, running.mean, running.var, linear.dbias];
    let mut results: Vec<_> = matrices.iter().map(bits).collect();
    results.extend(vectors.iter().map(bits));
    results.push(vec![loss.to_f64().to_bits()]);
    results
}

fn assert_row_layout_is_irrelevant<F: Real>(n: usize, d: usize, m: usize, seed: u64) {
    let mut random = Random::new(seed);
    let (x, weight, dout) = (random.array([n, d]), random.array([m, d]), random.array([n, m]));
    let expected = row_kernels::<F>(&x, &weight, &dout);
    for (layout, change) in [
        ("Fortran", fortran as fn(&Array2<F>) -> Array2<F>),
        ("reversed", reversed),
        ("sparse", sparse),
    ] {
        let got = row_kernels(&change(&x), &change(&weight), &change(&dout));
        assert_eq!(got, expected, "{layout}");
    }
}

fn fortran<F: Real>(array: &Array2<F>) -> Array2<F> {
    let mut copy = Array2::zeros(array.raw_dim().f());
    copy.assign(array);
    copy
}

fn reversed<F: Real>(array: &Array2<F>) -> Array2<F> {
    let mut copy = array.slice(s![..;-1, ..;-1]).as_standard_layout().into_owned();
    copy.invert_axis(Axis(0));
    copy.invert_axis(Axis(1));
    copy
}

fn sparse<F: Real>(array: &Array2<F>) -> Array2<F> {
    let mut copy = Array2::zeros((2 * array.nrows(), 3 * array.ncols())).slice_move(s![..;2, ..;3]);
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
