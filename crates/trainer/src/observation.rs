//! What is seen inside a network at a training step: distributions of activations and of batch
//! norm's parameters.

use kernels::Real;
use serde::{Deserialize, Serialize};

use crate::network::{Network, Tape};

/// What an observed distribution is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Quantity {
    /// What goes into the batch norm before this ReLU, for one training batch.
    BeforeBatchNorm,
    /// What goes into this ReLU, for one training batch.
    PreActivation,
    /// γ, a value a channel.
    Gamma,
    /// β, a value a channel.
    Beta,
    /// The running mean, a value a channel.
    RunningMean,
    /// The running variance, a value a channel.
    RunningVar,
}

impl Quantity {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeBatchNorm => "before_batch_norm",
            Self::PreActivation => "pre_activation",
            Self::Gamma => "gamma",
            Self::Beta => "beta",
            Self::RunningMean => "running_mean",
            Self::RunningVar => "running_var",
        }
    }
}

/// The values that one quantity of one layer has.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution<F> {
    /// The layer by its name in PyTorch, such as `model.1`.
    pub layer: String,
    /// What the values are.
    pub quantity: Quantity,
    /// The values, in no meaningful order but a fixed one.
    pub values: Vec<F>,
}

impl<F: Real> Distribution<F> {
    /// The values below which these percentages of all lie, interpolated linearly between
    /// neighbours: the value at rank p/100·(n − 1) of the sorted values, as NumPy's `percentile`
    /// has it by default. NaN if a value is NaN or there is none.
    pub fn percentiles<const COUNT: usize>(&self, percentages: [f64; COUNT]) -> [f64; COUNT] {
        if self.values.is_empty() || self.values.iter().any(|value| value.is_nan()) {
            return [f64::NAN; COUNT];
        }
        let mut values: Vec<f64> = self.values.iter().map(|value| value.to_f64()).collect();
        let last = values.len() - 1;
        percentages.map(|percentage| {
            let rank = (percentage / 100.0).clamp(0.0, 1.0) * last as f64;
            let below = (rank as usize).min(last);
            let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
            match above.iter().copied().min_by(f64::total_cmp) {
                Some(high) => low + (high - low) * (rank - below as f64),
                None => low,
            }
        })
    }
}

/// What is seen at one step: the activations of its batch, and batch norm's parameters and running
/// statistics, the parameters before the step and the statistics with its batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<F> {
    /// Batch norms first, layer by layer in the network's order, then the inputs of ReLUs.
    pub distributions: Vec<Distribution<F>>,
}

impl<F: Real> Observation<F> {
    pub(crate) fn of(network: &Network<F>, tape: &Tape<F>) -> Self {
        let mut distributions = Vec::new();
        let mut add = |layer: &str, quantity, values| {
            distributions.push(Distribution { layer: layer.to_owned(), quantity, values });
        };
        for norm in network.batch_norms() {
            for (quantity, values) in [
                (Quantity::Gamma, norm.gamma),
                (Quantity::Beta, norm.beta),
                (Quantity::RunningMean, norm.mean),
                (Quantity::RunningVar, norm.var),
            ] {
                add(norm.name, quantity, values.to_vec());
            }
        }
        for activation in tape.activations(network) {
            for (quantity, values) in [
                (Quantity::BeforeBatchNorm, activation.before_batch_norm),
                (Quantity::PreActivation, Some(activation.pre_activation)),
            ] {
                if let Some(values) = values {
                    add(activation.name, quantity, values.iter().copied().collect());
                }
            }
        }
        Self { distributions }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ```text
    /// >>> numpy.percentile([3.0, 1.0, 10.0, 2.0, 7.0, 7.0], [0, 15, 50, 85, 100])
    /// array([ 1.  ,  1.75,  5.  ,  7.75, 10.  ])
    /// ```
    #[test]
    fn percentiles_are_those_of_numpy() {
        let distribution = |values: &[f32]| Distribution {
            layer: "model.1".to_owned(),
            quantity: Quantity::PreActivation,
            values: values.to_vec(),
        };
        let values = distribution(&[3.0, 1.0, 10.0, 2.0, 7.0, 7.0]);
        let expected = [1.0, 1.75, 5.0, 7.75, 10.0];
        assert_eq!(values.percentiles([0.0, 15.0, 50.0, 85.0, 100.0]), expected);
        assert_eq!(values.percentiles([100.0, 85.0]), [10.0, 7.75]);
        assert_eq!(distribution(&[4.0]).percentiles([15.0, 85.0]), [4.0, 4.0]);
        assert!(distribution(&[]).percentiles([50.0])[0].is_nan());
        assert!(distribution(&[1.0, f32::NAN]).percentiles([50.0])[0].is_nan());
    }
}
