//! Networks: layers in order, with names for their parameters.

mod activations;
mod architecture;
mod fully_connected;
mod initialization;
mod layer;
mod parameters;
mod simple_network;
mod spatial_batch_norm_network;
mod summary;

use kernels::{Real, with_rank};
use ndarray::{Array2, Array4, ArrayD, ArrayView2, ArrayView4, ArrayViewD, ArrayViewMutD, Ix2};

use crate::TrainError;
use crate::random::Stream;

pub use activations::{Activation, NamedBatchNorm};
pub use architecture::Architecture;
pub use initialization::Initializer;
pub use layer::{Layer, LayerGradients, Saved};
pub use parameters::{BatchNorm, Conv2d, Linear};
pub use summary::ModelSummary;

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
}

impl<F> NamedLayer<F> {
    fn new(name: &str, layer: Layer<F>) -> Self {
        Self { name: name.to_owned(), layer }
    }

    fn model(layers: Vec<Layer<F>>) -> impl Iterator<Item = Self> {
        layers
            .into_iter()
            .enumerate()
            .map(|(index, layer)| Self { name: format!("model.{index}"), layer })
    }
}

/// What the backward pass needs from a forward pass, layer by layer.
#[derive(Debug, Clone)]
pub struct Tape<F> {
    saved: Vec<Saved<F>>,
}

/// The gradients of the loss with respect to all parameters of a network, in the order and the
/// shapes of [`Network::parameters`].
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients<F> {
    parameters: Vec<ArrayD<F>>,
}

impl<F> Gradients<F> {
    /// One array a parameter.
    pub fn parameters(&self) -> &[ArrayD<F>] {
        &self.parameters
    }
}

impl<F: Real> Network<F> {
    /// The stack `model`, whose layers are called `model.0`, `model.1` and so on, and the head
    /// `fc`, which reads its output flattened: PyTorch's names for the notebook's networks.
    pub fn with_linear_head(model: Vec<Layer<F>>, fc: Linear<F>) -> Self {
        let head =
            [NamedLayer::new("flatten", Layer::Flatten), NamedLayer::new("fc", Layer::Linear(fc))];
        Self { layers: NamedLayer::model(model).chain(head).collect() }
    }

    /// The stack `model` alone, whose layers are called `model.0`, `model.1` and so on, and which
    /// reads the images flattened: PyTorch's names for the networks of the notebook's lesson
    /// before.
    pub fn of_flat_images(model: Vec<Layer<F>>) -> Self {
        let flatten = [NamedLayer::new("flatten", Layer::Flatten)];
        Self { layers: flatten.into_iter().chain(NamedLayer::model(model)).collect() }
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
        let mut x = images.into_dyn();
        let mut saved = Vec::with_capacity(self.layers.len());
        for NamedLayer { layer, .. } in &mut self.layers {
            let (out, kept) = layer.forward_train(x, random)?;
            x = out;
            saved.push(kept);
        }
        Ok((logits(x)?, Tape { saved }))
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
        let mut layers = self.layers.iter();
        let mut x = match layers.next() {
            Some(NamedLayer { layer, .. }) => layer.forward_eval(images.into_dyn())?,
            None => images.to_owned().into_dyn(),
        };
        for NamedLayer { layer, .. } in layers {
            x = layer.forward_eval(x.view())?;
        }
        logits(x)
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
        tape: Tape<F>,
        dlogits: ArrayView2<'_, F>,
    ) -> Result<Gradients<F>, TrainError> {
        if tape.saved.len() != self.layers.len() {
            return Err(TrainError::OtherNetwork {
                operation: "backward",
                expected: format!("a tape of {} layers", self.layers.len()),
                got: tape.saved.len().to_string(),
            });
        }
        let mut dout = dlogits.to_owned().into_dyn();
        let mut parameters = Vec::new();
        let layers = self.layers.iter().zip(tape.saved).enumerate().rev();
        for (index, (NamedLayer { layer, .. }, saved)) in layers {
            let gradients = layer.backward(&saved, dout.view(), index > 0)?;
            parameters.extend(gradients.parameters.into_iter().rev());
            match gradients.dx {
                Some(dx) => dout = dx,
                None => break,
            }
        }
        parameters.reverse();
        Ok(Gradients { parameters })
    }

    /// The parameters with their names as in PyTorch's state dict: `model.0.weight`, `fc.bias`.
    pub fn parameters(&self) -> Vec<(String, ArrayViewD<'_, F>)> {
        self.named(Layer::parameters)
    }

    /// As [`Self::parameters`], to write to.
    pub fn parameters_mut(&mut self) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        self.named_mut(|layer| layer.state_mut().0)
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
        for NamedLayer { name, layer } in &mut self.layers {
            let named = |(array_name, array)| (format!("{name}.{array_name}"), array);
            let (parameters, buffers) = layer.state_mut();
            state.extend(parameters.into_iter().map(named));
            all_buffers.extend(buffers.into_iter().map(named));
        }
        state.append(&mut all_buffers);
        state
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
        for NamedLayer { name, layer } in &self.layers {
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
        for NamedLayer { name, layer } in &mut self.layers {
            for (array_name, array) in arrays(layer) {
                all.push((format!("{name}.{array_name}"), array));
            }
        }
        all
    }
}

fn logits<F: Real>(x: ArrayD<F>) -> Result<Array2<F>, TrainError> {
    let view = with_rank::<_, Ix2>("network", "logits", x.view())?;
    Ok(view.to_owned())
}
