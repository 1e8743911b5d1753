//! `cargo bench -p kernels`: the median time of each kernel at the shapes of the study, batch 50, on
//! one thread. `KERNELS_ISA=portable|avx2|avx512` shows what a lower instruction set costs.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a table on the terminal")]

use std::hint::black_box;
use std::time::Instant;

use kernels::batch_norm::max_pooled;
use kernels::conv2d::max_pooled::Wanted;
use kernels::conv2d::normalized::{self, Block};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::group_norm::{self, GroupNormConfig};
use kernels::max_pool2d::Pooled;
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, Convention, RunningStatistics, linear, relu, sigmoid, softmax_cross_entropy,
    spatial_batch_norm, tanh,
};
use ndarray::{Array1, Array2, Array4};

/// Each median is of this many calls.
const CALLS: usize = 31;

/// A number that looks random, in [−1, 1).
fn noise(index: usize) -> f32 {
    let mixed = (index as u32 ^ 0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35) as i32 as f32 / 2_147_483_648.0
}

/// `(N, C, H, W)` in channels-last memory.
fn images([n, c, h, w]: [usize; 4]) -> Array4<f32> {
    let pixels = Array1::from_iter((0..n * c * h * w).map(noise));
    pixels.into_shape_with_order((n, h, w, c)).unwrap().permuted_axes([0, 3, 1, 2])
}

fn rows(n: usize, d: usize) -> Array2<f32> {
    Array1::from_iter((0..n * d).map(noise)).into_shape_with_order((n, d)).unwrap()
}

/// Prints the median time of `f`, and how much `work` (in units of 1e9 `unit`) it does in a second.
fn measure<T>(name: &str, work: f64, unit: &str, mut f: impl FnMut() -> T) {
    let mut micros: Vec<f64> = (0..CALLS)
        .map(|_| {
            let start = Instant::now();
            black_box(f());
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let median = micros[CALLS / 2];
    println!("{name:<42} {median:>9.0} µs {:>7.1} {unit}", work / median / 1e3);
}

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

/// Batch norm and the max pooling behind it in one pass, beside one after the other.
fn max_pooled_batch_norm(shape: [usize; 4]) {
    let (x, pool, config) = (images(shape), MaxPool2dConfig::halving(), BatchNormConfig::pytorch());
    let (gamma, beta) = (Array1::ones(shape[1]), Array1::zeros(shape[1]));
    let (g, b, size) = (gamma.view(), beta.view(), [shape[2], shape[3]]);
    let mut running = RunningStatistics::new(shape[1], Convention::PyTorch);
    let mut same = running.clone();
    let [mut normalized, mut out, mut other_out] = [(); 3].map(|()| x.clone());
    let [mut argmax, mut other_argmax] = [(); 2].map(|()| Array4::zeros([0; 4]));
    let statistics = spatial_batch_norm::forward_train(x.view(), g, b, &mut running, &config);
    let (_, statistics) = statistics.unwrap();
    in_turn(
        &format!("{shape:?} batch norm, max pool forward: apart, together"),
        x.len(),
        || {
            let (x, running, normalized) = (x.view(), &mut running, &mut normalized);
            spatial_batch_norm::forward_train_into(x, g, b, running, &config, normalized).unwrap();
            max_pool2d::forward_into(normalized.view(), &pool, &mut out, &mut argmax).unwrap();
        },
        || {
            let pooled = Pooled { out: &mut other_out, argmax: &mut other_argmax };
            max_pooled::forward_train_into(x.view(), g, b, &mut same, &config, &pool, pooled)
                .unwrap();
        },
    );
    let [mut dx, mut other_dx] = [(); 2].map(|()| x.clone());
    let (dout, argmax) = (out.view(), argmax.view());
    in_turn(
        &format!("{shape:?} batch norm, max pool backward: apart, together"),
        x.len(),
        || {
            max_pool2d::backward_into(dout, argmax, size, &pool, &mut dx).unwrap();
            let gradients =
                spatial_batch_norm::backward_train_in_place(&mut dx, x.view(), g, &statistics);
            black_box(gradients.unwrap());
        },
        || {
            let (x, dx) = (x.view(), &mut other_dx);
            let gradients =
                max_pooled::backward_train_into(dout, argmax, x, g, &statistics, &pool, dx);
            black_box(gradients.unwrap());
        },
    );
}

/// A convolution and the max pooling behind it in one pass, beside one after the other.
fn max_pooled_convolution([n, c, h, w]: [usize; 4], f: usize, with_dx: bool) {
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
fn normalized_convolution([n, c, h, w]: [usize; 4], f: usize, with_dx: bool) {
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
            let to = &mut dnormalized;
            let of_norm =
                max_pooled::backward_train_into(dout, places, y, g, &statistics, pool, to);
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
            let pooled = Pooled { out: &mut out, argmax: &mut argmax };
            max_pooled::forward_eval_into(convolved.view(), g, b, &running, norm, pool, pooled)
                .unwrap();
        },
        || {
            let pooled = Pooled { out: &mut other_out, argmax: &mut other_argmax };
            normalized::forward_eval_into(x, &block, &running, pooled).unwrap();
        },
    );
}

/// Prints the median times of two kernels that are called in turn, and picoseconds per value.
fn in_turn(name: &str, values: usize, mut one: impl FnMut(), mut other: impl FnMut()) {
    let seconds = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let mut times: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..3 * CALLS {
        times[0].push(seconds(&mut one));
        times[1].push(seconds(&mut other));
    }
    let [one, other] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let per_value = |time: f64| time * 1e12 / values as f64;
    println!(
        "{name:<66} {:>8.1} µs {:>8.1} µs {:>6.0} ps {:>6.0} ps per value",
        one * 1e6,
        other * 1e6,
        per_value(one),
        per_value(other)
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
    for shape in [[50, 16, 28, 28], [50, 32, 14, 14], [64, 64, 56, 56]] {
        max_pooled_batch_norm(shape);
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
