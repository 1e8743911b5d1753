//! Bad input is a typed error whose message names what is wrong; nothing panics.

use kernels::conv2d::Wanted;
use kernels::conv2d::normalized::{self, Block};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::gradient_check::rel_error;
use kernels::group_norm::{self, GroupNormConfig, GroupStatistics};
use kernels::linear::{self, flattened};
use kernels::max_pool2d::{self, MaxPool2dConfig, NOWHERE, Pooled};
use kernels::sgd::{self, SgdFactors};
use kernels::{
    BatchNormConfig, Convention, KernelError, RunningStatistics, batch_norm, dropout, flatten,
    ghost_batch_norm, relu, sigmoid, softmax_cross_entropy, spatial_batch_norm, tanh, with_rank,
};
use ndarray::{Array1, Array2, Array4, ArrayD, Ix4, array};
use proptest::prelude::*;

use crate::common::Random;

fn message<T: std::fmt::Debug>(result: Result<T, KernelError>) -> String {
    result.unwrap_err().to_string()
}

fn train_spatial(
    shape: [usize; 4],
    gamma: usize,
    beta: usize,
    running: usize,
) -> Result<Array4<f64>, KernelError> {
    spatial_batch_norm::forward_train(
        Array4::zeros(shape).view(),
        Array1::ones(gamma).view(),
        Array1::zeros(beta).view(),
        &mut RunningStatistics::new(running, Convention::Notebook),
        &BatchNormConfig::notebook(),
    )
    .map(|(out, _)| out)
}

#[test]
fn batch_norm_names_operation_argument_expected_and_got() {
    assert_eq!(
        message(train_spatial([2, 3, 4, 5], 4, 3, 3)),
        "spatial_batch_norm: gamma must have shape [3] (one value per channel of x), got [4]"
    );
    assert_eq!(
        message(train_spatial([2, 3, 4, 5], 3, 1, 3)),
        "spatial_batch_norm: beta must have shape [3] (one value per channel of x), got [1]"
    );
    assert_eq!(
        message(train_spatial([2, 3, 4, 5], 3, 3, 2)),
        "spatial_batch_norm: running_mean must have shape [3] (one value per channel of x), got [2]"
    );
    assert_eq!(
        message(train_spatial([2, 3, 0, 5], 3, 3, 3)),
        "spatial_batch_norm: x of shape [2, 3, 0, 5] is empty along axis 2; every axis needs at least one element"
    );
    assert_eq!(
        message(train_spatial([1, 3, 1, 1], 3, 3, 3)),
        "spatial_batch_norm: training needs at least 2 values per channel, got 1 (x has shape [1, 3, 1, 1]); use a larger batch or image, or evaluate with running statistics"
    );
    let config = BatchNormConfig::notebook();
    let running = RunningStatistics::new(3, Convention::Notebook);
    let gamma = Array1::<f64>::ones(3);
    let (x, dout) = (Array2::zeros([4, 3]), Array2::zeros([3, 4]));
    assert_eq!(
        message(batch_norm::backward_eval(dout.view(), x.view(), gamma.view(), &running, &config)),
        "batch_norm: dout must have shape [4, 3] (that of x), got [3, 4]"
    );
}

#[test]
fn ghost_batches_without_images_or_with_one_value_are_refused() {
    let train = |x: [usize; 4], images| {
        let (x, ones) = (Array4::<f64>::ones(x), Array1::ones(x[1]));
        let mut running = RunningStatistics::new(ones.len(), Convention::PyTorch);
        let (g, config) = (ones.view(), BatchNormConfig::pytorch());
        ghost_batch_norm::forward_train(x.view(), images, g, g, &mut running, &config)
    };
    for (x, images) in [([4, 3, 2, 2], 0), ([4, 3, 1, 1], 0), ([4, 3, 1, 1], 1)] {
        assert_eq!(
            message(train(x, images)),
            format!(
                "ghost_batch_norm: the images of a ghost batch must be at least 1, and at least 2 \
                 where each has one value per channel, got {images}"
            )
        );
    }
    let (_, statistics) = train([4, 3, 2, 2], 2).unwrap();
    let (fewer, gamma) = (Array4::<f64>::ones([3, 3, 2, 2]), Array1::ones(3));
    let fewer = fewer.view();
    assert_eq!(
        message(ghost_batch_norm::backward_train(fewer, fewer, gamma.view(), &statistics)),
        "ghost_batch_norm: statistics must have shape [3] (one per image of x), got [4]"
    );
    let (narrow, gamma) = (Array4::<f64>::ones([4, 2, 2, 2]), Array1::ones(2));
    let narrow = narrow.view();
    assert_eq!(
        message(ghost_batch_norm::backward_train(narrow, narrow, gamma.view(), &statistics)),
        "spatial_batch_norm: statistics must have shape [2] (one value per channel of x), got [3]"
    );
}

#[test]
fn group_norm_names_groups_that_do_not_fit() {
    let message = |shape: [usize; 4], channels: [usize; 2], groups| {
        let (x, [gamma, beta]) = (Array4::<f64>::zeros(shape), channels.map(Array1::ones));
        let config = GroupNormConfig::new(groups, 1e-5).unwrap();
        message(group_norm::forward(x.view(), gamma.view(), beta.view(), &config))
    };
    for (shape, channels, groups, expected) in [
        (
            [2, 6, 3, 3],
            [6, 6],
            4,
            "group_norm: groups must be a divisor of the number of channels, got 4 groups for 6 channels",
        ),
        (
            [2, 6, 3, 3],
            [6, 6],
            12,
            "group_norm: groups must be a divisor of the number of channels, got 12 groups for 6 channels",
        ),
        (
            [2, 6, 1, 1],
            [6, 6],
            6,
            "group_norm: a group needs at least 2 values, got 1 (x has shape [2, 6, 1, 1], in 6 groups); use fewer groups or larger images",
        ),
        (
            [2, 6, 3, 3],
            [3, 6],
            3,
            "group_norm: gamma must have shape [6] (one value per channel of x), got [3]",
        ),
        (
            [2, 6, 3, 3],
            [6, 1],
            3,
            "group_norm: beta must have shape [6] (one value per channel of x), got [1]",
        ),
        (
            [2, 0, 3, 3],
            [0, 0],
            3,
            "group_norm: x of shape [2, 0, 3, 3] is empty along axis 1; every axis needs at least one element",
        ),
    ] {
        assert_eq!(message(shape, channels, groups), expected);
    }
    for (groups, eps, expected) in [
        (0, 1e-5, "group_norm: groups must be at least 1, got 0"),
        (1, 0.0, "group_norm: eps must be finite and above 0, got 0"),
        (1, f64::NAN, "group_norm: eps must be finite and above 0, got NaN"),
    ] {
        assert_eq!(GroupNormConfig::new(groups, eps).unwrap_err().to_string(), expected);
    }
}

#[test]
fn group_norm_backwards_needs_the_statistics_of_x() {
    let (x, gamma) = (Array4::<f64>::ones([2, 6, 3, 3]), Array1::ones(6));
    let config = GroupNormConfig::new(3, 1e-5).unwrap();
    let (_, statistics) =
        group_norm::forward(x.view(), gamma.view(), gamma.view(), &config).unwrap();
    let fewer = Array4::ones([1, 6, 3, 3]);
    assert_eq!(
        message(group_norm::backward(fewer.view(), fewer.view(), gamma.view(), &statistics)),
        "group_norm: statistics must have shape [1, 3] (those of x), got [2, 3]"
    );
    assert_eq!(
        message(group_norm::backward(fewer.view(), x.view(), gamma.view(), &statistics)),
        "group_norm: dout must have shape [2, 6, 3, 3] (that of x), got [1, 6, 3, 3]"
    );
    let none = GroupStatistics::default();
    assert_eq!(
        message(group_norm::backward(x.view(), x.view(), gamma.view(), &none)),
        "group_norm: statistics must have shape [2, 1] (those of x), got [0, 0]"
    );
    let (mut dout, [mut short, mut right]) = (x.clone(), [5, 6].map(Array1::zeros));
    let parameters = [short.view_mut(), right.view_mut()];
    assert_eq!(
        message(group_norm::backward_in_place(
            &mut dout,
            x.view(),
            gamma.view(),
            &statistics,
            parameters
        )),
        "group_norm: dgamma must have shape [6] (one value per channel of x), got [5]"
    );
    assert_eq!(dout, x);
}

#[test]
fn evaluation_backwards_needs_both_running_statistics() {
    let config = BatchNormConfig::notebook();
    let (x, gamma) = (Array4::<f64>::ones([2, 3, 2, 2]), Array1::ones(3));
    let mut running = RunningStatistics::new(3, Convention::PyTorch);
    running.var = Array1::ones(1);
    let (x, gamma) = (x.view(), gamma.view());
    assert_eq!(
        message(spatial_batch_norm::backward_eval(x, x, gamma, &running, &config)),
        "spatial_batch_norm: running_var must have shape [3] (one value per channel of x), got [1]"
    );
    running.mean = Array1::zeros(2);
    assert_eq!(
        message(spatial_batch_norm::backward_eval(x, x, gamma, &running, &config)),
        "spatial_batch_norm: running_mean must have shape [3] (one value per channel of x), got [2]"
    );
}

#[test]
fn results_that_no_memory_holds_are_refused() {
    let dout = Array4::<f64>::zeros([1, 1, 1, 1]);
    let far = Conv2dConfig::new([usize::MAX, usize::MAX], [0, 0]).unwrap();
    assert_eq!(
        message(conv2d::backward_input(dout.view(), [1 << 40, 1 << 40], dout.view(), &far)),
        "conv2d: there is no memory for a result of shape [1, 1099511627776, 1099511627776, 1]; use less padding or smaller images"
    );
    let far = MaxPool2dConfig::new([1, 1], [usize::MAX, usize::MAX]).unwrap();
    let argmax = Array4::zeros([1, 1, 1, 1]);
    assert_eq!(
        message(max_pool2d::backward(dout.view(), argmax.view(), [usize::MAX, 2], &far)),
        format!(
            "max_pool2d: there is no memory for a result of shape [1, {}, 2, 1]; use less padding or smaller images",
            usize::MAX
        )
    );
}

#[test]
fn a_refused_batch_leaves_running_statistics_alone() {
    let mut running = RunningStatistics::new(2, Convention::PyTorch);
    let before = running.clone();
    let x = Array2::<f32>::zeros([1, 2]);
    let (gamma, beta) = (Array1::ones(2), Array1::zeros(2));
    batch_norm::forward_train(
        x.view(),
        gamma.view(),
        beta.view(),
        &mut running,
        &BatchNormConfig::pytorch(),
    )
    .unwrap_err();
    assert_eq!(running, before);
}

#[test]
fn configurations_are_checked_once() {
    for eps in [0.0, -1e-5, f64::NAN, f64::INFINITY] {
        assert_eq!(
            message(BatchNormConfig::new(eps, 0.9, Convention::Notebook)),
            format!("batch_norm: eps must be finite and above 0, got {eps}")
        );
    }
    for momentum in [-0.1, 1.1, 5.0, f64::NAN, f64::NEG_INFINITY] {
        assert_eq!(
            message(BatchNormConfig::new(1e-5, momentum, Convention::PyTorch)),
            format!("batch_norm: momentum must be between 0 and 1, got {momentum}")
        );
    }
    for momentum in [0.0, 1.0] {
        BatchNormConfig::new(f64::MIN_POSITIVE, momentum, Convention::PyTorch).unwrap();
    }
    assert_eq!(
        message(Conv2dConfig::new([1, 0], [0, 0])),
        "conv2d: stride must be at least 1 along both axes, got [1, 0]"
    );
    assert_eq!(
        message(Conv2dConfig::new([1, 1], [0, usize::MAX])),
        format!("conv2d: padding must be at most 65535 along both axes, got [0, {}]", usize::MAX)
    );
    assert_eq!(
        message(MaxPool2dConfig::new([0, 2], [2, 2])),
        "max_pool2d: window must be at least 1 along both axes, got [0, 2]"
    );
}

#[test]
fn shapes_and_indices_of_the_other_kernels() {
    let x = Array4::<f64>::zeros([2, 3, 4, 5]);
    let config = Conv2dConfig::same_3x3();
    let weight = Array4::zeros([6, 2, 3, 3]);
    let bias = Array1::zeros(6);
    assert_eq!(
        message(conv2d::forward(x.view(), weight.view(), bias.view(), &config)),
        "conv2d: weight must have shape [6, 3, 3, 3] (one plane per channel of x), got [6, 2, 3, 3]"
    );
    let large = Array4::zeros([6, 3, 3, 9]);
    assert_eq!(
        message(conv2d::forward(x.view(), large.view(), bias.view(), &config)),
        "conv2d: a window of 9 does not fit along W, which has 7 pixels with any padding; use a smaller window or a larger image"
    );
    assert_eq!(
        message(max_pool2d::forward(x.view(), &MaxPool2dConfig::new([5, 2], [2, 2]).unwrap())),
        "max_pool2d: a window of 5 does not fit along H, which has 4 pixels with any padding; use a smaller window or a larger image"
    );
    let argmax = Array4::from_elem([2, 3, 2, 2], 20);
    assert_eq!(
        message(max_pool2d::backward(
            Array4::<f64>::zeros([2, 3, 2, 2]).view(),
            argmax.view(),
            [4, 5],
            &MaxPool2dConfig::halving(),
        )),
        "max_pool2d: argmax[0] must be below 20, got 20"
    );
    let logits = Array2::<f64>::zeros([3, 4]);
    assert_eq!(
        message(softmax_cross_entropy::forward(logits.view(), array![0, 4, 1].view())),
        "softmax_cross_entropy: labels[1] must be below 4, got 4"
    );
    assert_eq!(
        message(softmax_cross_entropy::forward(logits.view(), array![0, 1].view())),
        "softmax_cross_entropy: labels must have shape [3] (one label per row), got [2]"
    );
    let (rows, weight) = (Array2::<f64>::zeros([3, 4]), Array2::zeros([5, 3]));
    assert_eq!(
        message(linear::forward(rows.view(), weight.view(), Array1::zeros(5).view())),
        "linear: weight must have shape [5, 4] (one column per feature of x), got [5, 3]"
    );
    let mask = Array2::from_elem([4, 3], true);
    assert_eq!(
        message(dropout::forward(logits.view(), mask.view(), 0.5)),
        "dropout: mask must have shape [3, 4] (that of x), got [4, 3]"
    );
    assert_eq!(
        message(dropout::forward(logits.view(), Array2::from_elem([3, 4], true).view(), 1.0)),
        "dropout: p must be at least 0 and below 1, got 1"
    );
    assert_eq!(
        message(relu::backward(logits.view(), Array2::zeros([4, 3]).view())),
        "relu: dout must have shape [4, 3] (that of x), got [3, 4]"
    );
    assert_eq!(
        message(sigmoid::backward(logits.view(), Array2::zeros([4, 3]).view())),
        "sigmoid: dout must have shape [4, 3] (that of out), got [3, 4]"
    );
    assert_eq!(
        message(tanh::backward(logits.view(), Array2::zeros([4, 3]).view())),
        "tanh: dout must have shape [4, 3] (that of out), got [3, 4]"
    );
    let factors = SgdFactors { learning_rate: 0.1, weight_decay: 0.0 };
    let (mut parameter, mut velocity) = (Array2::<f64>::ones([4, 3]), Array2::ones([3, 4]));
    assert_eq!(
        message(sgd::step(parameter.view_mut(), logits.view(), &factors)),
        "sgd: gradient must have shape [4, 3] (that of the parameter), got [3, 4]"
    );
    let (w, g, v) = (parameter.view_mut(), logits.t(), velocity.view_mut());
    assert_eq!(
        message(sgd::step_with_momentum(w, g, v, 0.9, &factors)),
        "sgd: velocity must have shape [4, 3] (that of the parameter), got [3, 4]"
    );
    assert_eq!((parameter, velocity), (Array2::ones([4, 3]), Array2::ones([3, 4])));
    assert_eq!(
        message(rel_error(logits.view(), rows.slice(ndarray::s![..2, ..]))),
        "gradient_check: a must have shape [2, 4] (that of b), got [3, 4]"
    );
    let images = ArrayD::<f64>::zeros(vec![2, 3, 4]);
    assert_eq!(
        message(with_rank::<_, Ix4>("spatial_batch_norm", "x", images.view())),
        "spatial_batch_norm: x must have 4 axes, got 3"
    );
}

proptest! {
    #[test]
    fn no_combination_of_shapes_panics(
        x in prop::array::uniform4(0usize..4),
        weight in prop::array::uniform4(0usize..4),
        lengths in prop::array::uniform3(0usize..4),
        stride in prop::array::uniform2(prop_oneof![4 => 0usize..3, 1 => Just(usize::MAX)]),
        padding in prop::array::uniform2(prop_oneof![0usize..6, Just(usize::MAX)]),
        index in 0usize..20,
        size in prop::array::uniform2(prop_oneof![4 => 0usize..5, 1 => Just(1 << 40), 1 => Just(usize::MAX)]),
    ) {
        let mut random = Random::new(1);
        let images: Array4<f32> = random.array(x);
        let filters: Array4<f32> = random.array(weight);
        let [gamma, beta, channels] = lengths;
        let (gamma, beta) = (random.array(gamma), random.array(beta));
        let mut running = RunningStatistics::new(channels, Convention::Notebook);
        let config = BatchNormConfig::notebook();
        let (g, b) = (gamma.view(), beta.view());
        let _ = spatial_batch_norm::forward_eval(images.view(), g, b, &running, &config);
        let _ = spatial_batch_norm::backward_eval(filters.view(), images.view(), g, &running, &config);
        if let Ok((_, statistics)) =
            spatial_batch_norm::forward_train(images.view(), g, b, &mut running, &config)
        {
            let _ = spatial_batch_norm::backward_train(images.view(), filters.view(), g, &statistics);
        }
        if let Ok((_, statistics)) =
            ghost_batch_norm::forward_train(images.view(), weight[0], g, b, &mut running, &config)
        {
            let _ = ghost_batch_norm::backward_train(images.view(), filters.view(), g, &statistics);
            let _ = ghost_batch_norm::backward_train(filters.view(), filters.view(), g, &statistics);
        }
        if let Ok(config) = GroupNormConfig::new(channels, 1e-5)
            && let Ok((_, statistics)) = group_norm::forward(images.view(), g, b, &config)
        {
            let _ = group_norm::backward(images.view(), filters.view(), g, &statistics);
            let _ = group_norm::backward(filters.view(), filters.view(), g, &statistics);
        }
        if let Ok(config) = Conv2dConfig::new(stride, padding) {
            let _ = conv2d::forward(images.view(), filters.view(), b, &config);
            let _ = conv2d::backward(images.view(), images.view(), filters.view(), &config);
            let _ = conv2d::backward_input(images.view(), size, filters.view(), &config);
        }
        if let Ok(config) = MaxPool2dConfig::new([weight[0], weight[1]], stride) {
            for config in [config, config.with_relu()] {
                let _ = max_pool2d::forward(images.view(), &config);
                for index in [index as u32, NOWHERE] {
                    let argmax = Array4::from_elem(weight, index);
                    let _ = max_pool2d::backward(filters.view(), argmax.view(), size, &config);
                }
            }
        }
        if let (Ok(config), Ok(pool)) =
            (Conv2dConfig::new(stride, padding), MaxPool2dConfig::new([size[0], x[0]], stride))
        {
            let (mut out, mut argmax) = (Array4::zeros([0; 4]), Array4::zeros([0; 4]));
            let pooled = Pooled { out: &mut out, argmax: &mut argmax };
            let (x, w) = (images.view(), filters.view());
            let _ = conv2d::max_pooled::forward_into(x, w, b, &config, &pool, pooled);
            let any = Array4::from_elem(filters.raw_dim(), index as u32);
            let others = (images.view(), any.view());
            let (mut dweight, mut dbias) = (filters.clone(), beta.clone());
            for (dout, argmax) in [(out.view(), argmax.view()), others] {
                let parameters = Some((dweight.view_mut(), dbias.view_mut()));
                let mut dx = Array4::zeros([0; 4]);
                let wanted = Wanted { dx: Some(&mut dx), parameters };
                let _ = conv2d::max_pooled::backward_into(dout, argmax, x, w, &config, &pool, wanted);
            }
        }
        // As drawn, and of the length that the filters ask for.
        let fitting = (Array1::ones(weight[0]), RunningStatistics::new(weight[0], Convention::PyTorch));
        if let (Ok(convolution), Ok(pool)) =
            (Conv2dConfig::new(stride, padding), MaxPool2dConfig::new([1, x[0]], [1, 2]))
        {
            for (gamma, mut running) in [(gamma.clone(), running.clone()), fitting] {
                let (x, w, g) = (images.view(), filters.view(), gamma.view());
                let (convolution, norm, pool) = (&convolution, &config, &pool);
                let block = Block { weight: w, bias: g, gamma: g, beta: g, convolution, norm, pool };
                let (mut out, mut y) = (Array4::zeros([0; 4]), Array4::zeros([0; 4]));
                let mut argmax = Array4::zeros([0; 4]);
                let pooled = Pooled { out: &mut out, argmax: &mut argmax };
                let _ = normalized::forward_eval_into(x, &block, &running, pooled);
                let pooled = Pooled { out: &mut out, argmax: &mut argmax };
                let trained = normalized::forward_train_into(x, &block, &mut running, &mut y, pooled);
                let Ok(statistics) = trained else { continue };
                let any = argmax.mapv(|_| index as u32);
                let of_others = Array4::from_elem(filters.raw_dim(), index as u32);
                for (dout, argmax, y) in [
                    (out.view(), argmax.view(), y.view()),
                    (out.view(), any.view(), y.view()),
                    (filters.view(), of_others.view(), y.view()),
                    (out.view(), argmax.view(), filters.view()),
                ] {
                    let (mut dweight, mut dbias) = (filters.clone(), gamma.clone());
                    let parameters = Some((dweight.view_mut(), dbias.view_mut()));
                    let mut dx = Array4::zeros([0; 4]);
                    let wanted = Wanted { dx: Some(&mut dx), parameters };
                    let of_pool = (dout, argmax);
                    let _ = normalized::backward_train_into(of_pool, x, y, &statistics, &block, wanted);
                }
            }
        }
        let rows: Array2<f32> = random.array([x[0], x[1]]);
        let matrix: Array2<f32> = random.array([weight[0], weight[1]]);
        let _ = linear::forward(rows.view(), matrix.view(), b);
        let _ = linear::backward(matrix.view(), rows.view(), matrix.view());
        let (mut out, mut dbias) = (Array2::zeros([0, 0]), Array1::zeros(0));
        let _ = flattened::forward_into(images.view(), matrix.view(), b, &mut out);
        let _ = flattened::backward_parameters_into(matrix.view(), images.view(), &mut out, &mut dbias);
        for size in [[x[1], x[2], x[3]], [usize::MAX, x[2], x[3]]] {
            let mut dx = Array4::zeros([0; 4]);
            let _ = flattened::backward_input_into(matrix.view(), matrix.view(), size, &mut dx);
            let _ = flatten::backward_into(matrix.view(), size, &mut dx);
        }
        let labels = Array1::from_elem(weight[2], index);
        let _ = softmax_cross_entropy::forward(rows.view(), labels.view());
        let _ = softmax_cross_entropy::backward(rows.view(), labels.view());
    }
}
