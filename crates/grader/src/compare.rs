//! The comparison of arrays, by the rule of `assert_allclose` and PyTorch's `assert_close`.

use ndarray::Dimension;

use crate::tensor::Tensor;
use crate::verdict::{Difference, Finding};

/// Holds an array against the expected one: the shapes equal, every value finite, and
/// |a − b| ≤ atol + rtol·|b| at every index. Both are compared as `f64`.
///
/// # Errors
///
/// What differs; `quantity` names the array there.
pub fn compare(
    quantity: &str,
    found: &Tensor,
    expected: &Tensor,
    rtol: f64,
    atol: f64,
) -> Result<(), Finding> {
    let agrees = |a: f64, b: f64| a.is_finite() && is_close(a, b, rtol, atol);
    compare_by(quantity, found, expected, rtol, atol, agrees)
}

/// The same, by another rule for which values agree.
pub(crate) fn compare_by(
    quantity: &str,
    found: &Tensor,
    expected: &Tensor,
    rtol: f64,
    atol: f64,
    agrees: impl Fn(f64, f64) -> bool,
) -> Result<(), Finding> {
    if found.shape() != expected.shape() {
        return Err(Finding::shape(quantity, found.shape(), expected.shape()));
    }
    let (found, expected) = (found.to_f64(), expected.to_f64());
    let mut differing = 0;
    let mut largest_excess = f64::NEG_INFINITY;
    let mut worst = None;
    for ((index, &a), &b) in found.indexed_iter().zip(&expected) {
        if agrees(a, b) {
            continue;
        }
        differing += 1;
        let excess = (a - b).abs() - (atol + rtol * b.abs());
        let excess = if excess.is_nan() { f64::INFINITY } else { excess };
        if excess > largest_excess {
            largest_excess = excess;
            worst = Some((index, a, b));
        }
    }
    match worst {
        None => Ok(()),
        Some((index, a, b)) => Err(Finding::Values(Difference {
            differing,
            values: found.len(),
            worst: index.slice().to_vec(),
            found: a,
            expected: b,
            rtol,
            atol,
        })),
    }
}

/// NumPy's `isclose(a, b)`: |a − b| ≤ atol + rtol·|b|, so the second is the reference; never true
/// of NaN.
pub fn is_close(a: f64, b: f64, rtol: f64, atol: f64) -> bool {
    a == b || (b.is_finite() && (a - b).abs() <= atol + rtol * b.abs())
}
