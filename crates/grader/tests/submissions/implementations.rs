//! Implementations of the exercise, right and wrong, written without the kernels' spatial batch
//! norm.

use std::error::Error;

use grader::fixture::Mode;
use kernels::batch_norm::{self, BatchStatistics};
use kernels::{BatchNormConfig, Convention, RunningStatistics};
use ndarray::{Array1, Array2, Array4, ArrayView1, ArrayView4, Axis};

use super::rust_functions::BnParam;

pub(crate) type Gradients = (Array4<f64>, Array1<f64>, Array1<f64>);

/// Which values share a mean and a variance in training.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axes {
    OneAChannel,
    /// Wrong: the mean over the batch alone.
    OneAPosition,
}

/// Where ε is added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Epsilon {
    InsideTheRoot,
    /// Wrong: √σ² + ε.
    OutsideTheRoot,
}

/// x̂ and 1/√(σ² + ε) as images, γ, and whether the statistics were the batch's own.
pub(crate) struct Cache {
    x_hat: Array4<f64>,
    inv_std: Array4<f64>,
    gamma: Array1<f64>,
    mode: Mode,
}

pub(crate) fn forward(
    x: ArrayView4<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    bn_param: &mut BnParam,
) -> Result<(Array4<f64>, Cache), Box<dyn Error>> {
    forward_with(x, gamma, beta, bn_param, Axes::OneAChannel, Epsilon::InsideTheRoot)
}

/// Plain loops over channels.
pub(crate) fn forward_with(
    x: ArrayView4<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    bn_param: &mut BnParam,
    axes: Axes,
    epsilon: Epsilon,
) -> Result<(Array4<f64>, Cache), Box<dyn Error>> {
    let mut mean = Array4::zeros(x.raw_dim());
    let mut var = Array4::zeros(x.raw_dim());
    for channel in 0..x.shape()[1] {
        let values = x.index_axis(Axis(1), channel);
        let mut mean = mean.index_axis_mut(Axis(1), channel);
        let mut var = var.index_axis_mut(Axis(1), channel);
        if bn_param.mode == Mode::Eval {
            mean.fill(bn_param.running_mean[channel]);
            var.fill(bn_param.running_var[channel]);
            continue;
        }
        // Twice, because one pass loses the digits that a large mean takes.
        let rough = values.mean().unwrap_or(f64::NAN);
        let shifted = values.mapv(|value| value - rough);
        let rest = shifted.mean().unwrap_or(f64::NAN);
        let channel_mean = rough + rest;
        let channel_var =
            shifted.mapv(|value| (value - rest) * (value - rest)).mean().unwrap_or(f64::NAN);
        match axes {
            Axes::OneAChannel => {
                mean.fill(channel_mean);
                var.fill(channel_var);
            }
            Axes::OneAPosition => {
                mean.assign(&values.mean_axis(Axis(0)).ok_or("no images")?);
                var.assign(&values.var_axis(Axis(0), 0.0));
            }
        }
        let follow = |running: &mut f64, batch: f64| {
            *running = bn_param.momentum * *running + (1.0 - bn_param.momentum) * batch;
        };
        follow(&mut bn_param.running_mean[channel], channel_mean);
        follow(&mut bn_param.running_var[channel], channel_var);
    }
    let eps = bn_param.eps;
    let inv_std = var.mapv(|var: f64| match epsilon {
        Epsilon::InsideTheRoot => 1.0 / (var + eps).sqrt(),
        Epsilon::OutsideTheRoot => 1.0 / (var.sqrt() + eps),
    });
    let x_hat = (&x - &mean) * &inv_std;
    let out = &x_hat * &as_images(gamma) + as_images(beta);
    Ok((out, Cache { x_hat, inv_std, gamma: gamma.to_owned(), mode: bn_param.mode }))
}

/// The closed formula.
pub(crate) fn backward(dout: ArrayView4<'_, f64>, cache: &Cache) -> Gradients {
    gradients(dout, cache, true)
}

/// Wrong: dx as if the variance were a constant.
pub(crate) fn backward_without_variance(dout: ArrayView4<'_, f64>, cache: &Cache) -> Gradients {
    gradients(dout, cache, false)
}

fn gradients(dout: ArrayView4<'_, f64>, cache: &Cache, through_variance: bool) -> Gradients {
    let Cache { x_hat, inv_std, gamma, mode } = cache;
    let dgamma = channel_sums((&dout * x_hat).view());
    let dbeta = channel_sums(dout);
    let count = (dout.len() / gamma.len()) as f64;
    let mut inner = dout.to_owned();
    if *mode == Mode::Train {
        inner -= &as_images((&dbeta / count).view());
        if through_variance {
            inner -= &(x_hat * &as_images((&dgamma / count).view()));
        }
    }
    (inner * inv_std * as_images(gamma.view()), dgamma, dbeta)
}

/// Node by node through the computation: x̂, then the variance, then the mean.
pub(crate) fn backward_in_small_steps(dout: ArrayView4<'_, f64>, cache: &Cache) -> Gradients {
    let Cache { x_hat, inv_std, gamma, mode } = cache;
    let dgamma = channel_sums((&dout * x_hat).view());
    let dbeta = channel_sums(dout);
    let dx_hat = &dout * &as_images(gamma.view());
    if *mode == Mode::Eval {
        return (dx_hat * inv_std, dgamma, dbeta);
    }
    let count = (dout.len() / gamma.len()) as f64;
    let centred = x_hat / inv_std;
    let dvar = channel_sums((&dx_hat * &centred * inv_std * inv_std * inv_std).view()) * -0.5;
    let dmean = -channel_sums((&dx_hat * inv_std).view());
    let dx = dx_hat * inv_std
        + centred * as_images((dvar * (2.0 / count)).view())
        + as_images((dmean / count).view());
    (dx, dgamma, dbeta)
}

fn as_images(values: ArrayView1<'_, f64>) -> Array4<f64> {
    values.insert_axis(Axis(0)).insert_axis(Axis(2)).insert_axis(Axis(3)).to_owned()
}

fn channel_sums(images: ArrayView4<'_, f64>) -> Array1<f64> {
    images.axis_iter(Axis(1)).map(|channel| channel.sum()).collect()
}

/// What a learner keeps who builds on plain batch norm.
pub(crate) struct PlainCache {
    rows: Array2<f64>,
    gamma: Array1<f64>,
    statistics: Statistics,
}

enum Statistics {
    Batch(BatchStatistics),
    Running(RunningStatistics<f64>, BatchNormConfig),
}

/// (N, C, H, W) as the rows (N·H·W, C).
fn as_rows(images: ArrayView4<'_, f64>) -> Result<Array2<f64>, Box<dyn Error>> {
    let (n, c, h, w) = images.dim();
    let pixels = images.permuted_axes([0, 2, 3, 1]);
    Ok(pixels.as_standard_layout().into_owned().into_shape_with_order((n * h * w, c))?)
}

fn from_rows(rows: Array2<f64>, shape: &[usize]) -> Result<Array4<f64>, Box<dyn Error>> {
    let pixels = rows
        .as_standard_layout()
        .into_owned()
        .into_shape_with_order((shape[0], shape[2], shape[3], shape[1]))?;
    Ok(pixels.permuted_axes([0, 3, 1, 2]))
}

pub(crate) fn reshaped_forward(
    x: ArrayView4<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    bn_param: &mut BnParam,
) -> Result<(Array4<f64>, PlainCache), Box<dyn Error>> {
    let config = BatchNormConfig::new(bn_param.eps, bn_param.momentum, Convention::Notebook)?;
    let mut running = RunningStatistics {
        mean: bn_param.running_mean.clone(),
        var: bn_param.running_var.clone(),
    };
    let rows = as_rows(x)?;
    let (out, statistics) = match bn_param.mode {
        Mode::Train => {
            let (out, statistics) =
                batch_norm::forward_train(rows.view(), gamma, beta, &mut running, &config)?;
            (bn_param.running_mean, bn_param.running_var) = (running.mean, running.var);
            (out, Statistics::Batch(statistics))
        }
        Mode::Eval => {
            let out = batch_norm::forward_eval(rows.view(), gamma, beta, &running, &config)?;
            (out, Statistics::Running(running, config))
        }
    };
    let cache = PlainCache { rows, gamma: gamma.to_owned(), statistics };
    Ok((from_rows(out, x.shape())?, cache))
}

pub(crate) fn reshaped_backward(
    dout: ArrayView4<'_, f64>,
    cache: &PlainCache,
) -> Result<Gradients, Box<dyn Error>> {
    let PlainCache { rows, gamma, statistics } = cache;
    let dout_rows = as_rows(dout)?;
    let (dout_rows, rows, gamma) = (dout_rows.view(), rows.view(), gamma.view());
    let gradients = match statistics {
        Statistics::Batch(statistics) => {
            batch_norm::backward_train(dout_rows, rows, gamma, statistics)?
        }
        Statistics::Running(running, config) => {
            batch_norm::backward_eval(dout_rows, rows, gamma, running, config)?
        }
    };
    Ok((from_rows(gradients.dx, dout.shape())?, gradients.dgamma, gradients.dbeta))
}
