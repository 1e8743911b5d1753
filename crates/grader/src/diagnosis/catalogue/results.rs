//! Shapes and types of results.

use super::hints::*;
use crate::diagnosis::choices::{FromRows, ResultType};
use crate::diagnosis::mistake::{Group, Mistake, convention};

#[rustfmt::skip] // A table: id, explanation, hint and change.
pub(super) const MISTAKES: &[Mistake] = &[
    Group::Results.mistake("out_left_as_rows",
        "your output is still a matrix of rows of C values",
        SHAPE_OF_ARGUMENT, |choices| choices.out_from = FromRows::Rows),
    Group::Results.mistake("out_left_channels_last",
        "your output has its channels last",
        SHAPE_OF_ARGUMENT,
        |choices| choices.out_from = FromRows::Transposed([0, 2, 3, 1], [0, 1, 2, 3])),
    Group::Results.mistake("dx_left_as_rows",
        "your dx is still a matrix of rows of C values",
        SHAPE_OF_ARGUMENT, |choices| choices.dx_from = FromRows::Rows),
    Group::Results.mistake("dx_left_channels_last",
        "your dx has its channels last",
        SHAPE_OF_ARGUMENT,
        |choices| choices.dx_from = FromRows::Transposed([0, 2, 3, 1], [0, 1, 2, 3])),
    convention(Group::Results.mistake_in("behaviour/dtype_float32", "always_float64",
        "your results are float64 even where the inputs are float32",
        CHANGES_TYPE, |choices| choices.return_type(ResultType::Double))),
    convention(Group::Results.mistake_in("behaviour/dtype_float32", "gradients_always_float64",
        "your gradients are float64 even where the inputs are float32",
        CHANGES_TYPE, |choices| choices.backward_type = ResultType::Double)),
    Group::Results.mistake_in("behaviour/dtype_float64", "always_float32",
        "your results are float32 even where the inputs are float64",
        CHANGES_TYPE, |choices| choices.return_type(ResultType::Single)),
];
