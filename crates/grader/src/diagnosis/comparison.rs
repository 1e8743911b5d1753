//! Whether a variant reproduces a submission's numbers.

use super::answer_part::{AnswerPart, Piece};
use super::choices::Rounds;
use super::limits::{
    FAR_OFF, FAR_OFF_F32, LARGE_INPUT, LARGE_INPUT_F32, TOLERANCE, TOLERANCE_EXACT, TOLERANCE_F32,
    TOLERANCE_ROUNDED, TOLERANCE_ROUNDED_SMALL,
};
use crate::submission::{Outputs, Script};
use crate::tensor::{Dtype, Tensor};

/// How two answers to a script compare in one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    NothingToCompare,
    Same,
    Different,
}

/// Compares a submission's and a variant's answers to a script in one part, with the right answer
/// beside them if it is known. A variant that
/// `rounds` is told by the size of its rounding: its digits are its own.
pub(super) fn compare(
    part: AnswerPart,
    script: &Script,
    submission: &Outputs,
    variant: &Outputs,
    right: Option<&Outputs>,
    rounds: Rounds,
) -> Comparison {
    let (found, expected) = (part.pieces(script, submission), part.pieces(script, variant));
    let right = right.map(|outputs| part.pieces(script, outputs));
    let mut compared = Comparison::NothingToCompare;
    for (at, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        let same = match (found, expected) {
            // Numbers that have lost their decimals are named as that.
            (Piece::Array(found), _) if !found.dtype().is_float() => continue,
            (Piece::Array(found), Piece::Array(expected)) if part == AnswerPart::Types => {
                found.dtype() == expected.dtype()
            }
            (Piece::Array(found), Piece::Array(expected)) => {
                let right = match right.as_ref().and_then(|right| right.get(at)) {
                    Some(Piece::Array(right)) => Some(*right),
                    Some(Piece::Failed(_) | Piece::Missing | Piece::Unknown) | None => None,
                };
                is_same(part, script, (found, expected, right), rounds)
            }
            (Piece::Failed(found), Piece::Failed(expected)) if is_of_entries(part) => {
                found.to_string().contains(&expected.to_string())
            }
            (Piece::Failed(_), Piece::Array(_) | Piece::Missing) if is_of_entries(part) => false,
            (Piece::Failed(_), Piece::Failed(_)) | (Piece::Missing, Piece::Missing) => true,
            (Piece::Array(_), Piece::Failed(_) | Piece::Missing)
            | (Piece::Missing, Piece::Array(_) | Piece::Failed(_)) => false,
            // The submission's own message says more.
            (Piece::Failed(_), Piece::Array(_) | Piece::Missing)
            | (Piece::Unknown, _)
            | (_, Piece::Unknown) => continue,
        };
        if !same {
            return Comparison::Different;
        }
        compared = Comparison::Same;
    }
    compared
}

/// Whether the submission's array is the variant's. The third is the right one.
fn is_same(
    part: AnswerPart,
    script: &Script,
    (found, expected, right): (&Tensor, &Tensor, Option<&Tensor>),
    rounds: Rounds,
) -> bool {
    match right {
        Some(right) if has_large_inputs(script) => {
            let limit = far_off(script);
            is_close(found, right, limit) == is_close(expected, right, limit)
                && found.shape() == expected.shape()
        }
        Some(right) if rounds_in(rounds, part) && script.dtype() == Dtype::Float64 => {
            let shows_in =
                if rounds == Rounds::Everywhere { AnswerPart::Output } else { AnswerPart::Dx };
            let is_exact = part == shows_in && is_close(found, right, TOLERANCE_EXACT);
            // Where bn_param lacks an entry, x has so small a spread that rounding shows more.
            let tolerance =
                if is_of_entries(part) { TOLERANCE_ROUNDED_SMALL } else { TOLERANCE_ROUNDED };
            is_close(found, expected, tolerance) && !is_exact
        }
        Some(_) | None => is_close(found, expected, tolerance(script)),
    }
}

/// Whether rounding shows in a part.
fn rounds_in(rounds: Rounds, part: AnswerPart) -> bool {
    match rounds {
        Rounds::Nowhere => false,
        Rounds::Everywhere => true,
        Rounds::InBackward => {
            matches!(
                part,
                AnswerPart::Dx | AnswerPart::Dgamma | AnswerPart::Dbeta | AnswerPart::State
            )
        }
    }
}

/// Whether a part is about entries that `bn_param` lacks, so that to fail is an answer.
fn is_of_entries(part: AnswerPart) -> bool {
    matches!(part, AnswerPart::Start | AnswerPart::Defaults)
}

fn far_off(script: &Script) -> f64 {
    if script.dtype() == Dtype::Float32 { FAR_OFF_F32 } else { FAR_OFF }
}

fn tolerance(script: &Script) -> f64 {
    if script.dtype() == Dtype::Float32 { TOLERANCE_F32 } else { TOLERANCE }
}

fn has_large_inputs(script: &Script) -> bool {
    let limit = if script.dtype() == Dtype::Float32 { LARGE_INPUT_F32 } else { LARGE_INPUT };
    let is_large = |x: &Tensor| x.to_f64().iter().any(|x| x.abs() > limit);
    script.steps.iter().any(|step| is_large(&step.x))
}

/// |a − b| ≤ tolerance·(|b| + max |b|) everywhere. Infinity and NaN match only themselves.
fn is_close(a: &Tensor, b: &Tensor, tolerance: f64) -> bool {
    if a.shape() != b.shape() {
        return false;
    }
    // Results in single precision are no closer than this, even of inputs in double precision.
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
