//! The comparison of arrays: what agrees, and which value is the worst.

use grader::compare::{compare, is_close};
use grader::tensor::Tensor;
use grader::verdict::{Difference, Finding};
use ndarray::{ArrayD, IxDyn, arr1};

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
