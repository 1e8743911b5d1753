//! The fully connected layer of images, which are flattened in front of it: no batch of rows lies between the
//! two.
//!
//! Every bit is as the functions of [`flatten`](crate::flatten) and [`linear`](crate::linear) compute it one
//! after the other: each sum runs over its terms in the same order, wherever they lie in memory. In plain loops:
//! [`reference::flatten`](crate::reference::flatten), then [`reference::linear`](crate::reference::linear).
//!
//! Source: PyTorch's `flatten` and `linear`, one after the other.

use ndarray::{Array1, Array2, Array4, ArrayView1, ArrayView2, ArrayView4, Dim};

use super::{
    OPERATION, Rows, expect_dout, expect_weight, product, product_of_rows, sums_of_columns,
};
use crate::engine::layout::{
    element_count, elements, elements_mut, from_channels_last, reused, to_channels_last,
    transpose_each,
};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::{KernelError, expect_not_empty, expect_shape};

/// out\[n, m\] = bias\[m\] + Σ_{c, h, w} x\[n, c, h, w\]·weight\[m, (c·H + h)·W + w\].
///
/// The memory of `out` is used again where it has room.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`, `weight` `(M, C·H·W)`, `bias` `(M,)`, `out` `(N, M)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, mismatched shapes, or when there is no memory for the result; what `out` held is then lost.
pub fn forward_into<F: Real>(
    x: ArrayView4<'_, F>,
    weight: ArrayView2<'_, F>,
    bias: ArrayView1<'_, F>,
    out: &mut Array2<F>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "x", x.shape())?;
    let (n, c, h, w) = x.dim();
    expect_weight(weight, c * h * w)?;
    expect_shape(OPERATION, "bias", bias.shape(), &[weight.nrows()], "one value per output")?;
    let mut rows = reused(OPERATION, Dim([n, weight.nrows()]), out)?;
    let x = to_channels_last(x);
    let x = Rows { values: elements(&x), runs: c, run_length: h * w, run_stride: 1, step: c };
    product_of_rows(x, weight.t(), Some(bias), elements_mut(&mut rows))?;
    *out = rows;
    Ok(())
}

/// dx\[n, c, h, w\] = Σ_m dout\[n, m\]·weight\[m, (c·H + h)·W + w\], into `dx`, whose memory is used again where it
/// has room; it is channels-last.
///
/// # Shapes
///
/// `dout` `(N, M)`, `weight` `(M, C·H·W)`, `size` = `[C, H, W]`, `dx` `(N, C, H, W)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, mismatched shapes, or when there is no memory for the result; what `dx` held is then lost.
pub fn backward_input_into<F: Real>(
    dout: ArrayView2<'_, F>,
    weight: ArrayView2<'_, F>,
    [c, h, w]: [usize; 3],
    dx: &mut Array4<F>,
) -> Result<(), KernelError> {
    let (n, outputs) = dout.dim();
    expect_not_empty(OPERATION, "dout", dout.shape())?;
    expect_not_empty(OPERATION, "dx", &[n, c, h, w])?;
    let too_large = || KernelError::TooLarge { operation: OPERATION, shape: vec![n, c, h, w] };
    let features = element_count(&[c, h, w]).ok_or_else(too_large)?;
    expect_weight(weight, features)?;
    expect_dout(dout, n, weight.nrows())?;
    let mut pixels = reused(OPERATION, Dim([n, h, w, c]), dx)?;
    if c == 1 || h * w == 1 {
        product(dout, weight, None, elements_mut(&mut pixels))?;
    } else {
        let weight = weight.as_standard_layout();
        let mut by_pixel = Scratch::any(OPERATION, &[outputs, features])?;
        transpose_each(elements(&weight), features, h * w, &mut by_pixel);
        let weight = matrix([outputs, features], &by_pixel)?;
        product(dout, weight, None, elements_mut(&mut pixels))?;
    }
    *dx = from_channels_last(pixels);
    Ok(())
}

/// dweight\[m, (c·H + h)·W + w\] = Σ_n dout\[n, m\]·x\[n, c, h, w\] and dbias\[m\] = Σ_n dout\[n, m\].
///
/// The memory of both is used again where it has room.
///
/// # Shapes
///
/// `dout` `(N, M)`, `x` `(N, C, H, W)`, `dweight` `(M, C·H·W)`, `dbias` `(M,)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, mismatched shapes, or when there is no memory for the result; what the results held is then lost.
pub fn backward_parameters_into<F: Real>(
    dout: ArrayView2<'_, F>,
    x: ArrayView4<'_, F>,
    dweight: &mut Array2<F>,
    dbias: &mut Array1<F>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "x", x.shape())?;
    expect_not_empty(OPERATION, "dout", dout.shape())?;
    let (n, c, h, w) = x.dim();
    let (outputs, features) = (dout.ncols(), c * h * w);
    expect_dout(dout, n, outputs)?;
    let mut weights = reused(OPERATION, Dim([outputs, features]), dweight)?;
    let biases = sums_of_columns(dout, dbias)?;
    let x = to_channels_last(x);
    let x = matrix([n, features], elements(&x))?;
    if c == 1 || h * w == 1 {
        product(dout.t(), x, None, elements_mut(&mut weights))?;
    } else {
        let mut by_pixel = Scratch::any(OPERATION, &[outputs, features])?;
        product(dout.t(), x, None, &mut by_pixel)?;
        transpose_each(&by_pixel, features, c, elements_mut(&mut weights));
    }
    (*dweight, *dbias) = (weights, biases);
    Ok(())
}

/// The elements as a matrix.
fn matrix<F>(shape: [usize; 2], elements: &[F]) -> Result<ArrayView2<'_, F>, KernelError> {
    let too_large = |_| KernelError::TooLarge { operation: OPERATION, shape: shape.to_vec() };
    ArrayView2::from_shape(shape, elements).map_err(too_large)
}
