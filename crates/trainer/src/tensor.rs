//! Arrays as safetensors has them: numbers in logical order, little-endian.

use kernels::Real;
use ndarray::{ArrayViewD, ArrayViewMutD};
use safetensors::tensor::Dtype;

/// The format's name for the type of these numbers.
pub(crate) fn dtype<F: Real>() -> Dtype {
    if is_double::<F>() { Dtype::F64 } else { Dtype::F32 }
}

/// The numbers of an array.
pub(crate) fn to_bytes<F: Real>(array: ArrayViewD<'_, F>) -> Vec<u8> {
    let values = array.iter().map(|value| value.to_f64());
    if is_double::<F>() {
        values.flat_map(f64::to_le_bytes).collect()
    } else {
        values.flat_map(|value| (value as f32).to_le_bytes()).collect()
    }
}

/// Fills an array with as many numbers of its own type.
pub(crate) fn copy<F: Real>(bytes: &[u8], mut array: ArrayViewMutD<'_, F>) {
    if is_double::<F>() {
        for (value, bytes) in array.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *value = F::from_f64(f64::from_le_bytes(*bytes));
        }
    } else {
        for (value, bytes) in array.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *value = F::from_f64(f64::from(f32::from_le_bytes(*bytes)));
        }
    }
}

/// [`Real`] is `f32` or `f64`, and converting between them by way of `f64` is exact.
fn is_double<F: Real>() -> bool {
    size_of::<F>() == size_of::<f64>()
}
