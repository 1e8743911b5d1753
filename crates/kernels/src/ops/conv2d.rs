//! Two-dimensional convolution (cross-correlation, as all of deep learning has it).
//!
//! ```text
//! out[n, f, i, j] = bias[f] + Σ_{kh, kw, c} x[n, c, i·s_h + kh − p_h, j·s_w + kw − p_w] · weight[f, c, kh, kw]
//! ```
//!
//! with zeros outside the image, which take part in the sum. Everything is computed in channels-last
//! memory: inputs in another layout are copied into it once, and results come back in it (logically
//! `(N, C, H, W)` all the same).
//!
//! # Order of operations
//!
//! Each value starts from its bias or from 0. Products are added to it one after the other by
//! [`Real::mul_add`]:
//!
//! - out: over kh, then kw, then c.
//! - dx: over the rows and columns of dout upwards (so over kh and kw downwards), then f, with zeros
//!   outside dout.
//! - dweight: over the pixels of an image's dout in order, then image by image within a chunk of the
//!   batch, and then chunk by chunk. There are 12 chunks, or one per image in a smaller batch. Chunk k
//!   of K is the images from k·N/K up to (k + 1)·N/K, rounded down.
//!
//! Where most of dout is zero, products with its zeros are left out of the gradients. In plain loops:
//! [`reference::conv2d`](crate::reference::conv2d).
//!
//! Source: PyTorch's `conv2d`, whose weight has the shape `(F, C, KH, KW)`.

mod backward_input;
mod backward_parameters;
mod backward_pass;
mod config;
mod dout;
mod forward;
mod forward_pass;
mod geometry;
mod gradients;
mod input_pass;
pub mod max_pooled;
pub mod normalized;
mod parameter_pass;
mod sliding_window;
mod sparse;
mod spread;

use ndarray::{Array1, Array4, ArrayView4};

pub use self::backward_input::{backward_input, backward_input_into};
pub use self::backward_parameters::{
    Conv2dParameterGradients, backward_parameters, backward_parameters_into,
};
pub use self::config::Conv2dConfig;
use self::dout::Stored;
pub use self::forward::{forward, forward_into};
use self::geometry::Geometry;
pub use self::gradients::Wanted;
use self::gradients::gradients;
use crate::engine::layout::{elements, nothing, to_channels_last};
use crate::engine::real::Real;
use crate::error::KernelError;

/// Gradients of the loss with respect to the three inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2dGradients<F> {
    /// With respect to `x`, shape `(N, C, H, W)`.
    pub dx: Array4<F>,
    /// With respect to the parameters.
    pub parameters: Conv2dParameterGradients<F>,
}

/// All gradients of [`forward()`]; see [`backward_input()`] and [`backward_parameters()`], of which a
/// network's first layer needs only the second.
///
/// # Shapes
///
/// `dout` `(N, F, OH, OW)`, `x` and `weight` as for [`forward()`].
///
/// # Errors
///
/// As for [`forward()`], and for a `dout` of another shape than the forward pass returns.
pub fn backward<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
) -> Result<Conv2dGradients<F>, KernelError> {
    let (mut dx, mut dweight) = (nothing(), Array4::zeros(weight.raw_dim()));
    let mut dbias = Array1::zeros(weight.shape()[0]);
    let parameters = Some((dweight.view_mut(), dbias.view_mut()));
    backward_into(dout, x, weight, config, Wanted { dx: Some(&mut dx), parameters })?;
    Ok(Conv2dGradients { dx, parameters: Conv2dParameterGradients { dweight, dbias } })
}

/// As [`backward`], the gradients that are wanted alone, in one pass over `dout`.
///
/// # Errors
///
/// As for [`backward`], and for results of another shape than those of weight and bias; what dx held is then
/// lost.
pub fn backward_into<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
    mut wanted: Wanted<'_, F>,
) -> Result<(), KernelError> {
    let geometry = Geometry::new(x.shape(), weight.shape(), config)?;
    geometry.expect_dout(dout.shape())?;
    let dout = to_channels_last(dout);
    let dout = Stored { values: elements(&dout), image: geometry.oh * geometry.ow * geometry.f };
    let (input, parameters) = wanted.of(x, weight);
    gradients(&geometry, &dout, input, parameters).map(drop)
}
