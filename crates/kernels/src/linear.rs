//! The fully connected layer, out = x·weightᵀ + bias.
//!
//! The sum behind each value runs over its terms in order; `ndarray`'s own `dot` is not used, since
//! it picks its algorithm, and with it the last bits, by CPU.
//!
//! Source: PyTorch's `linear`, whose weight has the shape `(M, D)`.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::correlation::{Correlation, Place};
use crate::error::{expect_not_empty, expect_shape};
use crate::layout::{elements, elements_mut};
use crate::panels::{Panels, filled_up};
use crate::simd::LANES;
use crate::{KernelError, Real};

const OPERATION: &str = "linear";

/// Gradients of the loss with respect to the three inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearGradients<F> {
    /// With respect to `x`, shape `(N, D)`.
    pub dx: Array2<F>,
    /// With respect to `weight`, shape `(M, D)`.
    pub dweight: Array2<F>,
    /// With respect to `bias`, shape `(M,)`.
    pub dbias: Array1<F>,
}

/// out\[n, m\] = bias\[m\] + Σ_d x\[n, d\]·weight\[m, d\].
///
/// # Shapes
///
/// `x` `(N, D)`, `weight` `(M, D)`, `bias` `(M,)`; the result `(N, M)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn forward<F: Real>(
    x: ArrayView2<'_, F>,
    weight: ArrayView2<'_, F>,
    bias: ArrayView1<'_, F>,
) -> Result<Array2<F>, KernelError> {
    expect_weight(x, weight)?;
    expect_shape(OPERATION, "bias", bias.shape(), &[weight.nrows()], "one value an output")?;
    Ok(product(x, weight.t(), Some(bias)))
}

/// dx = dout·weight, dweight = doutᵀ·x, dbias = Σ_n dout.
///
/// # Shapes
///
/// `dout` `(N, M)`, `x` `(N, D)`, `weight` `(M, D)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or mismatched shapes.
pub fn backward<F: Real>(
    dout: ArrayView2<'_, F>,
    x: ArrayView2<'_, F>,
    weight: ArrayView2<'_, F>,
) -> Result<LinearGradients<F>, KernelError> {
    expect_weight(x, weight)?;
    let expected = [x.nrows(), weight.nrows()];
    let because = "that of the forward pass's result";
    expect_shape(OPERATION, "dout", dout.shape(), &expected, because)?;
    let dbias = dout
        .axis_iter(Axis(1))
        .map(|column| column.iter().fold(F::zero(), |sum, &value| sum + value))
        .collect();
    Ok(LinearGradients {
        dx: product(dout, weight, None),
        dweight: product(dout.t(), x, None),
        dbias,
    })
}

fn expect_weight<F: Real>(
    x: ArrayView2<'_, F>,
    weight: ArrayView2<'_, F>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "x", x.shape())?;
    expect_not_empty(OPERATION, "weight", weight.shape())?;
    let expected = [weight.nrows(), x.ncols()];
    expect_shape(OPERATION, "weight", weight.shape(), &expected, "one column a feature of x")
}

/// start + a·b, each value's sum in the order of a's columns.
fn product<F: Real>(
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    start: Option<ArrayView1<'_, F>>,
) -> Array2<F> {
    let a = a.as_standard_layout();
    let (depth, width) = b.dim();
    let panels = Panels::pack(depth, width, b);
    let start = match start {
        Some(start) => filled_up(start),
        None => vec![F::zero(); width.next_multiple_of(LANES)],
    };
    let mut out = Array2::zeros([a.nrows(), width]);
    let correlation = Correlation {
        source: elements(&a),
        matrix: panels.matrix(),
        width,
        start: &start,
        runs: 1,
        run_length: depth,
        run_stride: 0,
        step: 1,
    };
    let row = |row| Place { base: row * depth, target: row * width };
    let places: Vec<_> = (0..a.nrows()).map(row).collect();
    correlation.write(&places, elements_mut(&mut out));
    out
}
