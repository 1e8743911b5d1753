//! The exercise, filled in: rows of pixels go through plain batch norm and back.

use answer::{BnParam, Result};
use ndarray::{Array1, Array2, Array4, ArrayView1, ArrayView4};

use crate::batchnorm::{BatchnormCache, batchnorm_backward, batchnorm_forward};

pub struct SpatialBatchnormCache {
    plain: BatchnormCache,
}

fn rows(x: ArrayView4<'_, f64>) -> Result<Array2<f64>> {
    let (n, c, h, w) = x.dim();
    let last = x.permuted_axes([0, 2, 3, 1]);
    Ok(last.as_standard_layout().into_owned().into_shape_with_order((n * h * w, c))?)
}

fn images(rows: Array2<f64>, (n, c, h, w): (usize, usize, usize, usize)) -> Result<Array4<f64>> {
    let rows = rows.as_standard_layout().into_owned();
    Ok(rows.into_shape_with_order((n, h, w, c))?.permuted_axes([0, 3, 1, 2]))
}

pub fn spatial_batchnorm_forward(
    x: ArrayView4<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    bn_param: &mut BnParam,
) -> Result<(Array4<f64>, SpatialBatchnormCache)> {
    let (out, plain) = batchnorm_forward(rows(x)?.view(), gamma, beta, bn_param)?;
    Ok((images(out, x.dim())?, SpatialBatchnormCache { plain }))
}

pub fn spatial_batchnorm_backward(
    dout: ArrayView4<'_, f64>,
    cache: &SpatialBatchnormCache,
) -> Result<(Array4<f64>, Array1<f64>, Array1<f64>)> {
    let (dx, dgamma, dbeta) = batchnorm_backward(rows(dout)?.view(), &cache.plain)?;
    Ok((images(dx, dout.dim())?, dgamma, dbeta))
}
