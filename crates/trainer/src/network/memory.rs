//! Arrays whose memory is used again from step to step.

use std::mem;

use ndarray::{Array, ArrayD, Dimension, IxDyn};

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
