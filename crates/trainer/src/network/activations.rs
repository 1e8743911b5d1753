//! What logs and figures look at inside a network.

use kernels::Real;
use ndarray::{ArrayView1, ArrayViewD};

use super::{Layer, NamedLayer, Network, Tape};

/// The parameters and running statistics of one batch norm, each of shape `(C,)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NamedBatchNorm<'a, F> {
    /// Its name in PyTorch, such as `model.1`.
    pub name: &'a str,
    /// The scale γ.
    pub gamma: ArrayView1<'a, F>,
    /// The shift β.
    pub beta: ArrayView1<'a, F>,
    /// The running mean.
    pub mean: ArrayView1<'a, F>,
    /// The running variance, by PyTorch's convention: unbiased.
    pub var: ArrayView1<'a, F>,
}

/// What one ReLU of a training step read.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedActivation<'a, F> {
    /// The ReLU's name in PyTorch, such as `model.2`.
    pub name: &'a str,
    /// The input of the batch norm that feeds the ReLU; none where another layer does.
    pub before_batch_norm: Option<ArrayViewD<'a, F>>,
    /// The input of the ReLU.
    pub pre_activation: ArrayViewD<'a, F>,
}

impl<F: Real> Network<F> {
    /// The batch norms in order, of rows and of images alike.
    pub fn batch_norms(&self) -> impl Iterator<Item = NamedBatchNorm<'_, F>> {
        self.layers.iter().filter_map(|NamedLayer { name, layer, .. }| {
            layer.batch_norm().map(|norm| NamedBatchNorm {
                name,
                gamma: norm.gamma.view(),
                beta: norm.beta.view(),
                mean: norm.running.mean.view(),
                var: norm.running.var.view(),
            })
        })
    }
}

impl<F: Real> Tape<F> {
    /// What each ReLU read, in order; of a tape that `network` did not make, what fits it.
    ///
    /// # Shapes
    ///
    /// Those inside the network: `(N, C, H, W)` or `(N, D)`.
    pub fn activations<'a>(&'a self, network: &'a Network<F>) -> Vec<ObservedActivation<'a, F>> {
        let mut activations = Vec::new();
        for (index, NamedLayer { name, layer, .. }) in network.layers.iter().enumerate() {
            if let (Layer::Relu, Some(pre_activation)) = (layer, self.input_of(index)) {
                let before = index.checked_sub(1);
                let norm = before.filter(|&at| network.layers[at].layer.batch_norm().is_some());
                let before_batch_norm = norm.and_then(|at| self.input_of(at));
                activations.push(ObservedActivation { name, before_batch_norm, pre_activation });
            }
        }
        activations
    }
}
