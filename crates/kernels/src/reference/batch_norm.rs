//! Batch norm of `(N, D)` rows in plain loops. Source: Ioffe and Szegedy 2015, algorithm 1.
//! The fast kernel: [`crate::batch_norm`].

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::ops::batch_norm::{BatchNormConfig, Convention, RunningStatistics};

/// x̂ and 1/√(σ² + ε), which the backward pass needs.
pub struct Cache {
    /// x̂ = (x − μ)/√(σ² + ε), shape `(N, D)`.
    pub x_hat: Array2<f64>,
    /// 1/√(σ² + ε), shape `(D,)`.
    pub inv_std: Array1<f64>,
}

/// The forward pass of training: per feature,
///
/// ```text
/// μ = (1/n) Σ x      σ² = (1/n) Σ (x − μ)²      x̂ = (x − μ)/√(σ² + ε)      y = γ·x̂ + β
/// ```
///
/// and the running statistics move towards μ and σ². `x` and y `(N, D)`, all else `(D,)`.
pub fn forward_train(
    x: ArrayView2<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    running: &mut RunningStatistics<f64>,
    config: &BatchNormConfig,
) -> (Array2<f64>, Cache) {
    let n = x.nrows() as f64;
    let (mut mean, mut var) = (Array1::zeros(x.ncols()), Array1::zeros(x.ncols()));
    for (d, column) in x.columns().into_iter().enumerate() {
        mean[d] = column.iter().sum::<f64>() / n;
        var[d] = column.iter().map(|x| (x - mean[d]) * (x - mean[d])).sum::<f64>() / n;
    }
    let momentum = config.momentum();
    match config.convention() {
        Convention::Notebook => {
            running.mean = momentum * &running.mean + (1.0 - momentum) * &mean;
            running.var = momentum * &running.var + (1.0 - momentum) * &var;
        }
        Convention::PyTorch => {
            let unbiased = n / (n - 1.0) * &var;
            running.mean = (1.0 - momentum) * &running.mean + momentum * &mean;
            running.var = (1.0 - momentum) * &running.var + momentum * unbiased;
        }
    }
    normalize(x, gamma, beta, &mean, &var, config)
}

/// The forward pass of evaluation: the running statistics stand in for μ and σ².
pub fn forward_eval(
    x: ArrayView2<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    running: &RunningStatistics<f64>,
    config: &BatchNormConfig,
) -> (Array2<f64>, Cache) {
    normalize(x, gamma, beta, &running.mean, &running.var, config)
}

fn normalize(
    x: ArrayView2<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    mean: &Array1<f64>,
    var: &Array1<f64>,
    config: &BatchNormConfig,
) -> (Array2<f64>, Cache) {
    let inv_std = var.mapv(|var| 1.0 / (var + config.eps()).sqrt());
    let x_hat = (&x - mean) * &inv_std;
    (&x_hat * &gamma + beta, Cache { x_hat, inv_std })
}

/// dx, dγ and dβ of [`forward_train`]: μ and σ² depend on every row, so per feature
///
/// ```text
/// dβ = Σ dy        dγ = Σ dy·x̂        dx = γ/√(σ² + ε) · (dy − dβ/n − x̂·dγ/n)
/// ```
pub fn backward_train(
    dout: ArrayView2<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    cache: &Cache,
) -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let n = dout.nrows() as f64;
    let (direct, dgamma, dbeta) = backward_eval(dout, gamma, cache);
    let through_statistics = (&dbeta + &cache.x_hat * &dgamma) / n * gamma * &cache.inv_std;
    (direct - through_statistics, dgamma, dbeta)
}

/// dx, dγ and dβ of [`forward_eval`], where μ and σ² are constants: dx = γ/√(σ² + ε) · dy.
pub fn backward_eval(
    dout: ArrayView2<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    cache: &Cache,
) -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let dbeta = dout.sum_axis(ndarray::Axis(0));
    let dgamma = (&dout * &cache.x_hat).sum_axis(ndarray::Axis(0));
    (&dout * &gamma * &cache.inv_std, dgamma, dbeta)
}
