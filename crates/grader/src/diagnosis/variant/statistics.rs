//! The mean and the variance of a batch.

use super::layout::{Shape, labels};
use crate::diagnosis::choices::{Choices, Divisor, Variance};

/// The mean and the variance of a batch. Each element of the rows has its own copy of both.
pub(crate) struct Statistics {
    pub mean: Vec<f64>,
    pub var: Vec<f64>,
    /// The number of values that share a mean.
    pub count: f64,
}

impl Statistics {
    /// `is_single` says whether x is in single precision.
    pub(crate) fn of(rows: &[f64], shape: Shape, choices: &Choices, is_single: bool) -> Self {
        let (labels, total) = labels(choices.statistics_per, shape);
        let count = rows.len() as f64 / total as f64;
        let sums = |value: &dyn Fn(usize) -> f64| {
            let mut sums = vec![0.0; total];
            for (at, &label) in labels.iter().enumerate() {
                sums[label] += value(at);
            }
            sums
        };
        // Two passes, because one loses the digits that a large mean takes.
        let rough: Vec<f64> = sums(&|at| rows[at]).into_iter().map(|sum| sum / count).collect();
        let rest = sums(&|at| rows[at] - rough[labels[at]]);
        let right: Vec<f64> =
            rough.iter().zip(&rest).map(|(rough, rest)| rough + rest / count).collect();
        let divided = |by, sum: f64| sum / divisor(by, count, shape);
        let mean: Vec<f64> = if choices.mean_divisor == Divisor::Summands {
            right
        } else {
            right.iter().map(|mean| divided(choices.mean_divisor, mean * count)).collect()
        };
        let var = match choices.variance {
            Variance::Centred => sums(&|at| square(rows[at] - mean[labels[at]])),
            Variance::Uncentred => sums(&|at| square(rows[at])),
            Variance::MeanDeviation => {
                let deviations = sums(&|at| (rows[at] - mean[labels[at]]).abs());
                deviations.into_iter().map(|sum| square(sum / count) * count).collect()
            }
            Variance::Cancelling => cancelling(rows, &labels, total, is_single),
        };
        let var: Vec<f64> = var.into_iter().map(|sum| divided(choices.var_divisor, sum)).collect();
        let of_elements = |of: &[f64]| labels.iter().map(|&label| of[label]).collect();
        Self { mean: of_elements(&mean), var: of_elements(&var), count }
    }
}

/// `count·(E[x²] − E[x]²)`, rounded as in x's own precision.
fn cancelling(rows: &[f64], labels: &[usize], total: usize, is_single: bool) -> Vec<f64> {
    let round = |value: f64| if is_single { f64::from(value as f32) } else { value };
    let (mut sums, mut squares) = (vec![0.0; total], vec![0.0; total]);
    for (&value, &label) in rows.iter().zip(labels) {
        sums[label] = round(sums[label] + value);
        squares[label] = round(squares[label] + round(value * value));
    }
    let count = rows.len() as f64 / total as f64;
    let var = |(sum, squares): (f64, f64)| {
        let (mean, square_mean) = (round(sum / count), round(squares / count));
        round(square_mean - round(mean * mean)) * count
    };
    sums.into_iter().zip(squares).map(var).collect()
}

pub(crate) fn square(value: f64) -> f64 {
    value * value
}

/// What a sum of `count` values is divided by.
pub(crate) fn divisor(by: Divisor, count: f64, shape: Shape) -> f64 {
    let [n, c, h, w] = shape.map(|length| length as f64);
    match by {
        Divisor::Summands => count,
        Divisor::LessOne => count - 1.0,
        Divisor::Images => n,
        Divisor::Pixels => h * w,
        Divisor::AllValues => n * c * h * w,
        Divisor::Channels => c,
        Divisor::One => 1.0,
    }
}
