//! dweight and dbias: sums over every output pixel, image by image in chunks of the batch.

use ndarray::{Array1, Array4, ArrayView4, ArrayViewMut1, ArrayViewMut4};

use super::config::Conv2dConfig;
use super::dout::Stored;
use super::geometry::Geometry;
use super::gradients::{WantedParameters, gradients};
use crate::engine::layout::{elements, to_channels_last};
use crate::engine::real::Real;
use crate::error::KernelError;

/// Gradients of the loss with respect to the parameters alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2dParameterGradients<F> {
    /// With respect to `weight`, shape `(F, C, KH, KW)`.
    pub dweight: Array4<F>,
    /// With respect to `bias`, shape `(F,)`.
    pub dbias: Array1<F>,
}

/// dweight and dbias: sums over every output pixel of dout · x, and of dout.
///
/// # Shapes
///
/// `dout` `(N, F, OH, OW)`, `x` `(N, C, H, W)`, `kernel` = `[KH, KW]`.
///
/// # Errors
///
/// As for [`backward`](super::backward).
pub fn backward_parameters<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    kernel: [usize; 2],
    config: &Conv2dConfig,
) -> Result<Conv2dParameterGradients<F>, KernelError> {
    let weight = [dout.shape()[1], x.shape()[1], kernel[0], kernel[1]];
    Geometry::new(x.shape(), &weight, config)?.expect_dout(dout.shape())?;
    let (mut dweight, mut dbias) = (Array4::zeros(weight), Array1::zeros(weight[0]));
    backward_parameters_into(dout, x, config, dweight.view_mut(), dbias.view_mut())?;
    Ok(Conv2dParameterGradients { dweight, dbias })
}

/// As [`backward_parameters`], into `dweight`, which names the size of the kernel by its shape, and
/// `dbias`.
///
/// # Errors
///
/// As for [`backward`](super::backward), and for results of another shape than those of weight and bias; they are
/// then unchanged.
pub fn backward_parameters_into<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    config: &Conv2dConfig,
    dweight: ArrayViewMut4<'_, F>,
    dbias: ArrayViewMut1<'_, F>,
) -> Result<(), KernelError> {
    let geometry = Geometry::new(x.shape(), dweight.shape(), config)?;
    geometry.expect_dout(dout.shape())?;
    let dout = to_channels_last(dout);
    let dout = Stored { values: elements(&dout), image: geometry.oh * geometry.ow * geometry.f };
    gradients(&geometry, &dout, None, Some(WantedParameters { x, dweight, dbias })).map(drop)
}
