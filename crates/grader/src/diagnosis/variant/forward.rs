use ndarray::{ArrayD, IxDyn};

use super::layout::{Shape, from_rows, groups, images, into_rows, like};
use super::{typed, vector};
use crate::diagnosis::choices::*;
use crate::submission::{AskedMode, Failure, Script, Step, StepOutput};
use crate::tensor::{Dtype, Tensor};

/// Running statistics, a value a channel.
#[derive(Debug, Clone)]
pub(super) struct Running {
    mean: Vec<f64>,
    var: Vec<f64>,
    start: [Vec<f64>; 2],
}

impl Running {
    pub(super) fn of(script: &Script, choices: &Choices) -> Self {
        let mean = values(&script.running_mean);
        let mut var = values(&script.running_var);
        if script.starts_empty {
            var.fill(choices.var_starts_at);
        }
        let start = [vec![0.0; mean.len()], vec![0.0; mean.len()]];
        Self { mean, var, start }
    }
}

/// What a forward pass leaves for its backward pass. All of rows, or by group.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub shape: Shape,
    pub x: Vec<f64>,
    pub x_hat: Vec<f64>,
    pub out: Vec<f64>,
    pub gamma: Vec<f64>,
    pub beta: Vec<f64>,
    /// 1/σ with its ε, of each element.
    pub inv_std: Vec<f64>,
    pub mean: Vec<f64>,
    pub var: Vec<f64>,
    pub eps: f64,
    pub mode: AskedMode,
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_f64().into_iter().collect()
}

/// One forward pass.
pub(super) fn forward(
    script: &Script,
    step: &Step,
    mode: AskedMode,
    choices: &Choices,
    running: &mut Running,
) -> Result<(StepOutput, Kept), Failure> {
    let x = images(step.x.to_f64())?;
    let (n, c, h, w) = x.dim();
    let shape = [n, c, h, w];
    let (gamma, beta) = (values(&step.gamma), values(&step.beta));
    let rows = into_rows(x.view(), choices.x_into);
    let single = step.x.dtype() == Dtype::Float32;
    let batch = Statistics::of(&rows, shape, choices, single);

    let how = match mode {
        AskedMode::Train => &choices.train,
        AskedMode::Eval => &choices.eval,
        AskedMode::Unknown if choices.unknown_mode == UnknownMode::Identity => {
            &Normalization { identity: true, ..choices.eval }
        }
        AskedMode::Unknown => return Err(Failure::Refused("unknown mode".to_owned())),
    };
    let updates = mode == AskedMode::Train || (mode == AskedMode::Eval && choices.eval_updates);
    // An update comes before or after the output, which matters only to who normalises by it.
    let normalises_first = updates && choices.train.source == Source::Batch;
    let before = running.clone();
    if updates && !normalises_first {
        follow(running, &batch, &rows, &rows, shape, script, choices);
    }
    let by_channel =
        |values: &[f64]| -> Vec<f64> { (0..rows.len()).map(|at| values[at % c]).collect() };
    let (mean, var) = match how.source {
        Source::Batch => (batch.mean.clone(), batch.var.clone()),
        Source::Running => (by_channel(&running.mean), by_channel(&running.var)),
        Source::RunningVarOnly => (batch.mean.clone(), by_channel(&running.var)),
        Source::RunningMeanOnly => (by_channel(&running.mean), batch.var.clone()),
        Source::Start => (by_channel(&before.start[0]), by_channel(&before.start[1])),
    };
    let eps = script.config.eps();
    let inv_std: Vec<f64> = var.iter().map(|&var| inverse(var, eps, how)).collect();
    let x_hat: Vec<f64> = (0..rows.len())
        .map(|at| {
            let centred = match how.centre {
                Centre::Mean => rows[at] - mean[at],
                Centre::Nothing => rows[at],
                Centre::Added => rows[at] + mean[at],
            };
            let after = if how.epsilon == Epsilon::AfterDivision { eps } else { 0.0 };
            centred * inv_std[at] + after
        })
        .collect();
    let out =
        if how.identity { rows.clone() } else { scaled(&x_hat, &gamma, &beta, shape, how.affine)? };
    if updates && normalises_first {
        follow(running, &batch, &rows, &out, shape, script, choices);
    }
    let is_widened = how.affine == Affine::LastAxis && w == 1 && c != 1;
    let out_images = if is_widened {
        widened(&x_hat, &gamma, &beta, shape)?
    } else {
        from_rows(out.clone(), shape, choices.out_from)?
    };
    let output = StepOutput {
        out: typed(like(&step.x, out_images), script, choices.forward_type),
        running_mean: stored(&running.mean, script, choices),
        running_var: stored(&running.var, script, choices),
        touched: choices.forward_touches.to_vec(),
    };
    let kept = Kept { shape, x: rows, x_hat, out, gamma, beta, inv_std, mean, var, eps, mode };
    Ok((output, kept))
}

fn stored(values: &[f64], script: &Script, choices: &Choices) -> Tensor {
    typed(vector(values.to_vec(), choices.running_shape), script, choices.forward_type)
}

/// 1/σ, wherever ε goes.
pub(super) fn inverse(var: f64, eps: f64, how: &Normalization) -> f64 {
    let std = match how.epsilon {
        Epsilon::Inside => (var + eps).sqrt(),
        Epsilon::Outside => var.sqrt() + eps,
        Epsilon::Missing | Epsilon::AfterDivision => var.sqrt(),
        Epsilon::Squared => (var + eps * eps).sqrt(),
        Epsilon::Rooted => var.sqrt() + eps.sqrt(),
        Epsilon::Subtracted => (var - eps).sqrt(),
        Epsilon::HardCoded(own) => (var + own).sqrt(),
        Epsilon::InsideAndOutside => (var + eps).sqrt() + eps,
        Epsilon::Floor => var.max(eps).sqrt(),
    };
    match how.spread {
        Spread::Std => 1.0 / std,
        Spread::Variance => 1.0 / (std * std),
        Spread::TimesStd => std,
        Spread::One => 1.0,
        Spread::RootOfStd => 1.0 / std.sqrt(),
    }
}

fn scaled(
    x_hat: &[f64],
    gamma: &[f64],
    beta: &[f64],
    shape: Shape,
    affine: Affine,
) -> Result<Vec<f64>, Failure> {
    let [_, c, _, w] = shape;
    if affine == Affine::LastAxis && w != c && w != 1 && c != 1 {
        // What NumPy says.
        let message =
            format!("operands could not be broadcast together with shapes {shape:?} ({c},)");
        return Err(Failure::Refused(message));
    }
    let out = x_hat.iter().enumerate().map(|(at, &x_hat)| {
        let channel = if affine == Affine::LastAxis { (at / c % w) % c } else { at % c };
        let (gamma, beta) = (gamma[channel], beta[channel]);
        match affine {
            Affine::Right | Affine::LastAxis => gamma * x_hat + beta,
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

/// What NumPy makes of γ·x̂ + β where the last axis of x̂ has length 1 and takes that of γ.
fn widened(
    x_hat: &[f64],
    gamma: &[f64],
    beta: &[f64],
    shape: Shape,
) -> Result<ArrayD<f64>, Failure> {
    let narrow = from_rows(x_hat.to_vec(), shape, Choices::FROM)?;
    let wide = IxDyn(&[shape[0], shape[1], shape[2], gamma.len()]);
    Ok(ArrayD::from_shape_fn(wide, |at| {
        narrow[[at[0], at[1], at[2], 0]] * gamma[at[3]] + beta[at[3]]
    }))
}

/// The batch's own mean and variance, of each element.
struct Statistics {
    mean: Vec<f64>,
    var: Vec<f64>,
    /// Values that share a mean.
    count: f64,
}

impl Statistics {
    fn of(rows: &[f64], shape: Shape, choices: &Choices, single: bool) -> Self {
        let (labels, total) = groups(choices.group, shape);
        let count = rows.len() as f64 / total as f64;
        let sums = |value: &dyn Fn(usize) -> f64| {
            let mut sums = vec![0.0; total];
            for (at, &label) in labels.iter().enumerate() {
                sums[label] += value(at);
            }
            sums
        };
        // Twice, because one pass loses the digits that a large mean takes.
        let rough: Vec<f64> = sums(&|at| rows[at]).into_iter().map(|sum| sum / count).collect();
        let rest = sums(&|at| rows[at] - rough[labels[at]]);
        let middle: Vec<f64> =
            rough.iter().zip(&rest).map(|(rough, rest)| rough + rest / count).collect();
        let divided = |how, sum: f64| sum / divisor(how, count, shape);
        let mean: Vec<f64> =
            middle.iter().map(|middle| divided(choices.mean_count, middle * count)).collect();
        let exact = choices.mean_count == Count::Right;
        let mean = if exact { middle } else { mean };
        let var = match choices.variance {
            Variance::Centred => sums(&|at| square(rows[at] - mean[labels[at]])),
            Variance::Uncentred => sums(&|at| square(rows[at])),
            Variance::MeanDeviation => {
                let deviations = sums(&|at| (rows[at] - mean[labels[at]]).abs());
                deviations.into_iter().map(|sum| square(sum / count) * count).collect()
            }
            Variance::Cancelling => cancelling(rows, &labels, total, single),
        };
        let var: Vec<f64> = var.into_iter().map(|sum| divided(choices.var_count, sum)).collect();
        let spread = |of: &[f64]| labels.iter().map(|&label| of[label]).collect();
        Self { mean: spread(&mean), var: spread(&var), count }
    }
}

/// `count·(E[x²] − E[x]²)`, rounded as in x's own precision.
fn cancelling(rows: &[f64], labels: &[usize], total: usize, single: bool) -> Vec<f64> {
    let round = |value: f64| if single { f64::from(value as f32) } else { value };
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

pub(super) fn square(value: f64) -> f64 {
    value * value
}

pub(super) fn divisor(how: Count, count: f64, shape: Shape) -> f64 {
    let [n, c, h, w] = shape.map(|length| length as f64);
    match how {
        Count::Right => count,
        Count::LessOne => count - 1.0,
        Count::Images => n,
        Count::Positions => h * w,
        Count::Everything => n * c * h * w,
        Count::Channels => c,
        Count::One => 1.0,
    }
}

/// Moves the running statistics.
fn follow(
    running: &mut Running,
    batch: &Statistics,
    rows: &[f64],
    out: &[f64],
    shape: Shape,
    script: &Script,
    choices: &Choices,
) {
    let c = shape[1];
    let momentum = script.config.momentum();
    let eps = script.config.eps();
    let per_channel = (rows.len() / c) as f64;
    // The mean over a channel, which is what broadcasting and averaging come to.
    let channel = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let mut sums = vec![0.0; c];
        for at in 0..rows.len() {
            sums[at % c] += value(at);
        }
        sums.into_iter().map(|sum| sum / per_channel).collect()
    };
    // Constant in a channel where statistics are a channel's; then no sum may blur it.
    let own = |of: &[f64]| -> Vec<f64> {
        if choices.group == Group::Channel { of[..c].to_vec() } else { channel(&|at| of[at]) }
    };
    let (mean, var) = (own(&batch.mean), own(&batch.var));
    let mean_of_out = channel(&|at| out[at]);
    let followed_mean = match choices.running_mean {
        RunningMean::Same => mean.clone(),
        RunningMean::Sum => mean.iter().map(|mean| mean * batch.count).collect(),
        RunningMean::Variance => var.clone(),
        RunningMean::OfOut => mean_of_out.clone(),
        RunningMean::OfFirstImage => {
            let first = rows.len() / shape[0];
            let images = shape[0] as f64;
            channel(&|at| if at < first { rows[at] * images } else { 0.0 })
        }
    };
    let new_mean: Vec<f64> = running
        .mean
        .iter()
        .zip(&followed_mean)
        .map(|(&old, &batch)| followed(old, batch, momentum, choices.mean_follows))
        .collect();
    let followed_var: Vec<f64> = match choices.running_var {
        RunningVar::Same => var.clone(),
        RunningVar::Unbiased => {
            var.iter().map(|var| var * batch.count / (batch.count - 1.0)).collect()
        }
        RunningVar::Std => var.iter().map(|var| var.sqrt()).collect(),
        RunningVar::WithEps => var.iter().map(|var| var + eps).collect(),
        RunningVar::Sum => var.iter().map(|var| var * batch.count).collect(),
        RunningVar::StdWithEps => var.iter().map(|var| (var + eps).sqrt()).collect(),
        RunningVar::InverseStd => var.iter().map(|var| 1.0 / (var + eps).sqrt()).collect(),
        RunningVar::Mean => mean.clone(),
        RunningVar::OfOut => channel(&|at| square(out[at] - mean_of_out[at % c])),
        RunningVar::Uncentred => channel(&|at| square(rows[at])),
        RunningVar::AroundRunningMean => channel(&|at| square(rows[at] - new_mean[at % c])),
    };
    let new_var: Vec<f64> = running
        .var
        .iter()
        .zip(&followed_var)
        .map(|(&old, &batch)| followed(old, batch, momentum, choices.var_follows))
        .collect();
    (running.mean, running.var) =
        if choices.running_swapped { (new_var, new_mean) } else { (new_mean, new_var) };
}

fn followed(old: f64, batch: f64, momentum: f64, how: Follow) -> f64 {
    let once = |old: f64, momentum: f64| momentum * old + (1.0 - momentum) * batch;
    match how {
        Follow::Right => once(old, momentum),
        Follow::Swapped => once(old, 1.0 - momentum),
        Follow::WholeBatch => momentum * old + batch,
        Follow::WholeRunning => old + (1.0 - momentum) * batch,
        Follow::Replaced => batch,
        Follow::Kept => old,
        Follow::Forgotten => (1.0 - momentum) * batch,
        Follow::Subtracted => momentum * old - (1.0 - momentum) * batch,
        Follow::HardCoded(own) => once(old, own),
        Follow::Twice => once(once(old, momentum), momentum),
        Follow::MomentumTwice => momentum * old + momentum * batch,
        Follow::Average => (old + batch) / 2.0,
    }
}
