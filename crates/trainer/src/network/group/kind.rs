//! The trait of layers that are computed together.

use std::fmt::Debug;

use kernels::{KernelError, Real};
use ndarray::{ArrayD, ArrayViewD};

use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;
use crate::random_stream::Stream;

/// What a pass of a group gives.
pub(crate) type Result<T> = std::result::Result<T, KernelError>;

/// Neighbouring layers that are computed together, of which at most two have parameters. Every bit is as
/// one layer after the other computes it.
///
/// A forward pass writes the output of the last layer to the last of `records`, of which there is one per
/// layer, and what the backward pass needs to any. The outputs of the other layers stay empty, unless it
/// [keeps](Self::keeps_outputs) them.
pub(in crate::network) trait LayerGroup<F: Real>: Debug + Sync {
    /// The number of layers.
    fn layers(&self) -> usize;

    /// Whether these layers begin with such a group.
    fn begins(&self, layers: &[NamedLayer<F>]) -> bool;

    /// Of how many layers, from the first on, a pass in training writes the outputs to their records as
    /// well. Evaluation leaves them as they were, so that the next training step has their memory.
    fn keeps_outputs(&self) -> usize {
        0
    }

    /// Whether it leaves out the input of an activation, which observations show.
    fn hides_activations(&self) -> bool {
        false
    }

    /// Whether [`Self::backward`] leaves dx where `dout` was.
    fn is_backward_in_place(&self, _: &[NamedLayer<F>]) -> bool {
        false
    }

    /// The forward pass in training; that in evaluation, unless there is another.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `x` does not fit the layers.
    fn forward_train(
        &self,
        layers: &mut [NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        _: &mut Stream,
        records: &mut [Record<F>],
    ) -> Result<()> {
        self.forward_eval(layers, x, records)
    }

    /// The forward pass in evaluation. The layers stay as they are.
    ///
    /// # Errors
    ///
    /// As for [`Self::forward_train`].
    fn forward_eval(
        &self,
        layers: &[NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        records: &mut [Record<F>],
    ) -> Result<()>;

    /// The gradients of [`Self::forward_train`], where [`GroupBackward`] says.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `records` are not from these layers, or `dout` is not of the output's shape.
    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        records: &[Record<F>],
        pass: GroupBackward<'_, F>,
    ) -> Result<()>;
}

/// What the backward pass of a group reads and writes, as [`Backward`](crate::network::layer::Backward) for
/// a layer.
#[derive(Debug)]
pub(in crate::network) struct GroupBackward<'a, F> {
    /// The input of the forward pass in training.
    pub(in crate::network) x: ArrayViewD<'a, F>,
    /// The gradient with respect to the output, or, after a pass in place, to the input.
    pub(in crate::network) dout: &'a mut ArrayD<F>,
    /// For the gradient with respect to the input, unless the pass is in place.
    pub(in crate::network) dx: Option<&'a mut ArrayD<F>>,
    /// For the gradients with respect to weight and bias of each layer that has them, in order.
    pub(in crate::network) parameters: [Option<[&'a mut ArrayD<F>; 2]>; 2],
}

/// Refuses layers or records that are not those of the group.
pub(super) fn of_other_layers<T>() -> Result<T> {
    Err(KernelError::Config {
        operation: "network",
        parameter: "the tape",
        expected: "from the forward pass of these layers",
        got: "that of others".to_owned(),
    })
}
