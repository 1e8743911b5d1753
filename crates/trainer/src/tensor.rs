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

/// The numbers of a tensor of this type, each as the nearest `F`; none of a type other than float32
/// and float64.
pub(crate) fn from_bytes<F: Real>(dtype: Dtype, bytes: &[u8]) -> Option<Vec<F>> {
    if dtype == Dtype::F32 {
        Some(numbers(bytes, |bytes| f64::from(f32::from_le_bytes(bytes))))
    } else if dtype == Dtype::F64 {
        Some(numbers(bytes, f64::from_le_bytes))
    } else {
        None
    }
}

fn numbers<F: Real, const BYTES: usize>(bytes: &[u8], number: fn([u8; BYTES]) -> f64) -> Vec<F> {
    bytes.as_chunks().0.iter().map(|&bytes| F::from_f64(number(bytes))).collect()
}

/// Fills an array with as many numbers of its own type.
pub(crate) fn copy<F: Real>(bytes: &[u8], mut array: ArrayViewMutD<'_, F>) {
    let numbers = from_bytes::<F>(dtype::<F>(), bytes).into_iter().flatten();
    for (value, number) in array.iter_mut().zip(numbers) {
        *value = number;
    }
}

/// [`Real`] is `f32` or `f64`, and converting between them by way of `f64` is exact.
fn is_double<F: Real>() -> bool {
    size_of::<F>() == size_of::<f64>()
}
