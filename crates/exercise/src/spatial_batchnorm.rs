//! The exercise itself: spatial batch normalisation over `(N, C, H, W)`.
//!
//! Fill in the two functions, while `cargo xtask grade --target exercise --watch` grades them at every
//! save. What they compute and why is explained in this crate's `README.md`.

use answer::{BnParam, Result};
use ndarray::{Array1, Array4, ArrayView1, ArrayView4};

/// What your backward pass needs to know of the forward pass; change it as you like.
#[derive(Debug, Clone)]
pub struct SpatialBatchnormCache {
    /// The cache of plain batch norm, if you build on [`crate::batchnorm::batchnorm_forward`].
    pub plain: crate::batchnorm::BatchnormCache,
}

/// Task 1. Normalises each channel of `x` over the batch and all positions, then scales it by
/// `gamma` and shifts it by `beta`.
///
/// In [`answer::Mode::Train`] it also updates `bn_param.running_mean` and `bn_param.running_var`.
///
/// # Shapes
///
/// `x` and the first result `(N, C, H, W)`; `gamma`, `beta` and the running statistics `(C,)`.
///
/// # Hints
///
/// - You can reuse [`crate::batchnorm::batchnorm_forward`], which normalises the columns of an `(N, D)` array.
///   Which axes of `x` must become its rows, and which its columns?
/// - `permuted_axes` renames axes without moving data; reshaping with `into_shape_with_order` needs
///   data in that order, which `as_standard_layout` gives.
/// - Do not forget to undo both on the way out.
pub fn spatial_batchnorm_forward(
    x: ArrayView4<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    bn_param: &mut BnParam,
) -> Result<(Array4<f64>, SpatialBatchnormCache)> {
    answer::not_implemented!(x, gamma, beta, bn_param)
}

/// Task 2. The gradients `(dx, dgamma, dbeta)` of your forward pass.
///
/// # Shapes
///
/// `dout` and `dx` `(N, C, H, W)`; `dgamma` and `dbeta` `(C,)`.
///
/// # Hints
///
/// - You can reuse [`crate::batchnorm::batchnorm_backward`]; `dout` needs the same rearrangement as `x` did.
/// - A sum over the batch is now a sum over the batch and all positions.
pub fn spatial_batchnorm_backward(
    dout: ArrayView4<'_, f64>,
    cache: &SpatialBatchnormCache,
) -> Result<(Array4<f64>, Array1<f64>, Array1<f64>)> {
    answer::not_implemented!(dout, cache)
}
