//! A network: layers in order, with names for their parameters.

use kernels::Real;
use ndarray::{ArrayViewD, ArrayViewMutD};

use super::layer::{BatchNorm, Flatten, Layer, LayerArrays, Linear, NoisyBatchNorm, NormFacts};
use crate::numerics::Numerics;

/// Layers in order, from images to logits.
#[derive(Debug, Clone, PartialEq)]
pub struct Network<F> {
    pub(super) layers: Vec<NamedLayer<F>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct NamedLayer<F> {
    /// What precedes the dot in the names of its parameters.
    pub(super) name: String,
    pub(super) layer: Layer<F>,
}

impl<F> Network<F> {
    fn new(named: impl Iterator<Item = (String, Layer<F>)>) -> Self {
        let layers = named.map(|(name, layer)| NamedLayer { name, layer }).collect();
        Self { layers }
    }
}

/// The layers of a stack `model`, with their names.
fn model<F>(layers: Vec<Layer<F>>) -> impl Iterator<Item = (String, Layer<F>)> {
    layers.into_iter().enumerate().map(|(index, layer)| (format!("model.{index}"), layer))
}

impl<F: Real> Network<F> {
    /// The stack `model`, whose layers are called `model.0`, `model.1` and so on, and the head
    /// `fc`, which reads its output flattened: PyTorch's names for the notebook's networks.
    pub fn with_linear_head(model: Vec<Layer<F>>, fc: Linear<F>) -> Self {
        let head = [("flatten", Layer::Flatten(Flatten)), ("fc", Layer::Linear(fc))];
        let head = head.map(|(name, layer)| (name.to_owned(), layer));
        Self::new(self::model(model).chain(head))
    }

    /// The stack `model` alone, whose layers are called `model.0`, `model.1` and so on, and which
    /// reads the images flattened: PyTorch's names for the networks of the notebook's lesson
    /// before.
    pub fn of_flat_images(model: Vec<Layer<F>>) -> Self {
        let flatten = [("flatten".to_owned(), Layer::Flatten(Flatten))];
        Self::new(flatten.into_iter().chain(self::model(model)))
    }

    /// The parameters with their names as in PyTorch's state dict: `model.0.weight`, `fc.bias`.
    pub fn parameters(&self) -> Vec<(String, ArrayViewD<'_, F>)> {
        self.named().0
    }

    /// As [`Self::parameters`], to write to.
    pub fn parameters_mut(&mut self) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        self.named_mut().0
    }

    /// The parameters in the same order without their names.
    pub(crate) fn parameter_arrays(&self) -> impl Iterator<Item = ArrayViewD<'_, F>> {
        self.layers.iter().filter_map(|named| named.layer.arrays().weight_and_bias).flatten()
    }

    /// As [`Self::parameter_arrays`], to write to.
    pub(crate) fn parameter_arrays_mut(&mut self) -> impl Iterator<Item = ArrayViewMutD<'_, F>> {
        self.layers
            .iter_mut()
            .filter_map(|named| named.layer.arrays_mut().weight_and_bias)
            .flatten()
    }

    /// The state that is not a parameter, such as `model.1.running_mean`.
    pub fn buffers(&self) -> Vec<(String, ArrayViewD<'_, F>)> {
        self.named().1
    }

    /// As [`Self::buffers`], to write to.
    pub fn buffers_mut(&mut self) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        self.named_mut().1
    }

    /// Parameters, then buffers: everything that PyTorch's state dict has, but for
    /// `num_batches_tracked`.
    pub fn state(&self) -> Vec<(String, ArrayViewD<'_, F>)> {
        let (parameters, buffers) = self.named();
        [parameters, buffers].into_iter().flatten().collect()
    }

    /// As [`Self::state`], to write to.
    pub fn state_mut(&mut self) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        let (parameters, buffers) = self.named_mut();
        [parameters, buffers].into_iter().flatten().collect()
    }

    /// The norms in order, each with its name in PyTorch, such as `model.1`.
    pub fn norms(&self) -> impl Iterator<Item = (&str, NormFacts<'_, F>)> {
        self.layers.iter().filter_map(|NamedLayer { name, layer, .. }| {
            layer.norm().map(|facts| (name.as_str(), facts))
        })
    }

    /// The names of the numbers that its layers compute.
    pub fn numerics(&self) -> impl Iterator<Item = Numerics> {
        self.layers.iter().map(|named| named.layer.numerics())
    }

    /// The batch norms, ghost and noisy ones among them, in order: the place of each among the layers, its name, and
    /// itself.
    pub(crate) fn batch_norms(&self) -> impl Iterator<Item = (usize, &str, &BatchNorm<F>)> {
        self.layers.iter().enumerate().filter_map(|(index, NamedLayer { name, layer })| {
            layer.batch_norm().map(|norm| (index, name.as_str(), norm))
        })
    }

    /// The network without what is drawn at random in training, which evaluation leaves out, too: its
    /// dropouts, and the noise behind its batch norms.
    pub(crate) fn without_randomness(&self) -> Self {
        let mut network = self.clone();
        network.layers.retain(|named| !matches!(named.layer, Layer::Dropout(_)));
        for NamedLayer { layer, .. } in &mut network.layers {
            if let Layer::NoisyBatchNorm(NoisyBatchNorm { norm }) = layer {
                *layer = Layer::BatchNorm(norm.clone());
            }
        }
        network
    }

    /// The number of values in the parameters of `child` (`"model"` or `"fc"`).
    pub fn parameter_count(&self, child: &str) -> usize {
        self.parameters()
            .iter()
            .filter(|(name, _)| name.split('.').next() == Some(child))
            .map(|(_, array)| array.len())
            .sum()
    }

    fn named(&self) -> (Named<ArrayViewD<'_, F>>, Named<ArrayViewD<'_, F>>) {
        named(self.layers.iter().map(|named| (named.name.as_str(), named.layer.arrays())))
    }

    fn named_mut(&mut self) -> (Named<ArrayViewMutD<'_, F>>, Named<ArrayViewMutD<'_, F>>) {
        named(
            self.layers
                .iter_mut()
                .map(|NamedLayer { name, layer, .. }| (name.as_str(), layer.arrays_mut())),
        )
    }
}

/// Arrays by their names in PyTorch's state dict.
type Named<A> = Vec<(String, A)>;

/// The parameters and the buffers of these layers.
fn named<'a, A>(layers: impl Iterator<Item = (&'a str, LayerArrays<A>)>) -> (Named<A>, Named<A>) {
    let (mut parameters, mut buffers) = (Vec::new(), Vec::new());
    for (layer, arrays) in layers {
        let name = |(array, values)| (format!("{layer}.{array}"), values);
        let LayerArrays { weight_and_bias, buffers: own } = arrays;
        parameters.extend(
            ["weight", "bias"].into_iter().zip(weight_and_bias.into_iter().flatten()).map(name),
        );
        buffers.extend(own.into_iter().map(name));
    }
    (parameters, buffers)
}
