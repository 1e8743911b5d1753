//! The rows of `distributions.csv`.

use kernels::Real;
use serde::{Deserialize, Serialize};

use crate::network::ObservedQuantity;
use crate::observation::Distribution;

/// One distribution seen in a network at one step, in the units of the layer's values:
///
/// | column | meaning |
/// |---|---|
/// | `step` | optimiser steps before this one, over all epochs |
/// | `epoch` | epochs before this one |
/// | `layer` | the layer's name in PyTorch, such as `model.1` |
/// | `quantity` | what the values are: [`ObservedQuantity`] |
/// | `min`, `max` | the smallest and the largest |
/// | `p15` … `p85` | percentiles, by [`Distribution::percentiles`] |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the table above has the columns")]
pub struct DistributionRow {
    pub step: u64,
    pub epoch: u64,
    pub layer: String,
    pub quantity: ObservedQuantity,
    pub min: f64,
    pub p15: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p85: f64,
    pub max: f64,
}

impl DistributionRow {
    pub(crate) fn of<F: Real>(step: u64, epoch: u64, distribution: &Distribution<F>) -> Self {
        let [min, p15, p25, p50, p75, p85, max] =
            distribution.percentiles([0.0, 15.0, 25.0, 50.0, 75.0, 85.0, 100.0]);
        let (layer, quantity) = (distribution.layer.clone(), distribution.quantity);
        Self { step, epoch, layer, quantity, min, p15, p25, p50, p75, p85, max }
    }
}
