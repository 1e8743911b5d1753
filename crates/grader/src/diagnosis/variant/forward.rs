//! The forward pass of a variant.

use std::sync::atomic::{AtomicU64, Ordering};

use ndarray::{ArrayD, IxDyn};

use super::layout::{Shape, from_rows, images, into_rows, like, reversed, typed, vector};
use super::running::{Running, eps, momentum, power};
use super::statistics::Statistics;
use crate::diagnosis::choices::{
    Affine, Blend, Centre, Choices, Denominator, Epsilon, FromRows, Normalization, Required,
    ResultType, Rounds, StatisticsSource, UnknownMode,
};
use crate::submission::{AskedMode, Failure, Script, Step, StepOutput};
use crate::tensor::{Dtype, Tensor};

/// Counts the calls, for a variant whose calls differ.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// What a forward pass saves for its backward pass. γ and β have one value per channel, all other
/// vectors one per element of the rows.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    pub shape: Shape,
    pub x: Vec<f64>,
    pub x_hat: Vec<f64>,
    pub out: Vec<f64>,
    pub gamma: Vec<f64>,
    pub beta: Vec<f64>,
    /// 1/σ, where σ includes ε.
    pub inv_std: Vec<f64>,
    pub mean: Vec<f64>,
    pub var: Vec<f64>,
    pub eps: f64,
    pub mode: AskedMode,
}

/// One forward pass in this mode.
///
/// # Errors
///
/// If the variant refuses the mode, or as NumPy does if shapes do not fit.
pub(crate) fn forward(
    script: &Script,
    step: &Step,
    mode: AskedMode,
    choices: &Choices,
    running: &mut Running,
) -> Result<(StepOutput, Saved), Failure> {
    let is_refused = match choices.required {
        Required::Nothing => None,
        Required::Eps => (!script.entries.eps).then_some("KeyError: 'eps'"),
        Required::Momentum => (!script.entries.momentum).then_some("KeyError: 'momentum'"),
        Required::Running => (!script.entries.running).then_some("KeyError: 'running_mean'"),
    };
    if let Some(message) = is_refused {
        return Err(Failure::Refused(message.to_owned()));
    }
    let mut x = images(step.x.to_f64())?;
    if choices.rounds == Rounds::Everywhere {
        x.mapv_inplace(|value| f64::from(value as f32));
    }
    let (n, c, h, w) = x.dim();
    let shape = [n, c, h, w];
    let values = |tensor: &Tensor| -> Vec<f64> { tensor.to_f64().into_iter().collect() };
    let (gamma, beta) = (values(&step.gamma), values(&step.beta));
    let rows = into_rows(x.view(), choices.x_into);
    let batch = Statistics::of(&rows, shape, choices, step.x.dtype() == Dtype::Float32);

    let how = match mode {
        AskedMode::Train => &choices.train,
        AskedMode::Eval => &choices.eval,
        AskedMode::Unknown if choices.unknown_mode == UnknownMode::Identity => {
            &Normalization { identity: true, ..choices.eval }
        }
        AskedMode::Unknown => return Err(Failure::Refused("unknown mode".to_owned())),
    };
    let updates = match mode {
        AskedMode::Train => choices.train_updates,
        AskedMode::Eval => choices.eval_updates,
        AskedMode::Unknown => false,
    };
    // The update comes before the output if running statistics normalise in training.
    let updates_first = updates && choices.train.source != StatisticsSource::Batch;
    if updates_first {
        running.update(&batch, &rows, &rows, shape, script, choices);
    }
    let of_elements =
        |values: &[f64]| -> Vec<f64> { (0..rows.len()).map(|at| values[at % c]).collect() };
    let all_channels = |of: &[f64]| vec![of.iter().sum::<f64>() / c as f64; rows.len()];
    let (mean, var) = match how.source {
        StatisticsSource::Batch => (batch.mean.clone(), batch.var.clone()),
        StatisticsSource::Running => (of_elements(&running.mean), of_elements(&running.var)),
        StatisticsSource::RunningVarOnly => (batch.mean.clone(), of_elements(&running.var)),
        StatisticsSource::RunningMeanOnly => (of_elements(&running.mean), batch.var.clone()),
        StatisticsSource::Zeros => (vec![0.0; rows.len()], vec![0.0; rows.len()]),
        StatisticsSource::RunningUnbiased => {
            let unbiased = batch.count / (batch.count - 1.0);
            let var: Vec<f64> = running.var.iter().map(|var| var * unbiased).collect();
            (of_elements(&running.mean), of_elements(&var))
        }
        StatisticsSource::RunningOfAllChannels => {
            (all_channels(&running.mean), all_channels(&running.var))
        }
        StatisticsSource::RunningVarOfAllChannels => {
            (of_elements(&running.mean), all_channels(&running.var))
        }
        StatisticsSource::BatchVarOfAllChannels => {
            (batch.mean.clone(), all_channels(&batch.var[..c.min(batch.var.len())]))
        }
        StatisticsSource::RunningCorrected => {
            let kept = power(momentum(script, choices), running.updates);
            let is_corrected = running.updates > 0 && kept < 1.0;
            let correction = if is_corrected { 1.0 - kept } else { 1.0 };
            let corrected =
                |of: &[f64]| of_elements(&of.iter().map(|of| of / correction).collect::<Vec<_>>());
            (corrected(&running.mean), corrected(&running.var))
        }
        StatisticsSource::Blended(blend) => {
            let kept = match blend {
                Blend::Momentum => momentum(script, choices),
                Blend::Half => 0.5,
            };
            let blended = |running: &[f64], batch: &[f64]| -> Vec<f64> {
                let running = of_elements(running);
                running.iter().zip(batch).map(|(r, b)| kept * r + (1.0 - kept) * b).collect()
            };
            (blended(&running.mean, &batch.mean), blended(&running.var, &batch.var))
        }
    };
    let eps = eps(script, choices);
    let inv_std: Vec<f64> = var.iter().map(|&var| inverse(var, eps, how)).collect();
    let x_hat: Vec<f64> = (0..rows.len())
        .map(|at| {
            let centred = match how.centre {
                Centre::Mean => rows[at] - mean[at],
                Centre::Nothing => rows[at],
                Centre::AbsoluteMean => rows[at] - mean[at].abs(),
                Centre::MeanAdded => rows[at] + mean[at],
            };
            let after = if how.epsilon == Epsilon::AfterDivision { eps } else { 0.0 };
            centred * inv_std[at] + after
        })
        .collect();
    let out =
        if how.identity { rows.clone() } else { scaled(&x_hat, &gamma, &beta, shape, how.affine)? };
    if updates && !updates_first {
        running.update(&batch, &rows, &out, shape, script, choices);
    }
    let is_widened = how.affine == Affine::Along(3) && w == 1 && c != 1;
    let out_images = if is_widened {
        widened(&x_hat, &gamma, &beta, shape)?
    } else {
        from_rows(out.clone(), shape, choices.out_from)?
    };
    let out_images = if how.in_type_of_gamma && step.gamma.dtype() == Dtype::Int64 {
        out_images.mapv(f64::trunc)
    } else {
        out_images
    };
    let mut out_images = if how.reversed { reversed(out_images) } else { out_images };
    if choices.differs_by_call {
        let call = CALLS.fetch_add(1, Ordering::Relaxed) % 1000;
        out_images += 1e-3 * (1.0 + call as f64);
    }
    let running_type = match choices.running_type {
        ResultType::AsGiven => choices.forward_type,
        ResultType::Single | ResultType::Double => choices.running_type,
    };
    let stored = |values: &[f64]| {
        let stored = vector(values.to_vec());
        (!choices.running_outside).then(|| typed(stored, script, running_type))
    };
    let output = StepOutput {
        out: typed(like(&step.x, out_images), script, choices.forward_type),
        running_mean: stored(&running.mean),
        running_var: stored(&running.var),
        touched: choices.forward_touches.to_vec(),
    };
    let saved = Saved { shape, x: rows, x_hat, out, gamma, beta, inv_std, mean, var, eps, mode };
    Ok((output, saved))
}

/// What the centred value is multiplied by: 1/√(σ² + ε), or what a mistake makes of it.
pub(crate) fn inverse(var: f64, eps: f64, how: &Normalization) -> f64 {
    let std = match how.epsilon {
        Epsilon::Inside => (var + eps).sqrt(),
        Epsilon::Outside => var.sqrt() + eps,
        Epsilon::Missing | Epsilon::AfterDivision => var.sqrt(),
        Epsilon::Squared => (var + eps * eps).sqrt(),
        Epsilon::Rooted => var.sqrt() + eps.sqrt(),
        Epsilon::Subtracted => (var - eps).sqrt(),
        Epsilon::HardCoded(own) => (var + own).sqrt(),
        Epsilon::InsideAndOutside => (var + eps).sqrt() + eps,
        Epsilon::TwiceInside => (var + 2.0 * eps).sqrt(),
        Epsilon::Floor => var.max(eps).sqrt(),
    };
    match how.denominator {
        Denominator::Std => 1.0 / std,
        Denominator::Variance => 1.0 / (std * std),
        Denominator::TimesStd => std,
        Denominator::One => 1.0,
        Denominator::RootOfStd => 1.0 / std.sqrt(),
    }
}

/// γ·x̂ + β, or what a mistake makes of it.
fn scaled(
    x_hat: &[f64],
    gamma: &[f64],
    beta: &[f64],
    shape: Shape,
    affine: Affine,
) -> Result<Vec<f64>, Failure> {
    let [_, c, h, w] = shape;
    let length = if let Affine::Along(axis) = affine { shape[axis] } else { c };
    let may_widen = affine == Affine::Along(3) && length == 1;
    if length != c && c != 1 && !may_widen {
        // NumPy's message.
        let message =
            format!("operands could not be broadcast together with shapes {shape:?} ({c},)");
        return Err(Failure::Refused(message));
    }
    let out = x_hat.iter().enumerate().map(|(at, &x_hat)| {
        let axis = if let Affine::Along(axis) = affine { axis } else { 1 };
        let channel = [at / (c * w * h), at % c, at / (c * w) % h, at / c % w][axis] % c;
        let (gamma, beta) = (gamma[channel], beta[channel]);
        match affine {
            Affine::Right | Affine::Along(_) => gamma * x_hat + beta,
            Affine::Zero => 0.0,
            Affine::GammaSquared => gamma * gamma * x_hat + beta,
            Affine::AbsoluteGamma => gamma.abs() * x_hat + beta,
            Affine::NoGamma => x_hat + beta,
            Affine::NoBeta => gamma * x_hat,
            Affine::Neither => x_hat,
            Affine::Swapped => beta * x_hat + gamma,
            Affine::BetaInside => gamma * (x_hat + beta),
            Affine::MinusBeta => gamma * x_hat - beta,
            Affine::OverGamma => x_hat / gamma + beta,
            Affine::OnePlusGamma => (1.0 + gamma) * x_hat + beta,
        }
    });
    Ok(out.collect())
}

/// γ·x̂ + β as NumPy broadcasts it if x̂ has a last axis of length 1, which becomes as long as γ.
fn widened(
    x_hat: &[f64],
    gamma: &[f64],
    beta: &[f64],
    shape: Shape,
) -> Result<ArrayD<f64>, Failure> {
    let narrow = from_rows(x_hat.to_vec(), shape, FromRows::RIGHT)?;
    let wide = IxDyn(&[shape[0], shape[1], shape[2], gamma.len()]);
    Ok(ArrayD::from_shape_fn(wide, |at| {
        narrow[[at[0], at[1], at[2], 0]] * gamma[at[3]] + beta[at[3]]
    }))
}
