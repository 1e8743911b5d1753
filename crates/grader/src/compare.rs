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
    if found.shape() != expected.shape() {
        return Err(Finding::Shape {
            quantity: quantity.to_owned(),
            found: found.shape().to_vec(),
            expected: expected.shape().to_vec(),
        });
    }
    let (found, expected) = (found.to_f64(), expected.to_f64());
    let mut differing = 0;
    let mut largest_excess = f64::NEG_INFINITY;
    let mut worst = None;
    for ((index, &a), &b) in found.indexed_iter().zip(&expected) {
        if a.is_finite() && is_close(a, b, rtol, atol) {
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
pub(crate) fn is_close(a: f64, b: f64, rtol: f64, atol: f64) -> bool {
    a == b || (b.is_finite() && (a - b).abs() <= atol + rtol * b.abs())
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, IxDyn, arr1};

    use super::*;

    fn tensor(values: &[f64]) -> Tensor {
        Tensor::Float64(arr1(values).into_dyn())
    }

    fn difference(found: &[f64], expected: &[f64], rtol: f64, atol: f64) -> Difference {
        match compare("out", &tensor(found), &tensor(expected), rtol, atol) {
            Err(Finding::Values(difference)) => difference,
            other => panic!("expected differing values, got {other:?}"),
        }
    }

    fn agree(found: &[f64], expected: &[f64], rtol: f64, atol: f64) -> bool {
        compare("out", &tensor(found), &tensor(expected), rtol, atol).is_ok()
    }

    #[test]
    fn the_tolerance_itself_is_allowed_and_no_more() {
        assert!(agree(&[1.5], &[1.0], 0.0, 0.5));
        assert!(!agree(&[1.5 + f64::EPSILON], &[1.0], 0.0, 0.5));
        assert!(agree(&[-6.0], &[-4.0], 0.5, 0.0));
        assert!(!agree(&[-6.0 - 4.0 * f64::EPSILON], &[-4.0], 0.5, 0.0));
        assert!(agree(&[2.0], &[2.0], 0.0, 0.0));
    }

    #[test]
    fn rtol_is_relative_to_the_expected_value() {
        assert!(agree(&[1.0], &[2.0], 0.5, 0.0));
        assert!(!agree(&[2.0], &[1.0], 0.5, 0.0));
    }

    #[test]
    fn nan_and_infinity_never_agree_whatever_the_tolerance() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!agree(&[value], &[1.0], 1e300, 1e300));
            assert!(!agree(&[value], &[value], 1e300, 1e300));
            assert!(!agree(&[1.0], &[value], 1e300, 1e300));
        }
    }

    #[test]
    fn the_worst_is_the_largest_excess_and_not_the_largest_difference() {
        let worst = difference(&[1010.0, 2.0, 0.0], &[1000.0, 1.0, 0.0], 0.0099, 0.0);
        assert_eq!((worst.differing, worst.values, &worst.worst[..]), (2, 3, &[1][..]));
        assert_eq!((worst.found, worst.expected), (2.0, 1.0));
    }

    #[test]
    fn nan_is_worse_than_any_number() {
        let worst = difference(&[1e300, f64::NAN, 0.0], &[0.0, 0.0, 0.0], 0.0, 0.0);
        assert_eq!((worst.differing, &worst.worst[..]), (2, &[1][..]));
        assert!(worst.found.is_nan());
    }

    #[test]
    fn shapes_of_equal_size_do_not_agree() {
        let found = Tensor::Float64(ArrayD::zeros(IxDyn(&[2, 3])));
        let expected = Tensor::Float64(ArrayD::zeros(IxDyn(&[3, 2])));
        let finding = compare("dx", &found, &expected, 1.0, 1.0).unwrap_err();
        assert_eq!(finding.to_string(), "dx has shape [2, 3], expected [3, 2]");
    }

    #[test]
    fn f32_answers_are_compared_with_f64_ones_in_f64() {
        let found = Tensor::Float32(arr1(&[0.1_f32]).into_dyn());
        assert!(compare("out", &found, &tensor(&[0.1]), 1e-7, 0.0).is_ok());
        assert!(compare("out", &found, &tensor(&[0.1]), 1e-9, 0.0).is_err());
    }

    #[test]
    fn is_close_is_numpys() {
        assert!(is_close(1.0, 1.0 + 1e-5, 1e-5, 0.0));
        assert!(!is_close(0.0, f64::NAN, 1.0, 1.0));
        assert!(!is_close(f64::NAN, f64::NAN, 1.0, 1.0));
        assert!(!is_close(0.0, f64::INFINITY, 1.0, 1.0));
    }
}
