//! Arrays whose memory is used again from step to step, and how much it is.

use std::mem;

use kernels::batch_norm::BatchStatistics;
use kernels::ghost_batch_norm::GhostStatistics;
use kernels::group_norm::GroupStatistics;
use ndarray::{Array, ArrayD, Dimension, IxDyn};

/// What is held from a forward pass for its backward pass.
pub(super) trait Held {
    /// The bytes of its elements.
    fn bytes(&self) -> usize;

    /// The bytes that the backward pass works with, where they grow with the batch and no array shows them.
    fn bytes_of_backward(&self) -> usize {
        0
    }
}

impl Held for () {
    fn bytes(&self) -> usize {
        0
    }
}

impl<T, D: Dimension> Held for Array<T, D> {
    fn bytes(&self) -> usize {
        self.len() * size_of::<T>()
    }
}

impl Held for GroupStatistics {
    fn bytes(&self) -> usize {
        self.bytes()
    }

    fn bytes_of_backward(&self) -> usize {
        self.bytes_of_backward()
    }
}

impl Held for Option<GhostStatistics> {
    /// A few numbers per channel of each ghost batch, which are no matter beside it.
    fn bytes(&self) -> usize {
        0
    }
}

impl Held for Option<BatchStatistics> {
    /// A few numbers per channel, which are no matter beside a batch.
    fn bytes(&self) -> usize {
        0
    }
}

/// An array without elements.
pub(super) fn nothing<T: Clone + Default>() -> ArrayD<T> {
    ArrayD::default(IxDyn(&[0]))
}

/// Lends an array to a kernel that writes one of rank `D`; one of another rank, as an array without
/// elements is, is lost.
pub(super) fn lend<T: Clone + Default, D: Dimension, R>(
    array: &mut ArrayD<T>,
    write: impl FnOnce(&mut Array<T, D>) -> R,
) -> R {
    let lent = mem::replace(array, nothing());
    let rank = D::NDIM.unwrap_or_default();
    let mut lent = lent.into_dimensionality().unwrap_or_else(|_| Array::default(D::zeros(rank)));
    let result = write(&mut lent);
    *array = lent.into_dyn();
    result
}

/// Gives an array this shape in standard layout, with elements of any value.
pub(super) fn reshape<T: Clone + Default>(array: &mut ArrayD<T>, shape: &[usize]) {
    if array.shape() == shape && array.is_standard_layout() {
        return;
    }
    let (mut elements, _) = mem::replace(array, nothing()).into_raw_vec_and_offset();
    elements.resize(shape.iter().product(), T::default());
    if let Ok(reshaped) = ArrayD::from_shape_vec(IxDyn(shape), elements) {
        *array = reshaped;
    }
}
