//! The two functions that are called, and what they are given.

use std::any::Any;

use ndarray::{Array1, Array4, ArrayView1, ArrayView4};

use crate::error::Error;

/// What both functions return; `?` takes the errors of all libraries.
pub type Result<T> = std::result::Result<T, Error>;

/// The forward pass: `(x, gamma, beta, bn_param)` to the output and a cache.
///
/// # Shapes
///
/// `x` and the output `(N, C, H, W)`; `gamma`, `beta` and the running statistics `(C,)`.
pub type Forward<C> = fn(
    ArrayView4<'_, f64>,
    ArrayView1<'_, f64>,
    ArrayView1<'_, f64>,
    &mut BnParam,
) -> Result<(Array4<f64>, C)>;

/// The backward pass: `(dout, cache)` to the gradients.
///
/// # Shapes
///
/// `dout` `(N, C, H, W)`.
pub type Backward<C> = fn(ArrayView4<'_, f64>, &C) -> Result<Gradients>;

/// `dx` `(N, C, H, W)`, `dgamma` `(C,)` and `dbeta` `(C,)`.
pub type Gradients = (Array4<f64>, Array1<f64>, Array1<f64>);

/// The forward pass with a cache of any type: so that a program compiles nothing but its own functions.
pub(crate) type AnyForward = dyn Fn(
    ArrayView4<'_, f64>,
    ArrayView1<'_, f64>,
    ArrayView1<'_, f64>,
    &mut BnParam,
) -> Result<(Array4<f64>, Box<dyn Any>)>;

/// The backward pass that goes with it.
pub(crate) type AnyBackward = dyn Fn(ArrayView4<'_, f64>, &dyn Any) -> Result<Gradients>;

/// Whether a network is being trained, or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Normalise by the batch's own mean and variance, and update the running ones.
    Train,
    /// Normalise by the running mean and variance, and leave them alone.
    Test,
}

/// What batch normalisation is told beside its inputs, and where its running statistics live.
#[derive(Debug, Clone, PartialEq)]
pub struct BnParam {
    /// Training or test.
    pub mode: Mode,
    /// ε, added to the variance inside the root.
    pub eps: f64,
    /// `running = momentum * running + (1 - momentum) * batch`.
    pub momentum: f64,
    /// Running mean, shape `(D,)`: one value per feature, or per channel.
    pub running_mean: Array1<f64>,
    /// Running variance (biased), shape `(D,)`.
    pub running_var: Array1<f64>,
}
