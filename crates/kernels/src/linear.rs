//! The fully connected layer, out = x·weightᵀ + bias.
//!
//! The sum behind each value runs over its terms in order; `ndarray`'s own `dot` is not used, since
//! it picks its algorithm, and with it the last bits, by CPU.
//!
//! Source: PyTorch's `linear`, whose weight has the shape `(M, D)`.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::error::{expect_not_empty, expect_shape};
use crate::layout::elements;
use crate::panels::{LANES, Panels, accumulate};
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
    let width = b.ncols();
    let panels = Panels::pack(b.nrows(), width, |row, column| b[[row, column]]);
    let mut out = Array2::zeros([a.nrows(), width]);
    for (block, panel) in panels.blocks().enumerate() {
        let columns = block * LANES..width.min((block + 1) * LANES);
        for (row, mut out) in elements(&a).chunks_exact(a.ncols()).zip(out.rows_mut()) {
            let mut sums = [F::zero(); LANES];
            if let Some(start) = start {
                for (sum, column) in sums.iter_mut().zip(columns.clone()) {
                    *sum = start[column];
                }
            }
            accumulate(&mut sums, row, panel);
            for (column, &sum) in columns.clone().zip(&sums) {
                out[column] = sum;
            }
        }
    }
    out
}
