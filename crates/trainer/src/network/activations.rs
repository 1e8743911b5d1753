//! The activations that logs and figures show.

use kernels::Real;
use ndarray::ArrayViewD;

use super::named_layers::{NamedLayer, Network};
use super::tape::Tape;

/// What one activation of a training step read.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedActivation<'a, F> {
    /// The activation's name in PyTorch, such as `model.2`.
    pub name: &'a str,
    /// The input of the norm that feeds the activation; none where another layer does.
    pub before_batch_norm: Option<ArrayViewD<'a, F>>,
    /// The input of the activation.
    pub pre_activation: ArrayViewD<'a, F>,
}

impl<F: Real> Tape<F> {
    /// What each activation of `network` read, in order. `network` is the one that wrote the tape. After a
    /// pass that was not to [keep](Self::keep_activations) activations, some are missing.
    ///
    /// # Shapes
    ///
    /// Those inside the network: `(N, C, H, W)` or `(N, D)`.
    pub fn activations<'a>(&'a self, network: &'a Network<F>) -> Vec<ObservedActivation<'a, F>> {
        let mut activations = Vec::new();
        for (index, NamedLayer { name, layer, .. }) in network.layers.iter().enumerate() {
            if let (true, Some(pre_activation)) = (layer.is_activation(), self.input_of(index)) {
                let before = index.checked_sub(1);
                let norm = before.filter(|&at| network.layers[at].layer.norm().is_some());
                let before_batch_norm = norm.and_then(|at| self.input_of(at));
                activations.push(ObservedActivation { name, before_batch_norm, pre_activation });
            }
        }
        activations
    }
}
