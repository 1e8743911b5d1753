//! Networks: layers in order, with names for their parameters.

mod activations;
mod config;
mod gradients;
mod initialization;
mod layer;
mod memory;
mod parameters;
pub mod preset;
mod summary;
mod tape;
mod turn;

use kernels::Real;
use ndarray::{Array2, Array4, ArrayView2, ArrayView4, ArrayViewD, ArrayViewMutD};

use crate::TrainError;
use crate::numerics::Numerics;
use crate::random::Stream;

pub use activations::{NamedBatchNorm, ObservedActivation};
pub use config::{NetworkConfig, NetworkKind, UnknownNetwork};
pub use gradients::Gradients;
pub use initialization::Initializer;
pub use layer::{Activation, Layer, Norm, Saved};
pub use parameters::{BatchNorm, Conv2d, Linear};
pub use preset::Preset;
pub use summary::ModelSummary;
pub use tape::Tape;
use turn::Turn;

/// Layers in order, from images to logits.
#[derive(Debug, Clone, PartialEq)]
pub struct Network<F> {
    layers: Vec<NamedLayer<F>>,
}

#[derive(Debug, Clone, PartialEq)]
struct NamedLayer<F> {
    /// What precedes the dot in the names of its parameters.
    name: String,
    layer: Layer<F>,
    turn: Turn,
}

impl<F> Network<F> {
    fn new(named: impl Iterator<Item = (String, Layer<F>)>) -> Self {
        let mut layers: Vec<NamedLayer<F>> = Vec::new();
        for (name, layer) in named {
            let mut turn = Turn::InOrder;
            if let (Some(before), Layer::MaxPool2d(_)) = (layers.last_mut(), &layer)
                && matches!(before.layer, Layer::Relu)
            {
                (before.turn, turn) = (Turn::AfterPool, Turn::BeforeRelu);
            }
            layers.push(NamedLayer { name, layer, turn });
        }
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
        let head = [("flatten", Layer::Flatten), ("fc", Layer::Linear(fc))];
        let head = head.map(|(name, layer)| (name.to_owned(), layer));
        Self::new(self::model(model).chain(head))
    }

    /// The stack `model` alone, whose layers are called `model.0`, `model.1` and so on, and which
    /// reads the images flattened: PyTorch's names for the networks of the notebook's lesson
    /// before.
    pub fn of_flat_images(model: Vec<Layer<F>>) -> Self {
        let flatten = [("flatten".to_owned(), Layer::Flatten)];
        Self::new(flatten.into_iter().chain(self::model(model)))
    }

    /// The logits of a batch in training; batch norms move their running statistics, and dropouts
    /// draw their masks from `random`, the step's stream, first layer first.
    ///
    /// # Shapes
    ///
    /// `images` `(N, C, H, W)`, the logits `(N, K)`.
    ///
    /// # Errors
    ///
    /// [`TrainError::Kernel`] when the images do not fit the network, or when a batch norm gets a
    /// single value a channel.
    pub fn forward_train(
        &mut self,
        images: Array4<F>,
        random: &mut Stream,
    ) -> Result<(Array2<F>, Tape<F>), TrainError> {
        let mut tape = Tape::default();
        let logits = self.forward_train_into(images.view(), random, &mut tape)?.to_owned();
        Ok((logits, tape))
    }

    /// The logits of a batch in evaluation: batch norms use their running statistics, and nothing
    /// changes.
    ///
    /// # Shapes
    ///
    /// `images` `(N, C, H, W)`, the logits `(N, K)`.
    ///
    /// # Errors
    ///
    /// [`TrainError::Kernel`] when the images do not fit the network.
    pub fn forward_eval(&self, images: ArrayView4<'_, F>) -> Result<Array2<F>, TrainError> {
        let mut tape = Tape::default();
        Ok(self.forward_eval_into(images, &mut tape)?.to_owned())
    }

    /// The gradients of the loss with respect to all parameters, from the one with respect to the
    /// logits.
    ///
    /// # Shapes
    ///
    /// `dlogits` `(N, K)`, as [`Self::forward_train`] returned the logits together with `tape`.
    ///
    /// # Errors
    ///
    /// [`TrainError`] when the tape or the gradient is not from this network.
    pub fn backward(
        &self,
        mut tape: Tape<F>,
        dlogits: ArrayView2<'_, F>,
    ) -> Result<Gradients<F>, TrainError> {
        let mut gradients = Gradients::new(self, |_| true);
        self.backward_into(&mut tape, dlogits, &mut gradients)?;
        Ok(gradients)
    }

    /// The parameters with their names as in PyTorch's state dict: `model.0.weight`, `fc.bias`.
    pub fn parameters(&self) -> Vec<(String, ArrayViewD<'_, F>)> {
        self.named(Layer::parameters)
    }

    /// As [`Self::parameters`], to write to.
    pub fn parameters_mut(&mut self) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        self.named_mut(|layer| layer.state_mut().0)
    }

    /// The parameters in the same order without their names.
    pub(crate) fn parameter_arrays(&self) -> impl Iterator<Item = ArrayViewD<'_, F>> {
        self.layers.iter().filter_map(|named| named.layer.weight_and_bias()).flatten()
    }

    /// As [`Self::parameter_arrays`], to write to.
    pub(crate) fn parameter_arrays_mut(&mut self) -> impl Iterator<Item = ArrayViewMutD<'_, F>> {
        self.layers.iter_mut().filter_map(|named| named.layer.weight_and_bias_mut()).flatten()
    }

    /// The state that is not a parameter, such as `model.1.running_mean`.
    pub fn buffers(&self) -> Vec<(String, ArrayViewD<'_, F>)> {
        self.named(Layer::buffers)
    }

    /// As [`Self::buffers`], to write to.
    pub fn buffers_mut(&mut self) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        self.named_mut(|layer| layer.state_mut().1)
    }

    /// Parameters, then buffers: everything that PyTorch's state dict has, but for
    /// `num_batches_tracked`.
    pub fn state(&self) -> Vec<(String, ArrayViewD<'_, F>)> {
        [self.parameters(), self.buffers()].into_iter().flatten().collect()
    }

    /// As [`Self::state`], to write to.
    pub fn state_mut(&mut self) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        let (mut state, mut all_buffers) = (Vec::new(), Vec::new());
        for NamedLayer { name, layer, .. } in &mut self.layers {
            let named = |(array_name, array)| (format!("{name}.{array_name}"), array);
            let (parameters, buffers) = layer.state_mut();
            state.extend(parameters.into_iter().map(named));
            all_buffers.extend(buffers.into_iter().map(named));
        }
        state.append(&mut all_buffers);
        state
    }

    /// The names of the numbers that its layers compute.
    pub(crate) fn numerics(&self) -> impl Iterator<Item = Numerics> {
        self.layers.iter().map(|_| crate::numerics::NOTEBOOK)
    }

    /// Whether it has a batch norm of rows, which needs at least two of them to train.
    pub(crate) fn normalizes_rows(&self) -> bool {
        self.layers.iter().any(|named| matches!(named.layer, Layer::BatchNorm(_)))
    }

    /// The number of values in the parameters of `child` (`"model"` or `"fc"`).
    pub fn parameter_count(&self, child: &str) -> usize {
        self.parameters()
            .iter()
            .filter(|(name, _)| name.split('.').next() == Some(child))
            .map(|(_, array)| array.len())
            .sum()
    }

    fn named<'a>(
        &'a self,
        arrays: impl Fn(&'a Layer<F>) -> Vec<(&'static str, ArrayViewD<'a, F>)>,
    ) -> Vec<(String, ArrayViewD<'a, F>)> {
        let mut all = Vec::new();
        for NamedLayer { name, layer, .. } in &self.layers {
            for (array_name, array) in arrays(layer) {
                all.push((format!("{name}.{array_name}"), array));
            }
        }
        all
    }

    fn named_mut(
        &mut self,
        arrays: impl Fn(&mut Layer<F>) -> Vec<(&'static str, ArrayViewMutD<'_, F>)>,
    ) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        let mut all = Vec::new();
        for NamedLayer { name, layer, .. } in &mut self.layers {
            for (array_name, array) in arrays(layer) {
                all.push((format!("{name}.{array_name}"), array));
            }
        }
        all
    }
}
