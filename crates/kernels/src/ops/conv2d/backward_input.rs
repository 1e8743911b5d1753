//! dx: every input pixel collects from the outputs that it took part in.

use ndarray::{Array4, ArrayView4};

use super::config::Conv2dConfig;
use super::dout::Stored;
use super::geometry::Geometry;
use super::gradients::{WantedInput, gradients};
use crate::engine::layout::{elements, nothing, to_channels_last};
use crate::engine::real::Real;
use crate::error::KernelError;

/// dx: every input pixel collects dout · weight from the outputs that it took part in.
///
/// # Shapes
///
/// `dout` `(N, F, OH, OW)`, `size` = `[H, W]`, `weight` `(F, C, KH, KW)`; the result
/// `(N, C, H, W)`.
///
/// # Errors
///
/// As for [`backward`](super::backward).
pub fn backward_input<F: Real>(
    dout: ArrayView4<'_, F>,
    size: [usize; 2],
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
) -> Result<Array4<F>, KernelError> {
    let mut dx = nothing();
    backward_input_into(dout, size, weight, config, &mut dx)?;
    Ok(dx)
}

/// As [`backward_input`], into `dx`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`backward`](super::backward); what `dx` held is then lost.
pub fn backward_input_into<F: Real>(
    dout: ArrayView4<'_, F>,
    size: [usize; 2],
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
    dx: &mut Array4<F>,
) -> Result<(), KernelError> {
    let n = dout.shape()[0];
    let [h, w] = size;
    let geometry = Geometry::new(&[n, weight.shape()[1], h, w], weight.shape(), config)?;
    geometry.expect_dout(dout.shape())?;
    let dout = to_channels_last(dout);
    let dout = Stored { values: elements(&dout), image: geometry.oh * geometry.ow * geometry.f };
    gradients(&geometry, &dout, Some(WantedInput { weight, dx }), None).map(drop)
}
