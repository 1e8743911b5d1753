//! The backward pass of a variant.

use ndarray::{ArrayD, Axis};

use super::forward::{Saved, inverse};
use super::layout::{from_rows, images, into_rows, labels, like, reversed, typed, vector};
use super::statistics::divisor;
use crate::diagnosis::choices::{
    Cache, Choices, DbetaSummand, DgammaSummand, DxFactor, FromRows, Normalization, Rounds,
    SummedOver, VarianceTerm,
};
use crate::submission::{AskedMode, Backward, Failure, Gradients, Script};

/// One backward pass. `uses` counts the earlier backward passes through the same cache.
///
/// # Errors
///
/// As NumPy does if shapes do not fit.
pub(crate) fn backward(
    script: &Script,
    asked: &Backward,
    saved: &Saved,
    choices: &Choices,
    uses: usize,
) -> Result<Gradients, Failure> {
    let shape = saved.shape;
    let c = shape[1];
    let dout = images(asked.dout.to_f64())?;
    if dout.shape() != shape {
        let message = format!(
            "operands could not be broadcast together with shapes {:?} {shape:?}",
            dout.shape()
        );
        return Err(Failure::Refused(message));
    }
    let dout = into_rows(dout.view(), choices.dout_into);
    let all = 0..dout.len();

    let inv_std: Vec<f64> = match choices.backward_epsilon {
        None => saved.inv_std.clone(),
        Some(epsilon) => {
            let how = Normalization { epsilon, ..choices.train };
            saved.var.iter().map(|&var| inverse(var, saved.eps, &how)).collect()
        }
    };
    let reads_overwritten_x = choices.cache == Cache::ViewOfX && asked.x_overwritten;
    let x = |at: usize| if reads_overwritten_x { 0.0 } else { saved.x[at] };
    let x_hat: Vec<f64> = if reads_overwritten_x {
        all.clone().map(|at| (x(at) - saved.mean[at]) * saved.inv_std[at]).collect()
    } else if choices.cache == Cache::UsedUp && uses > 0 {
        all.clone().map(|at| saved.x_hat[at] * saved.gamma[at % c]).collect()
    } else {
        saved.x_hat.clone()
    };

    let (labels, total) = labels(choices.dx_sums_per, shape);
    let count = dout.len() as f64 / total as f64;
    // γ stands inside the sums, which may go over several channels.
    let of_x_hat: Vec<f64> = all
        .clone()
        .map(|at| {
            let gamma = saved.gamma[at % c];
            dout[at]
                * match choices.dx_factor {
                    DxFactor::NoGamma => 1.0,
                    DxFactor::GammaTwice => gamma * gamma,
                    DxFactor::AbsoluteGamma => gamma.abs(),
                    DxFactor::Right
                    | DxFactor::NoStd
                    | DxFactor::StdTwice
                    | DxFactor::OverN
                    | DxFactor::TimesN
                    | DxFactor::Half
                    | DxFactor::Twice
                    | DxFactor::Negative
                    | DxFactor::Zero => gamma,
                }
        })
        .collect();
    let (mut of_dout, mut of_products) = (vec![0.0; total], vec![0.0; total]);
    for at in all.clone() {
        of_dout[labels[at]] += of_x_hat[at];
        of_products[labels[at]] += of_x_hat[at] * x_hat[at];
    }
    let (direct, through_mean, through_var) = match saved.mode {
        AskedMode::Train => (choices.direct, choices.through_mean, choices.through_var),
        AskedMode::Eval | AskedMode::Unknown => (choices.direct, 0.0, 0.0),
    };
    let mean_divisor = divisor(choices.dx_mean_divisor, count, shape);
    let var_divisor = divisor(choices.dx_var_divisor, count, shape);
    let dx: Vec<f64> = all
        .clone()
        .map(|at| {
            let (label, inv_std) = (labels[at], inv_std[at]);
            let std = 1.0 / inv_std;
            let power = match choices.std_power {
                2 => std * std,
                1 => std,
                -1 => inv_std,
                -2 => inv_std * inv_std,
                _ => 1.0,
            };
            let term = match choices.variance_term {
                VarianceTerm::XHat => x_hat[at],
                VarianceTerm::X => x(at),
                VarianceTerm::One => 1.0,
            };
            let inner = direct * of_x_hat[at]
                + through_mean * of_dout[label] / mean_divisor
                + through_var * term * power * of_products[label] / var_divisor;
            inner
                * match choices.dx_factor {
                    DxFactor::Right
                    | DxFactor::NoGamma
                    | DxFactor::GammaTwice
                    | DxFactor::AbsoluteGamma => inv_std,
                    DxFactor::NoStd => 1.0,
                    DxFactor::StdTwice => inv_std * inv_std,
                    DxFactor::OverN => inv_std / count,
                    DxFactor::TimesN => inv_std * count,
                    DxFactor::Half => 0.5 * inv_std,
                    DxFactor::Twice => 2.0 * inv_std,
                    DxFactor::Negative => -inv_std,
                    DxFactor::Zero => 0.0,
                }
        })
        .collect();

    let for_gamma: Vec<f64> = all
        .clone()
        .map(|at| match choices.dgamma {
            DgammaSummand::XHat => dout[at] * x_hat[at],
            DgammaSummand::X => dout[at] * x(at),
            DgammaSummand::Centred => dout[at] * (x(at) - saved.mean[at]),
            DgammaSummand::Out => dout[at] * saved.out[at],
            DgammaSummand::Scaled => dout[at] * x_hat[at] * saved.gamma[at % c],
            DgammaSummand::WithoutDout => x_hat[at],
            DgammaSummand::WithoutXHat => dout[at],
            DgammaSummand::Zero => 0.0,
            DgammaSummand::OverStd => dout[at] * x_hat[at] * inv_std[at],
        })
        .collect();
    let for_beta: Vec<f64> = all
        .map(|at| match choices.dbeta {
            DbetaSummand::Dout => dout[at],
            DbetaSummand::Scaled => dout[at] * saved.gamma[at % c],
            DbetaSummand::Dx => dx[at],
            DbetaSummand::TimesBeta => dout[at] * saved.beta[at % c],
            DbetaSummand::TimesXHat => dout[at] * x_hat[at],
            DbetaSummand::Zero => 0.0,
        })
        .collect();
    let sum = |values: Vec<f64>, over| summed(values, saved, over);
    let dx = like(&asked.dout, from_rows(dx, shape, choices.dx_from)?);
    let dx = if choices.dx_reversed { reversed(dx) } else { dx };
    let dx = if choices.rounds == Rounds::InBackward {
        dx.mapv(|value| f64::from(value as f32))
    } else {
        dx
    };
    let gradients = [dx, sum(for_gamma, choices.dgamma_sum)?, sum(for_beta, choices.dbeta_sum)?];
    let [dx, dgamma, dbeta] = choices
        .returned
        .map(|gradient| typed(gradients[gradient].clone(), script, choices.backward_type));
    Ok(Gradients { dx, dgamma, dbeta, touched: choices.backward_touches.to_vec() })
}

/// The gradient of a parameter from its summands, one per element of the rows.
fn summed(values: Vec<f64>, saved: &Saved, over: SummedOver) -> Result<ArrayD<f64>, Failure> {
    let [n, c, ..] = saved.shape;
    let over_axes = |values, axes: &[usize]| -> Result<ArrayD<f64>, Failure> {
        let mut array = from_rows(values, saved.shape, FromRows::RIGHT)?;
        for &axis in axes.iter().rev() {
            array = array.sum_axis(Axis(axis));
        }
        Ok(array)
    };
    let channels = |values: &[f64], scale: f64| {
        let mut sums = vec![0.0; c];
        for (at, value) in values.iter().enumerate() {
            sums[at % c] += value;
        }
        vector(sums.into_iter().map(|sum| sum * scale).collect())
    };
    Ok(match over {
        SummedOver::Right => channels(&values, 1.0),
        SummedOver::Mean => channels(&values, c as f64 / values.len() as f64),
        SummedOver::OverImages => channels(&values, 1.0 / n as f64),
        SummedOver::Images => over_axes(values, &[0])?,
        SummedOver::Pixels => over_axes(values, &[2, 3])?,
        SummedOver::AllValues => over_axes(values, &[0, 1, 2, 3])?,
    })
}
