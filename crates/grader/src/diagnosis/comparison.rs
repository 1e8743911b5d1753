//! Whether a variant reproduces a submission's numbers.

use std::sync::LazyLock;

use super::answer_part::Part;
use super::variant::Variant;
use crate::submission::{Outputs, Script, Submission};
use crate::tensor::{Dtype, Tensor};

/// Answers in double precision that make the same mistake are this close, in parts of the largest
/// value; different mistakes are further apart somewhere.
const TOLERANCE: f64 = 1e-7;

/// The same in single precision.
const TOLERANCE_F32: f64 = 3e-4;

/// With values beyond this in single precision, rounding decides, and what can be compared is
/// whether an answer is far off.
const LARGE: f64 = 500.0;

/// Further off than this is far off there.
const FAR: f64 = 3e-3;

static RIGHT: LazyLock<Variant> = LazyLock::new(|| Variant::with([]));

/// How a variant's answer compares with a submission's in one part of one script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// There was nothing to compare.
    Nothing,
    Same,
    Different,
}

/// Compares one part of one script.
pub(super) fn compare(
    part: Part,
    script: &Script,
    submission: &Outputs,
    variant: &Outputs,
) -> Match {
    let (found, expected) = (part.pieces(script, submission), part.pieces(script, variant));
    let right = is_ill_conditioned(script).then(|| RIGHT.run(script)).and_then(Result::ok);
    let right = right.as_ref().map(|outputs| part.pieces(script, outputs));
    let mut compared = Match::Nothing;
    for (at, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        let same = match (found, expected) {
            (Ok(found), Ok(expected)) if part == Part::Types => found.dtype() == expected.dtype(),
            (Ok(found), Ok(expected)) => match right.as_ref().and_then(|right| right.get(at)) {
                Some(Ok(right)) => {
                    is_close(found, right, FAR) == is_close(expected, right, FAR)
                        && found.shape() == expected.shape()
                }
                _ => is_close(found, expected, tolerance(script)),
            },
            (Err(_), Err(_)) => true,
            (Ok(_), Err(_)) => false,
            // The submission's own message says more.
            (Err(_), Ok(_)) => continue,
        };
        if !same {
            return Match::Different;
        }
        compared = Match::Same;
    }
    compared
}

fn tolerance(script: &Script) -> f64 {
    if script.dtype() == Dtype::Float32 { TOLERANCE_F32 } else { TOLERANCE }
}

fn is_ill_conditioned(script: &Script) -> bool {
    script.dtype() == Dtype::Float32
        && script.steps.iter().any(|step| step.x.to_f64().iter().any(|x| x.abs() > LARGE))
}

/// |a − b| ≤ tolerance·(|b| + max |b|) everywhere; infinite and NaN only where the other is.
pub(super) fn is_close(a: &Tensor, b: &Tensor, tolerance: f64) -> bool {
    if a.shape() != b.shape() {
        return false;
    }
    // float32 results of float64 inputs are no closer than that to others in float32.
    let is_single = a.dtype() == Dtype::Float32 && b.dtype() == Dtype::Float32;
    let tolerance = if is_single { tolerance.max(TOLERANCE_F32) } else { tolerance };
    let (a, b) = (a.to_f64(), b.to_f64());
    let finite = b.iter().filter(|value| value.is_finite());
    let largest = finite.fold(0.0, |largest: f64, value| largest.max(value.abs()));
    a.iter().zip(&b).all(|(&a, &b)| {
        a == b
            || (a.is_nan() && b.is_nan())
            || (b.is_finite() && (a - b).abs() <= tolerance * (b.abs() + largest))
    })
}

#[cfg(test)]
mod tests {
    use ndarray::arr1;
    use proptest::prelude::*;

    use super::*;

    fn tensor(values: &[f64]) -> Tensor {
        Tensor::Float64(arr1(values).into_dyn())
    }

    #[test]
    fn nan_and_infinity_match_only_themselves() {
        let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0];
        for (i, &a) in values.iter().enumerate() {
            for (j, &b) in values.iter().enumerate() {
                let close = is_close(&tensor(&[a, 0.5]), &tensor(&[b, 0.5]), 1e-3);
                assert_eq!(close, i == j, "{a} {b}");
            }
        }
    }

    #[test]
    fn shapes_of_equal_size_do_not_match() {
        let column = Tensor::Float64(ndarray::ArrayD::zeros(ndarray::IxDyn(&[2, 1])));
        let row = Tensor::Float64(ndarray::ArrayD::zeros(ndarray::IxDyn(&[1, 2])));
        assert!(!is_close(&column, &row, 1.0));
    }

    proptest! {
        #[test]
        fn rounding_matches_and_a_part_in_a_thousand_of_the_largest_does_not(
            values in prop::collection::vec(-1e3_f64..1e3, 1..20),
            at in 0_usize..20,
        ) {
            let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
            prop_assume!(largest > 1e-3);
            let rounded: Vec<f64> = values.iter().map(|value| value * (1.0 + 1e-12)).collect();
            prop_assert!(is_close(&tensor(&rounded), &tensor(&values), TOLERANCE));
            let mut moved = values.clone();
            moved[at % values.len()] += 1e-3 * largest;
            prop_assert!(!is_close(&tensor(&moved), &tensor(&values), TOLERANCE));
        }
    }
}
