//! Arrays whose memory is used again from step to step.

use std::mem;

use kernels::Real;
use ndarray::{Array, ArrayD, ArrayViewD, Dimension, IxDyn, ShapeBuilder};

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

/// Gives an array the shape of `x`, and its memory layout where that is contiguous, with elements of
/// any value.
pub(super) fn make_like<F: Real>(array: &mut ArrayD<F>, x: &ArrayViewD<'_, F>) {
    if array.shape() == x.shape() && array.strides() == x.strides() {
        return;
    }
    reshape(array, x.shape());
    let is_positive = x.strides().iter().all(|&stride| stride > 0);
    if is_positive && x.as_slice_memory_order().is_some() {
        let mut strides = x.raw_dim();
        for (axis, &stride) in x.strides().iter().enumerate() {
            strides[axis] = stride.unsigned_abs();
        }
        let (elements, _) = mem::replace(array, nothing()).into_raw_vec_and_offset();
        match ArrayD::from_shape_vec(x.raw_dim().strides(strides), elements) {
            Ok(like) => *array = like,
            Err(_) => reshape(array, x.shape()),
        }
    }
}

/// Makes `array` equal to `x`, with its memory layout where that is contiguous.
pub(super) fn copy<F: Real>(x: ArrayViewD<'_, F>, array: &mut ArrayD<F>) {
    make_like(array, &x);
    array.assign(&x);
}
