//! Plain batch normalisation over `(N, D)`, supplied. It is the notebook's interface to
//! [`kernels::batch_norm`]; you need not change it, and may call it.

use std::panic::Location;

use answer::{BnParam, Error, Mode, Result};
use kernels::batch_norm::{self, BatchStatistics};
use kernels::{BatchNormConfig, Convention, RunningStatistics};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// What [`batchnorm_backward`] needs to know of the forward pass.
#[derive(Debug, Clone)]
pub struct BatchnormCache {
    x: Array2<f64>,
    gamma: Array1<f64>,
    normalized_by: NormalizedBy,
}

/// The statistics of the forward pass: in training they depend on `x`, in test mode they do not.
#[derive(Debug, Clone)]
enum NormalizedBy {
    Batch(BatchStatistics),
    Running(RunningStatistics<f64>, BatchNormConfig),
}

/// Normalises each feature of `x`, then scales it by `gamma` and shifts it by `beta`.
///
/// In [`Mode::Train`] it updates `bn_param.running_mean` and `bn_param.running_var`.
///
/// # Shapes
///
/// `x` and the first result `(N, D)`; `gamma`, `beta` and the running statistics `(D,)`.
///
/// # Errors
///
/// For shapes that do not fit, for an ε or momentum out of range, and in training for a single
/// row; the message says which. The line is that of the call.
#[track_caller]
pub fn batchnorm_forward(
    x: ArrayView2<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    bn_param: &mut BnParam,
) -> Result<(Array2<f64>, BatchnormCache)> {
    let called_at = Location::caller();
    forward(x, gamma, beta, bn_param).map_err(|error| error.at(called_at))
}

fn forward(
    x: ArrayView2<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    bn_param: &mut BnParam,
) -> Result<(Array2<f64>, BatchnormCache)> {
    let config = BatchNormConfig::new(bn_param.eps, bn_param.momentum, Convention::Notebook)?;
    let mut running = RunningStatistics {
        mean: bn_param.running_mean.clone(),
        var: bn_param.running_var.clone(),
    };
    let (out, normalized_by) = match bn_param.mode {
        Mode::Train => {
            let (out, statistics) =
                batch_norm::forward_train(x, gamma, beta, &mut running, &config)?;
            bn_param.running_mean.assign(&running.mean);
            bn_param.running_var.assign(&running.var);
            (out, NormalizedBy::Batch(statistics))
        }
        Mode::Test => {
            let out = batch_norm::forward_eval(x, gamma, beta, &running, &config)?;
            (out, NormalizedBy::Running(running, config))
        }
    };
    let cache = BatchnormCache { x: x.to_owned(), gamma: gamma.to_owned(), normalized_by };
    Ok((out, cache))
}

/// The gradients `(dx, dgamma, dbeta)` of [`batchnorm_forward`].
///
/// # Shapes
///
/// `dout` and `dx` `(N, D)`; `dgamma` and `dbeta` `(D,)`.
///
/// # Errors
///
/// When `dout` has another shape than the `x` of the forward pass. The line is that of the call.
#[track_caller]
pub fn batchnorm_backward(
    dout: ArrayView2<'_, f64>,
    cache: &BatchnormCache,
) -> Result<(Array2<f64>, Array1<f64>, Array1<f64>)> {
    let BatchnormCache { x, gamma, normalized_by } = cache;
    let gradients = match normalized_by {
        NormalizedBy::Batch(statistics) => {
            batch_norm::backward_train(dout, x.view(), gamma.view(), statistics)
        }
        NormalizedBy::Running(running, config) => {
            batch_norm::backward_eval(dout, x.view(), gamma.view(), running, config)
        }
    };
    let called_at = Location::caller();
    let gradients = gradients.map_err(|error| Error::from(error).at(called_at))?;
    Ok((gradients.dx, gradients.dgamma, gradients.dbeta))
}
