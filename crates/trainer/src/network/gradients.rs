//! The gradients of a network's parameters.

use kernels::Real;
use ndarray::ArrayD;

use super::named_layers::Network;

/// The gradients of the loss with respect to the parameters of a network, in the order and the
/// shapes of [`Network::parameters`].
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients<F> {
    pub(super) parameters: Vec<ArrayD<F>>,
    /// Which of them are computed.
    pub(super) wanted: Vec<bool>,
}

impl<F: Real> Gradients<F> {
    /// Zeros for each parameter, as memory for the gradients of those whose names `wants` accepts.
    /// [`Network::backward_into`] leaves the others at 0, but may compute a layer's weight and bias
    /// together.
    pub fn new(network: &Network<F>, wants: impl Fn(&str) -> bool) -> Self {
        let parameters = network.parameters();
        Self {
            wanted: parameters.iter().map(|(name, _)| wants(name)).collect(),
            parameters: parameters
                .iter()
                .map(|(_, array)| ArrayD::zeros(array.raw_dim()))
                .collect(),
        }
    }
}

impl<F> Gradients<F> {
    /// One array per parameter.
    pub fn parameters(&self) -> &[ArrayD<F>] {
        &self.parameters
    }

    /// As [`Self::parameters`], to write to.
    pub(crate) fn parameters_mut(&mut self) -> impl Iterator<Item = &mut ArrayD<F>> {
        self.parameters.iter_mut()
    }

    /// The arrays of those that are computed, none in the place of each other.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = Option<&ArrayD<F>>> {
        self.parameters.iter().zip(&self.wanted).map(|(array, wanted)| wanted.then_some(array))
    }
}
