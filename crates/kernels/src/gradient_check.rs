//! Numerical gradients to hold analytic ones against.
//!
//! Source: the notebook's (and CS231n's) `gradient_check.py`: central differences with h = 1e-5,
//! and the largest relative error. Both take fallible functions, since a submission may fail in
//! the middle of a check.

use ndarray::{Array, ArrayView, Dimension, Zip};

use crate::engine::layout::elements_mut;
use crate::error::KernelError;
use crate::error::expect_shape;

const OPERATION: &str = "gradient_check";

/// The step h of the notebook's central differences.
pub const STEP: f64 = 1e-5;

/// The gradient of a scalar function: (f(x + h) − f(x − h)) / 2h for each element of `x` in turn.
///
/// # Shapes
///
/// `x` and the result are of one shape.
///
/// # Errors
///
/// The first error of `f`, unchanged.
///
/// # Example
///
/// ```
/// use kernels::gradient_check::{STEP, eval_numerical_gradient, rel_error};
/// use ndarray::array;
///
/// let x = array![1.0, -2.0, 0.5];
/// let gradient = eval_numerical_gradient(
///     |x| Ok::<f64, kernels::KernelError>(x.iter().map(|x| x * x).sum()), x.view(), STEP,
/// )?;
/// assert!(rel_error(gradient.view(), (2.0 * &x).view())? < 1e-9);
/// # Ok::<(), kernels::KernelError>(())
/// ```
pub fn eval_numerical_gradient<D: Dimension, E>(
    mut f: impl FnMut(ArrayView<'_, f64, D>) -> Result<f64, E>,
    x: ArrayView<'_, f64, D>,
    h: f64,
) -> Result<Array<f64, D>, E> {
    let mut gradient = Array::zeros(x.raw_dim());
    for (slope, [above, below]) in gradient.iter_mut().zip(perturbed(x, h)) {
        let (above, below) = (f(above.view())?, f(below.view())?);
        *slope = (above - below) / (2.0 * h);
    }
    Ok(gradient)
}

/// The gradient of Σ f(x)·dout: Σ (f(x + h) − f(x − h))·dout / 2h for each element of `x` in turn.
///
/// # Shapes
///
/// `x` and the result are of one shape; `dout` has that of f's result.
///
/// # Errors
///
/// The first error of `f`, or [`KernelError::Shape`] (as `E`) when f's result has another shape
/// than `dout`.
pub fn eval_numerical_gradient_array<D: Dimension, O: Dimension, E: From<KernelError>>(
    mut f: impl FnMut(ArrayView<'_, f64, D>) -> Result<Array<f64, O>, E>,
    x: ArrayView<'_, f64, D>,
    dout: ArrayView<'_, f64, O>,
    h: f64,
) -> Result<Array<f64, D>, E> {
    let mut gradient = Array::zeros(x.raw_dim());
    for (slope, [above, below]) in gradient.iter_mut().zip(perturbed(x, h)) {
        let (above, below) = (f(above.view())?, f(below.view())?);
        *slope = directional_slope(above.view(), below.view(), dout.view(), h)?;
    }
    Ok(gradient)
}

/// The arrays x + h and x − h for each element of `x` in turn, in logical order: what a numeric
/// gradient asks of a function that answers many inputs in one call.
///
/// # Shapes
///
/// Each array is of the shape of `x`, in standard layout.
pub fn perturbed<D: Dimension>(
    x: ArrayView<'_, f64, D>,
    h: f64,
) -> impl Iterator<Item = [Array<f64, D>; 2]> {
    let x = x.as_standard_layout().into_owned();
    (0..x.len()).map(move |index| {
        [h, -h].map(|step| {
            let mut moved = x.clone();
            elements_mut(&mut moved)[index] += step;
            moved
        })
    })
}

/// Σ (f(x + h) − f(x − h))·dout / 2h, the slope of Σ f(x)·dout along one element of x.
///
/// # Shapes
///
/// `above` = f(x + h), `below` = f(x − h) and `dout` are of one shape.
///
/// # Errors
///
/// [`KernelError::Shape`] when they are not.
fn directional_slope<D: Dimension>(
    above: ArrayView<'_, f64, D>,
    below: ArrayView<'_, f64, D>,
    dout: ArrayView<'_, f64, D>,
    h: f64,
) -> Result<f64, KernelError> {
    for out in [&above, &below] {
        expect_shape(OPERATION, "f(x)", out.shape(), dout.shape(), "that of dout")?;
    }
    let change = Zip::from(above)
        .and(below)
        .and(dout)
        .fold(0.0, |sum, above, below, dout| sum + (above - below) * dout);
    Ok(change / (2.0 * h))
}

/// The largest relative error, max |a − b| / max(1e-8, |a| + |b|); NaN if any difference is.
///
/// # Shapes
///
/// `a` and `b` are of one shape; 0 for empty arrays.
///
/// # Errors
///
/// [`KernelError::Shape`] when they are not.
pub fn rel_error<D: Dimension>(
    a: ArrayView<'_, f64, D>,
    b: ArrayView<'_, f64, D>,
) -> Result<f64, KernelError> {
    expect_shape(OPERATION, "a", a.shape(), b.shape(), "that of b")?;
    Ok(Zip::from(a).and(b).fold(0.0, |largest: f64, &a, &b| {
        let error = (a - b).abs() / f64::max(1e-8, a.abs() + b.abs());
        // `f64::max` would drop a NaN, and with it a wrong gradient.
        if error > largest || error.is_nan() { error } else { largest }
    }))
}
