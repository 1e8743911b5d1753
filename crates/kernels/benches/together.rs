//! Operations that are computed together, beside one after the other.

use std::hint::black_box;

use kernels::conv2d::Wanted;
use kernels::conv2d::normalized::{self, Block};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig, Pooled};
use kernels::{BatchNormConfig, Convention, RunningStatistics, spatial_batch_norm};
use ndarray::{Array1, Array4};

use crate::measure::{images, in_turn};

/// A convolution and the max pooling behind it in one pass, beside one after the other.
pub(crate) fn max_pooled_convolution([n, c, h, w]: [usize; 4], f: usize, with_dx: bool) {
    let (config, pool) = (Conv2dConfig::same_3x3(), MaxPool2dConfig::halving());
    let x = images([n, c, h, w]);
    let weight = images([f, c, 3, 3]).as_standard_layout().into_owned();
    let bias = Array1::zeros(f);
    let (x, weight, bias) = (x.view(), weight.view(), bias.view());
    let mut convolved = conv2d::forward(x, weight, bias, &config).unwrap();
    let values = convolved.len();
    let [mut out, mut other_out] = [(); 2].map(|()| Array4::zeros([0; 4]));
    let [mut argmax, mut other_argmax] = [(); 2].map(|()| Array4::zeros([0; 4]));
    let name = format!("[{n}, {c}, {h}, {w}] conv2d → {f}, max pool");
    in_turn(
        &format!("{name} forward: apart, together"),
        values,
        || {
            conv2d::forward_into(x, weight, bias, &config, &mut convolved).unwrap();
            max_pool2d::forward_into(convolved.view(), &pool, &mut out, &mut argmax).unwrap();
        },
        || {
            let pooled = Pooled { out: &mut other_out, argmax: &mut other_argmax };
            conv2d::max_pooled::forward_into(x, weight, bias, &config, &pool, pooled).unwrap();
        },
    );
    let (dout, argmax) = (out.view(), argmax.view());
    let [mut unpooled, mut dx, mut other_dx] = [(); 3].map(|()| Array4::zeros([0; 4]));
    let [mut dweight, mut other_dweight] = [(); 2].map(|()| weight.to_owned());
    let [mut dbias, mut other_dbias] = [(); 2].map(|()| bias.to_owned());
    let gradients = if with_dx { "dx, dweight" } else { "dweight" };
    in_turn(
        &format!("{name} {gradients}: apart, together"),
        values,
        || {
            max_pool2d::backward_into(dout, argmax, [h, w], &pool, &mut unpooled).unwrap();
            let (unpooled, dweight) = (unpooled.view(), dweight.view_mut());
            if with_dx {
                conv2d::backward_input_into(unpooled, [h, w], weight, &config, &mut dx).unwrap();
            }
            let dbias = dbias.view_mut();
            conv2d::backward_parameters_into(unpooled, x, &config, dweight, dbias).unwrap();
        },
        || {
            let parameters = Some((other_dweight.view_mut(), other_dbias.view_mut()));
            let wanted = Wanted { dx: with_dx.then_some(&mut other_dx), parameters };
            conv2d::max_pooled::backward_into(dout, argmax, x, weight, &config, &pool, wanted)
                .unwrap();
        },
    );
}

/// A convolution, its batch norm and the max pooling behind it together, beside the convolution and then the
/// two others in one pass. In training, the forward passes are the same.
pub(crate) fn normalized_convolution([n, c, h, w]: [usize; 4], f: usize, with_dx: bool) {
    let (config, pool) = (Conv2dConfig::same_3x3(), MaxPool2dConfig::halving());
    let norm = BatchNormConfig::pytorch();
    let x = images([n, c, h, w]);
    let weight = images([f, c, 3, 3]).as_standard_layout().into_owned();
    let (gamma, beta) = (Array1::ones(f), Array1::zeros(f));
    let (x, weight, g, b) = (x.view(), weight.view(), gamma.view(), beta.view());
    let (convolution, norm, pool) = (&config, &norm, &pool);
    let block = Block { weight, bias: b, gamma: g, beta: b, convolution, norm, pool };
    let mut running = RunningStatistics::new(f, Convention::PyTorch);
    let [mut convolved, mut out, mut other_out] = [(); 3].map(|()| Array4::zeros([0; 4]));
    let [mut argmax, mut other_argmax] = [(); 2].map(|()| Array4::zeros([0; 4]));
    let pooled = Pooled { out: &mut out, argmax: &mut argmax };
    let statistics =
        normalized::forward_train_into(x, &block, &mut running, &mut convolved, pooled).unwrap();
    let values = convolved.len();
    let name = format!("[{n}, {c}, {h}, {w}] conv2d → {f}, batch norm, max pool");
    let [mut dnormalized, mut dx, mut other_dx] = [(); 3].map(|()| Array4::zeros([0; 4]));
    let [mut dweight, mut other_dweight] = [(); 2].map(|()| weight.to_owned());
    let [mut dbias, mut other_dbias] = [(); 2].map(|()| beta.clone());
    let gradients = if with_dx { "dx, dweight" } else { "dweight" };
    let (dout, places, y) = (out.view(), argmax.view(), convolved.view());
    in_turn(
        &format!("{name} {gradients}: apart, together"),
        values,
        || {
            let gradient = &mut dnormalized;
            max_pool2d::backward_into(dout, places, [h, w], pool, gradient).unwrap();
            let of_norm = spatial_batch_norm::backward_train_in_place(gradient, y, g, &statistics);
            black_box(of_norm.unwrap());
            let (dnormalized, dweight) = (dnormalized.view(), dweight.view_mut());
            if with_dx {
                conv2d::backward_input_into(dnormalized, [h, w], weight, &config, &mut dx).unwrap();
            }
            let dbias = dbias.view_mut();
            conv2d::backward_parameters_into(dnormalized, x, &config, dweight, dbias).unwrap();
        },
        || {
            let parameters = Some((other_dweight.view_mut(), other_dbias.view_mut()));
            let wanted = Wanted { dx: with_dx.then_some(&mut other_dx), parameters };
            let of_pool = (dout, places);
            let of_norm =
                normalized::backward_train_into(of_pool, x, y, &statistics, &block, wanted);
            black_box(of_norm.unwrap());
        },
    );
    in_turn(
        &format!("{name} in evaluation: apart, together"),
        values,
        || {
            conv2d::forward_into(x, weight, b, &config, &mut convolved).unwrap();
            let (y, normalized) = (convolved.view(), &mut dnormalized);
            spatial_batch_norm::forward_eval_into(y, g, b, &running, norm, normalized).unwrap();
            max_pool2d::forward_into(normalized.view(), pool, &mut out, &mut argmax).unwrap();
        },
        || {
            let pooled = Pooled { out: &mut other_out, argmax: &mut other_argmax };
            normalized::forward_eval_into(x, &block, &running, pooled).unwrap();
        },
    );
}
