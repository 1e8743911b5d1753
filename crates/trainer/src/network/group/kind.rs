//! The trait of layers that are computed together.

use std::fmt::Debug;

use kernels::{KernelError, Real};
use ndarray::ArrayViewD;

use crate::network::layer::Backward;
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;
use crate::random_stream::Stream;

/// What a pass of a group gives.
pub(crate) type Result<T> = std::result::Result<T, KernelError>;

/// Neighbouring layers that are computed together, of which at most one has parameters. Every bit is as
/// one layer after the other computes it.
///
/// A forward pass writes the output of the last layer to the last of `records`, of which there is one per
/// layer, and what the backward pass needs to any. The outputs of the other layers stay empty.
pub(in crate::network) trait LayerGroup<F: Real>: Debug + Sync {
    /// The number of layers.
    fn layers(&self) -> usize;

    /// Whether these layers begin with such a group.
    fn begins(&self, layers: &[NamedLayer<F>]) -> bool;

    /// Whether it leaves out the input of an activation, which observations show.
    fn hides_activations(&self) -> bool;

    /// Whether [`Self::backward`] leaves dx where `dout` was.
    fn is_backward_in_place(&self, layers: &[NamedLayer<F>]) -> bool;

    /// The forward pass in training.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `x` does not fit the layers.
    fn forward_train(
        &self,
        layers: &mut [NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        random: &mut Stream,
        records: &mut [Record<F>],
    ) -> Result<()>;

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

    /// The gradients of [`Self::forward_train`], where [`Backward`] says; its parameters are those of the
    /// layer that has any. Where there are several layers and dx is not in place, there is memory for it.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `records` are not from these layers, or `dout` is not of the output's shape.
    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        records: &[Record<F>],
        pass: Backward<'_, F>,
    ) -> Result<()>;
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
