//! The running statistics and their update.

use super::layout::Shape;
use super::statistics::{Statistics, square};
use crate::diagnosis::choices::{Choices, RunningMean, RunningUpdate, RunningVar, StatisticsPer};
use crate::submission::Script;

/// The running statistics, one value per channel.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub mean: Vec<f64>,
    pub var: Vec<f64>,
    /// How often they have been updated.
    pub updates: u16,
    /// The same averages, started at zero.
    from_zero: [Vec<f64>; 2],
    /// Whether they are still to be taken from a batch.
    are_open: bool,
}

impl Running {
    /// The running statistics before the first step.
    pub(crate) fn of(script: &Script, choices: &Choices) -> Self {
        let mean = script.running_mean.to_f64().into_iter().collect();
        let mut var: Vec<f64> = script.running_var.to_f64().into_iter().collect();
        if !script.entries.running {
            var.fill(choices.var_starts_at);
        }
        let are_open = !script.entries.running && choices.starts_as_batch;
        let from_zero = [vec![0.0; var.len()], vec![0.0; var.len()]];
        Self { mean, var, updates: 0, from_zero, are_open }
    }

    /// Updates the running statistics from a batch, its rows, and the rows of its output.
    pub(crate) fn update(
        &mut self,
        batch: &Statistics,
        rows: &[f64],
        out: &[f64],
        shape: Shape,
        script: &Script,
        choices: &Choices,
    ) {
        let c = shape[1];
        let momentum = momentum(script, choices);
        let eps = eps(script, choices);
        self.updates += 1;
        let per_channel = (rows.len() / c) as f64;
        let channel_mean = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let mut sums = vec![0.0; c];
            for at in 0..rows.len() {
                sums[at % c] += value(at);
            }
            sums.into_iter().map(|sum| sum / per_channel).collect()
        };
        // Statistics of a channel are constant in the channel, so no sum may round them. Others
        // come down to one value per channel by broadcasting and averaging.
        let of_channels = |of: &[f64]| -> Vec<f64> {
            if choices.statistics_per == StatisticsPer::Channel {
                of[..c].to_vec()
            } else {
                channel_mean(&|at| of[at])
            }
        };
        let (mean, var) = (of_channels(&batch.mean), of_channels(&batch.var));
        let mean_of_out = channel_mean(&|at| out[at]);
        let batch_mean: Vec<f64> = match choices.running_mean {
            RunningMean::Mean => mean.clone(),
            RunningMean::Sum => mean.iter().map(|mean| mean * batch.count).collect(),
            RunningMean::Variance => var.clone(),
            RunningMean::OfOut => mean_of_out.clone(),
            RunningMean::OfFirstImage => {
                let first = rows.len() / shape[0];
                let images = shape[0] as f64;
                channel_mean(&|at| if at < first { rows[at] * images } else { 0.0 })
            }
        };
        let (updates, are_open) = (self.updates, std::mem::take(&mut self.are_open));
        let are_zero =
            [&self.mean, &self.var].iter().all(|of| of.iter().all(|&value| value == 0.0));
        let correction = 1.0 - power(momentum, updates);
        let updated = |running: &[f64], batch: &[f64], how, from_zero: &mut Vec<f64>| -> Vec<f64> {
            if let RunningUpdate::BiasCorrected(floor) = how {
                for (of, batch) in from_zero.iter_mut().zip(batch) {
                    *of = momentum * *of + (1.0 - momentum) * batch;
                }
                return from_zero.iter().map(|of| of / correction.max(floor)).collect();
            }
            if are_open || (how == RunningUpdate::FirstBatch && are_zero) {
                return batch.to_vec();
            }
            let one = |(&r, &b): (&f64, &f64)| updated(r, b, momentum, updates, how);
            running.iter().zip(batch).map(one).collect()
        };
        let [mean_from_zero, var_from_zero] = &mut self.from_zero;
        let new_mean = updated(&self.mean, &batch_mean, choices.mean_update, mean_from_zero);
        let batch_var: Vec<f64> = match choices.running_var {
            RunningVar::Variance => var,
            RunningVar::Unbiased => {
                var.iter().map(|var| var * batch.count / (batch.count - 1.0)).collect()
            }
            RunningVar::Std => var.iter().map(|var| var.sqrt()).collect(),
            RunningVar::WithEps => var.iter().map(|var| var + eps).collect(),
            RunningVar::Sum => var.iter().map(|var| var * batch.count).collect(),
            RunningVar::StdWithEps => var.iter().map(|var| (var + eps).sqrt()).collect(),
            RunningVar::InverseStd => var.iter().map(|var| 1.0 / (var + eps).sqrt()).collect(),
            RunningVar::Mean => mean,
            RunningVar::OfOut => channel_mean(&|at| square(out[at] - mean_of_out[at % c])),
            RunningVar::Uncentred => channel_mean(&|at| square(rows[at])),
            RunningVar::AroundRunningMean => {
                channel_mean(&|at| square(rows[at] - new_mean[at % c]))
            }
        };
        let new_var = updated(&self.var, &batch_var, choices.var_update, var_from_zero);
        (self.mean, self.var) =
            if choices.running_swapped { (new_var, new_mean) } else { (new_mean, new_var) };
    }
}

/// The momentum that a variant uses.
pub(crate) fn momentum(script: &Script, choices: &Choices) -> f64 {
    if script.entries.momentum { script.config.momentum() } else { choices.default_momentum }
}

/// The base multiplied with itself so often.
pub(crate) fn power(base: f64, exponent: u16) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * base)
}

/// The ε that a variant uses.
pub(crate) fn eps(script: &Script, choices: &Choices) -> f64 {
    if script.entries.eps { script.config.eps() } else { choices.default_eps }
}

fn updated(running: f64, batch: f64, momentum: f64, updates: u16, how: RunningUpdate) -> f64 {
    let once = |running: f64, momentum: f64| momentum * running + (1.0 - momentum) * batch;
    match how {
        RunningUpdate::Right | RunningUpdate::FirstBatch => once(running, momentum),
        RunningUpdate::Cumulative => running + (batch - running) / f64::from(updates),
        RunningUpdate::BiasCorrected(_) | RunningUpdate::Corrected => {
            once(running, momentum) / (1.0 - power(momentum, updates))
        }
        RunningUpdate::Swapped => once(running, 1.0 - momentum),
        RunningUpdate::WholeBatch => momentum * running + batch,
        RunningUpdate::WholeRunning => running + (1.0 - momentum) * batch,
        RunningUpdate::Replaced => batch,
        RunningUpdate::Unchanged => running,
        RunningUpdate::Forgotten => (1.0 - momentum) * batch,
        RunningUpdate::Subtracted => momentum * running - (1.0 - momentum) * batch,
        RunningUpdate::HardCoded(own) => once(running, own),
        RunningUpdate::Twice => once(once(running, momentum), momentum),
        RunningUpdate::MomentumTwice => momentum * running + momentum * batch,
        RunningUpdate::Average => (running + batch) / 2.0,
    }
}
