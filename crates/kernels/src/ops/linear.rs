//! The fully connected layer, out = x·weightᵀ + bias.
//!
//! The sum behind each value runs over its terms in order. `ndarray`'s own `dot` is not used: it picks
//! its algorithm, and with it the last bits, by CPU. In plain loops: [`reference::linear`](crate::reference::linear).
//!
//! Source: PyTorch's `linear`, whose weight has the shape `(M, D)`.

pub mod flattened;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Dim};

use crate::engine::correlation::{Correlation, Matrix, Places};
use crate::engine::lanes::LANES;
use crate::engine::layout::{elements_mut, reused};
use crate::engine::panels::{Panels, filled_up};
use crate::engine::parallel::{Images, divide};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::{KernelError, expect_not_empty, expect_shape};

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
    let mut out = Array2::zeros([0, 0]);
    forward_into(x, weight, bias, &mut out)?;
    Ok(out)
}

/// As [`forward`], into `out`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`forward`]; what `out` held is then lost.
pub fn forward_into<F: Real>(
    x: ArrayView2<'_, F>,
    weight: ArrayView2<'_, F>,
    bias: ArrayView1<'_, F>,
    out: &mut Array2<F>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "x", x.shape())?;
    expect_weight(weight, x.ncols())?;
    expect_shape(OPERATION, "bias", bias.shape(), &[weight.nrows()], "one value per output")?;
    let mut rows = reused(OPERATION, Dim([x.nrows(), weight.nrows()]), out)?;
    product(x, weight.t(), Some(bias), elements_mut(&mut rows))?;
    *out = rows;
    Ok(())
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
    expect_not_empty(OPERATION, "x", x.shape())?;
    expect_weight(weight, x.ncols())?;
    expect_dout(dout, x.nrows(), weight.nrows())?;
    let (mut dx, mut dweight, mut dbias) =
        (Array2::zeros([0, 0]), Array2::zeros([0, 0]), Array1::zeros(0));
    backward_input_into(dout, weight, &mut dx)?;
    backward_parameters_into(dout, x, &mut dweight, &mut dbias)?;
    Ok(LinearGradients { dx, dweight, dbias })
}

/// The dx of [`backward`] alone, into `dx`, whose memory is used again where it has room.
///
/// # Shapes
///
/// `dout` `(N, M)`, `weight` `(M, D)`, `dx` `(N, D)`.
///
/// # Errors
///
/// As for [`backward`]; what `dx` held is then lost.
pub fn backward_input_into<F: Real>(
    dout: ArrayView2<'_, F>,
    weight: ArrayView2<'_, F>,
    dx: &mut Array2<F>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "dout", dout.shape())?;
    expect_not_empty(OPERATION, "weight", weight.shape())?;
    expect_dout(dout, dout.nrows(), weight.nrows())?;
    let mut rows = reused(OPERATION, Dim([dout.nrows(), weight.ncols()]), dx)?;
    product(dout, weight, None, elements_mut(&mut rows))?;
    *dx = rows;
    Ok(())
}

/// The dweight and dbias of [`backward`] alone, into the memory of `dweight` and `dbias`, which is
/// used again where it has room.
///
/// # Shapes
///
/// `dout` `(N, M)`, `x` `(N, D)`, `dweight` `(M, D)`, `dbias` `(M,)`.
///
/// # Errors
///
/// As for [`backward`]; what the results held is then lost.
pub fn backward_parameters_into<F: Real>(
    dout: ArrayView2<'_, F>,
    x: ArrayView2<'_, F>,
    dweight: &mut Array2<F>,
    dbias: &mut Array1<F>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "x", x.shape())?;
    expect_not_empty(OPERATION, "dout", dout.shape())?;
    let outputs = dout.ncols();
    expect_dout(dout, x.nrows(), outputs)?;
    let mut weights = reused(OPERATION, Dim([outputs, x.ncols()]), dweight)?;
    let biases = sums_of_columns(dout, dbias)?;
    product(dout.t(), x, None, elements_mut(&mut weights))?;
    (*dweight, *dbias) = (weights, biases);
    Ok(())
}

/// Σ_n dout, in the memory of `old` where that has room.
fn sums_of_columns<F: Real>(
    dout: ArrayView2<'_, F>,
    old: &mut Array1<F>,
) -> Result<Array1<F>, KernelError> {
    let mut sums = reused(OPERATION, Dim([dout.ncols()]), old)?;
    for (sum, column) in sums.iter_mut().zip(dout.axis_iter(Axis(1))) {
        *sum = column.iter().fold(F::zero(), |sum, &value| sum + value);
    }
    Ok(sums)
}

fn expect_dout<F: Real>(
    dout: ArrayView2<'_, F>,
    rows: usize,
    outputs: usize,
) -> Result<(), KernelError> {
    let because = "that of the forward pass's result";
    expect_shape(OPERATION, "dout", dout.shape(), &[rows, outputs], because)
}

fn expect_weight<F: Real>(weight: ArrayView2<'_, F>, features: usize) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "weight", weight.shape())?;
    let expected = [weight.nrows(), features];
    expect_shape(OPERATION, "weight", weight.shape(), &expected, "one column per feature of x")
}

/// out ← start + a·b, each value's sum in the order of a's columns.
fn product<F: Real>(
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    start: Option<ArrayView1<'_, F>>,
    out: &mut [F],
) -> Result<(), KernelError> {
    let copy;
    let a = match a.to_slice() {
        Some(a) => a,
        None => {
            copy = Scratch::of(OPERATION, a)?;
            &copy
        }
    };
    let run_length = b.nrows();
    product_of_rows(Rows { values: a, runs: 1, run_length, run_stride: 0, step: 1 }, b, start, out)
}

/// Rows of a matrix, one after the other, each of `runs * run_length` values. Value j of run r of a row is
/// `r * run_stride + j * step` values behind the first of them.
#[derive(Debug, Clone, Copy)]
struct Rows<'a, F> {
    values: &'a [F],
    runs: usize,
    run_length: usize,
    run_stride: usize,
    step: usize,
}

/// As [`product`], of rows that are read where they lie.
fn product_of_rows<F: Real>(
    a: Rows<'_, F>,
    b: ArrayView2<'_, F>,
    start: Option<ArrayView1<'_, F>>,
    out: &mut [F],
) -> Result<(), KernelError> {
    let Rows { values, runs, run_length, run_stride, step } = a;
    let (depth, width) = b.dim();
    let rows = out.len() / width;
    let panels;
    // Rows of whole vectors are read where they lie.
    let matrix = match b.to_slice() {
        Some(values) if width.is_multiple_of(LANES) => {
            Matrix { values, row_stride: width, vector_stride: LANES }
        }
        _ => {
            panels = Panels::pack(OPERATION, b)?;
            panels.matrix()
        }
    };
    let start = match start {
        Some(start) => filled_up(OPERATION, start)?,
        None => Scratch::zeros(OPERATION, &[width.next_multiple_of(LANES)])?,
    };
    let parts = (Images::new(values, depth), Images::new(out, width));
    let products = rows.saturating_mul(depth).saturating_mul(width);
    divide(rows, products / 64, parts, &|(a, out)| {
        let (source, out) = (a.all(), out.all());
        let places = Places::new((0..out.len() / width).map(|row| [row * depth, row * width]));
        let start = &*start;
        let correlation =
            Correlation { source, matrix, width, start, runs, run_length, run_stride, step };
        F::correlate(&correlation, &places, out);
    });
    Ok(())
}
