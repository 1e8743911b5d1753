//! Ghost batch norm of `(N, D)` rows: batch norm of one part after the other. Source: Hoffer, Hubara
//! and Soudry 2017, algorithm 1. The fast kernel: [`crate::ghost_batch_norm`]. Of images, call it on
//! [`to_rows`](super::spatial_batch_norm::to_rows), with as many rows as a ghost batch has pixels.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};

use super::batch_norm::{self, Cache};
use crate::ops::batch_norm::{BatchNormConfig, RunningStatistics};

/// The forward pass of training: batch norm of so many rows at a time. The last part has the rows that
/// are left; a single one joins the part before it.
pub fn forward_train(
    x: ArrayView2<'_, f64>,
    rows: usize,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    running: &mut RunningStatistics<f64>,
    config: &BatchNormConfig,
) -> (Array2<f64>, Vec<Cache>) {
    let (mut y, mut caches, mut first) = (Array2::zeros(x.dim()), Vec::new(), 0);
    while first < x.nrows() {
        let mut end = x.nrows().min(first + rows);
        if x.nrows() - end == 1 {
            end += 1;
        }
        let part = x.slice(s![first..end, ..]);
        let (out, cache) = batch_norm::forward_train(part, gamma, beta, running, config);
        y.slice_mut(s![first..end, ..]).assign(&out);
        caches.push(cache);
        first = end;
    }
    (y, caches)
}

/// dx, dγ and dβ of [`forward_train`]: dx of each part, dγ and dβ summed over the parts.
pub fn backward_train(
    dout: ArrayView2<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    caches: &[Cache],
) -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let [mut dgamma, mut dbeta] = [(); 2].map(|()| Array1::zeros(gamma.len()));
    let (mut dx, mut first) = (Array2::zeros(dout.dim()), 0);
    for cache in caches {
        let part = s![first..first + cache.x_hat.nrows(), ..];
        let (of_x, of_gamma, of_beta) = batch_norm::backward_train(dout.slice(part), gamma, cache);
        dx.slice_mut(part).assign(&of_x);
        dgamma += &of_gamma;
        dbeta += &of_beta;
        first += cache.x_hat.nrows();
    }
    (dx, dgamma, dbeta)
}
