use ndarray::{ArrayD, Axis};

use super::forward::{Kept, divisor, inverse};
use super::layout::{from_rows, groups, images, into_rows, like};
use super::{typed, vector};
use crate::diagnosis::choices::*;
use crate::submission::{AskedMode, Backward, Failure, Gradients, Script};

/// One backward pass through a cache that was used this often.
pub(super) fn backward(
    script: &Script,
    asked: &Backward,
    kept: &Kept,
    choices: &Choices,
    uses: usize,
) -> Result<Gradients, Failure> {
    let shape = kept.shape;
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
        None => kept.inv_std.clone(),
        Some(epsilon) => {
            let how = Normalization { epsilon, ..choices.train };
            kept.var.iter().map(|&var| inverse(var, kept.eps, &how)).collect()
        }
    };
    let x = |at: usize| match choices.cache {
        Cache::ViewOfX if asked.x_overwritten => 0.0,
        _ => kept.x[at],
    };
    let x_hat: Vec<f64> = match choices.cache {
        Cache::ViewOfX if asked.x_overwritten => {
            all.clone().map(|at| (x(at) - kept.mean[at]) * kept.inv_std[at]).collect()
        }
        Cache::UsedUp if uses > 0 => {
            all.clone().map(|at| kept.x_hat[at] * kept.gamma[at % c]).collect()
        }
        _ => kept.x_hat.clone(),
    };

    let (labels, total) = groups(choices.backward_group, shape);
    let count = dout.len() as f64 / total as f64;
    let (mut of_dout, mut of_products) = (vec![0.0; total], vec![0.0; total]);
    for at in all.clone() {
        of_dout[labels[at]] += dout[at];
        of_products[labels[at]] += dout[at] * x_hat[at];
    }
    let (direct, through_mean, through_var) = match kept.mode {
        AskedMode::Train => (choices.direct, choices.through_mean, choices.through_var),
        _ => (choices.direct, 0.0, 0.0),
    };
    let mean_count = divisor(choices.mean_sum_count, count, shape);
    let var_count = divisor(choices.var_sum_count, count, shape);
    let dx: Vec<f64> = all
        .clone()
        .map(|at| {
            let (label, gamma, inv_std) = (labels[at], kept.gamma[at % c], inv_std[at]);
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
            let inner = direct * dout[at]
                + through_mean * of_dout[label] / mean_count
                + through_var * term * power * of_products[label] / var_count;
            inner
                * match choices.scale {
                    Scale::Right => gamma * inv_std,
                    Scale::NoStd => gamma,
                    Scale::StdTwice => gamma * inv_std * inv_std,
                    Scale::NoGamma => inv_std,
                    Scale::GammaTwice => gamma * gamma * inv_std,
                    Scale::OverN => gamma * inv_std / count,
                    Scale::TimesN => gamma * inv_std * count,
                    Scale::Half => 0.5 * gamma * inv_std,
                    Scale::Twice => 2.0 * gamma * inv_std,
                    Scale::Negative => -gamma * inv_std,
                }
        })
        .collect();

    let for_gamma: Vec<f64> = all
        .clone()
        .map(|at| match choices.dgamma {
            Dgamma::XHat => dout[at] * x_hat[at],
            Dgamma::X => dout[at] * x(at),
            Dgamma::Centred => dout[at] * (x(at) - kept.mean[at]),
            Dgamma::Out => dout[at] * kept.out[at],
            Dgamma::Scaled => dout[at] * x_hat[at] * kept.gamma[at % c],
            Dgamma::WithoutDout => x_hat[at],
            Dgamma::OverStd => dout[at] * x_hat[at] * inv_std[at],
        })
        .collect();
    let for_beta: Vec<f64> = all
        .map(|at| match choices.dbeta {
            Dbeta::Dout => dout[at],
            Dbeta::Scaled => dout[at] * kept.gamma[at % c],
            Dbeta::Dx => dx[at],
            Dbeta::TimesBeta => dout[at] * kept.beta[at % c],
        })
        .collect();
    let sum = |values: Vec<f64>, over| summed(values, kept, over, choices.gradient_shape);
    let mut dgamma = sum(for_gamma, choices.dgamma_sum)?;
    let mut dbeta = sum(for_beta, choices.dbeta_sum)?;
    if choices.parameters_swapped {
        std::mem::swap(&mut dgamma, &mut dbeta);
    }
    let result = choices.backward_type;
    Ok(Gradients {
        dx: typed(like(&asked.dout, from_rows(dx, shape, choices.dx_from)?), script, result),
        dgamma: typed(dgamma, script, result),
        dbeta: typed(dbeta, script, result),
        touched: choices.backward_touches.to_vec(),
    })
}

/// The gradient of a parameter from its summands, which are rows.
fn summed(
    values: Vec<f64>,
    kept: &Kept,
    over: SummedOver,
    shape: VectorShape,
) -> Result<ArrayD<f64>, Failure> {
    let [n, c, ..] = kept.shape;
    let images = |values| from_rows(values, kept.shape, Choices::FROM);
    let over_axes = |values, axes: &[usize]| -> Result<ArrayD<f64>, Failure> {
        let mut array = images(values)?;
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
        vector(sums.into_iter().map(|sum| sum * scale).collect(), shape)
    };
    Ok(match over {
        SummedOver::Right => channels(&values, 1.0),
        SummedOver::Mean => channels(&values, c as f64 / values.len() as f64),
        SummedOver::OverImages => channels(&values, 1.0 / n as f64),
        SummedOver::Images => over_axes(values, &[0])?,
        SummedOver::Positions => over_axes(values, &[2, 3])?,
        SummedOver::Everything => over_axes(values, &[0, 1, 2, 3])?,
    })
}
