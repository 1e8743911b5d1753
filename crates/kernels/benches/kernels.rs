//! `cargo bench -p kernels`: the median time of each kernel at the shapes of the study, batch 50, on
//! one thread. `KERNELS_ISA=portable|avx2|avx512` shows what a lower instruction set costs.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a table on the terminal")]

mod measure;
mod together;

use std::hint::black_box;

use kernels::conv2d::{self, Conv2dConfig};
use kernels::group_norm::{self, GroupNormConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, Convention, RunningStatistics, linear, relu, sigmoid, softmax_cross_entropy,
    spatial_batch_norm, tanh,
};
use ndarray::Array1;

use crate::measure::{images, in_turn, measure, rows};
use crate::together::{max_pooled_convolution, normalized_convolution};

fn convolution([n, c, h, w]: [usize; 4], f: usize, kernel: usize, stride: usize) {
    let config = Conv2dConfig::new([stride; 2], [kernel / 2; 2]).unwrap();
    let x = images([n, c, h, w]);
    let weight = images([f, c, kernel, kernel]).as_standard_layout().into_owned();
    let bias = Array1::zeros(f);
    let mut out = conv2d::forward(x.view(), weight.view(), bias.view(), &config).unwrap();
    let mut dx = x.clone();
    let dout = images(out.shape().try_into().unwrap());
    let work = 2.0 * (out.len() * c * kernel * kernel) as f64;
    let name = |what| format!("conv2d {n}×{c}×{h}×{w}→{f} {kernel}×{kernel}/{stride} {what}");
    measure(&name("forward"), work, "GFLOP/s", || {
        conv2d::forward_into(x.view(), weight.view(), bias.view(), &config, &mut out)
    });
    measure(&name("dx"), work, "GFLOP/s", || {
        conv2d::backward_input_into(dout.view(), [h, w], weight.view(), &config, &mut dx)
    });
    measure(&name("dweight"), work, "GFLOP/s", || {
        conv2d::backward_parameters(dout.view(), x.view(), [kernel; 2], &config).unwrap()
    });
}

fn batch_norm(shape: [usize; 4]) {
    let (x, dout) = (images(shape), images(shape));
    let (gamma, beta) = (Array1::ones(shape[1]), Array1::zeros(shape[1]));
    let mut running = RunningStatistics::new(shape[1], Convention::PyTorch);
    let config = BatchNormConfig::pytorch();
    let bytes = 4.0 * x.len() as f64;
    let mut forward = || {
        let (g, b) = (gamma.view(), beta.view());
        spatial_batch_norm::forward_train(x.view(), g, b, &mut running, &config).unwrap()
    };
    let (mut out, statistics) = forward();
    measure(&format!("batch norm {shape:?} forward"), 2.0 * bytes, "GB/s", forward);
    measure(&format!("batch norm {shape:?} backward"), 3.0 * bytes, "GB/s", || {
        spatial_batch_norm::backward_train(dout.view(), x.view(), gamma.view(), &statistics)
    });
    measure(&format!("batch norm {shape:?} forward, reusing"), 2.0 * bytes, "GB/s", || {
        let (g, b) = (gamma.view(), beta.view());
        spatial_batch_norm::forward_train_into(x.view(), g, b, &mut running, &config, &mut out)
    });
    let mut dx = dout.clone();
    measure(&format!("batch norm {shape:?} backward, in place"), 3.0 * bytes, "GB/s", || {
        spatial_batch_norm::backward_train_in_place(&mut dx, x.view(), gamma.view(), &statistics)
    });
}

/// Group norm beside batch norm, call by call in turn, so that whatever else the machine does meets both.
fn group_norm_beside_batch_norm(shape: [usize; 4], groups: usize) {
    let (x, dout) = (images(shape), images(shape));
    let (gamma, beta) = (Array1::ones(shape[1]), Array1::zeros(shape[1]));
    let (g, b) = (gamma.view(), beta.view());
    let mut running = RunningStatistics::new(shape[1], Convention::PyTorch);
    let batch_config = BatchNormConfig::pytorch();
    let config = GroupNormConfig::new(groups, 1e-5).unwrap();
    let mut out = x.clone();
    let (_, mut statistics) = group_norm::forward(x.view(), g, b, &config).unwrap();
    let mut run_batch_norm = || {
        spatial_batch_norm::forward_train_into(
            x.view(),
            g,
            b,
            &mut running,
            &batch_config,
            &mut out,
        )
        .unwrap()
    };
    let batch_statistics = run_batch_norm();
    let mut other_out = x.clone();
    in_turn(
        &format!("{shape:?} forward: batch norm, group norm ({groups})"),
        x.len(),
        || drop(black_box(run_batch_norm())),
        || {
            let (x, out) = (x.view(), &mut other_out);
            group_norm::forward_into(x, g, b, &config, out, &mut statistics).unwrap();
        },
    );
    let (mut dx, mut other_dx) = (dout.clone(), dout.clone());
    let [mut dgamma, mut dbeta] = [gamma.clone(), beta.clone()];
    let (_, statistics) = group_norm::forward(x.view(), g, b, &config).unwrap();
    in_turn(
        &format!("{shape:?} backward: batch norm, group norm ({groups})"),
        x.len(),
        || {
            let of_parameters = spatial_batch_norm::backward_train_in_place(
                &mut dx,
                x.view(),
                g,
                &batch_statistics,
            );
            black_box(of_parameters.unwrap());
        },
        || {
            let parameters = [dgamma.view_mut(), dbeta.view_mut()];
            let (dx, x) = (&mut other_dx, x.view());
            group_norm::backward_in_place(dx, x, g, &statistics, parameters).unwrap();
        },
    );
}

fn smooth_activations(shape: [usize; 4]) {
    let x = images(shape);
    let (mut out, bytes) = (x.clone(), 4.0 * x.len() as f64);
    measure(&format!("sigmoid {shape:?} forward, reusing"), 2.0 * bytes, "GB/s", || {
        sigmoid::forward_into(x.view(), &mut out)
    });
    measure(&format!("tanh {shape:?} forward, reusing"), 2.0 * bytes, "GB/s", || {
        tanh::forward_into(x.view(), &mut out)
    });
    let mut dout = x.clone();
    measure(&format!("tanh {shape:?} backward, in place"), 3.0 * bytes, "GB/s", || {
        tanh::backward_in_place(&mut dout, out.view())
    });
}

fn relu_and_pool(shape: [usize; 4]) {
    let (x, config) = (images(shape), MaxPool2dConfig::halving());
    let bytes = 4.0 * x.len() as f64;
    let (mut out, mut argmax) = max_pool2d::forward(x.view(), &config).unwrap();
    let size = [shape[2], shape[3]];
    measure(&format!("relu {shape:?} forward"), 2.0 * bytes, "GB/s", || relu::forward(x.view()));
    measure(&format!("relu {shape:?} backward"), 3.0 * bytes, "GB/s", || {
        relu::backward(x.view(), x.view())
    });
    let mut dout = x.clone();
    measure(&format!("relu {shape:?} backward, in place"), 3.0 * bytes, "GB/s", || {
        relu::backward_in_place(&mut dout, x.view())
    });
    measure(&format!("max pool {shape:?} forward, reusing"), 1.75 * bytes, "GB/s", || {
        max_pool2d::forward_into(x.view(), &config, &mut out, &mut argmax)
    });
    let mut dx = x.clone();
    measure(&format!("max pool {shape:?} backward, reusing"), 1.75 * bytes, "GB/s", || {
        max_pool2d::backward_into(out.view(), argmax.view(), size, &config, &mut dx)
    });
}

/// What memory allows: copies within the caches and beyond.
fn ceilings() {
    for megabytes in [2, 64] {
        let (from, mut to) = (vec![1.0_f32; megabytes << 18], vec![0.0_f32; megabytes << 18]);
        let bytes = 8.0 * from.len() as f64;
        measure(&format!("copy of {megabytes} MiB"), bytes, "GB/s", || {
            to.copy_from_slice(black_box(&from));
        });
    }
}

fn main() {
    ceilings();
    convolution([50, 1, 28, 28], 16, 3, 1);
    convolution([50, 16, 14, 14], 32, 3, 1);
    convolution([8, 64, 32, 32], 64, 3, 1);
    convolution([8, 24, 30, 30], 40, 5, 2);
    convolution([50, 32, 14, 14], 32, 1, 1);
    batch_norm([50, 16, 28, 28]);
    batch_norm([50, 32, 14, 14]);
    batch_norm([64, 64, 56, 56]);
    batch_norm([32, 256, 14, 14]);
    for (shape, groups) in [
        ([50, 16, 28, 28], 1),
        ([50, 16, 28, 28], 4),
        ([50, 16, 28, 28], 16),
        ([50, 32, 14, 14], 8),
        ([64, 64, 56, 56], 32),
        ([32, 256, 14, 14], 32),
    ] {
        group_norm_beside_batch_norm(shape, groups);
    }
    // The first layer of a network needs no dx.
    max_pooled_convolution([50, 1, 28, 28], 16, false);
    max_pooled_convolution([50, 16, 14, 14], 32, true);
    normalized_convolution([50, 1, 28, 28], 16, false);
    normalized_convolution([50, 16, 14, 14], 32, true);
    smooth_activations([50, 16, 28, 28]);
    relu_and_pool([50, 16, 28, 28]);
    relu_and_pool([50, 32, 14, 14]);

    let (x, weight, dout) = (rows(50, 1568), rows(10, 1568), rows(50, 10));
    let bias = Array1::zeros(10);
    let work = 2.0 * 50.0 * 1568.0 * 10.0;
    measure("linear 50×1568→10 forward", work, "GFLOP/s", || {
        linear::forward(x.view(), weight.view(), bias.view())
    });
    measure("linear 50×1568→10 backward", 2.0 * work, "GFLOP/s", || {
        linear::backward(dout.view(), x.view(), weight.view())
    });
    let labels = Array1::from_iter((0..50).map(|row| row % 10));
    measure("softmax cross-entropy 50×10", 0.0, "", || {
        let (loss, probabilities) =
            softmax_cross_entropy::forward(dout.view(), labels.view()).unwrap();
        (loss, softmax_cross_entropy::backward(probabilities.view(), labels.view()))
    });
}
