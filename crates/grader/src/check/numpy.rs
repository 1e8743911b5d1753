//! NumPy's rules that the notebook's criteria lean on: they ask for no shapes, so an answer of
//! another shape passes wherever NumPy makes it fit.

use ndarray::{ArrayD, Axis, IxDyn};

use crate::submission::Failure;

/// The most values that two arrays are broadcast to, if neither has more. Two shapes such as (n, 1) and
/// (1, n) give n², which no answer to the notebook needs.
const VALUES_LIMIT: usize = 1 << 16;

/// Both arrays in the shape that NumPy broadcasts them to: shapes are aligned at their ends, and an
/// axis of length 1 fits any. `None`, where NumPy raises an exception, if the shapes do not fit or give far
/// more values than either array has.
pub(super) fn broadcast(a: &ArrayD<f64>, b: &ArrayD<f64>) -> Option<(ArrayD<f64>, ArrayD<f64>)> {
    let axes = a.ndim().max(b.ndim());
    let length = |array: &ArrayD<f64>, axis: usize| {
        (axis + array.ndim()).checked_sub(axes).map_or(1, |axis| array.shape()[axis])
    };
    let shape: Vec<usize> = (0..axes)
        .map(|axis| match (length(a, axis), length(b, axis)) {
            (1, of_b) => of_b,
            (of_a, _) => of_a,
        })
        .collect();
    let limit = VALUES_LIMIT.max(a.len()).max(b.len());
    let values = shape.iter().try_fold(1, |values: usize, &length| values.checked_mul(length));
    let to = |array: &ArrayD<f64>| {
        values.filter(|&values| values <= limit)?;
        array.broadcast(IxDyn(&shape)).map(|view| view.to_owned())
    };
    to(a).zip(to(b))
}

/// That a result has a shape with which NumPy raises an exception.
pub(super) fn misfit(what: &str, found: &[usize], expected: &[usize]) -> Failure {
    let reason = format!("has shape {found:?}, expected {expected:?}");
    Failure::Unusable { what: what.to_owned(), reason }
}

/// `np.mean(array, axis=(0, 2, 3))` and the standard deviation (divided by the number of values)
/// over the same axes. `None`, where NumPy raises an exception, if the array has fewer than four axes.
pub(super) fn mean_and_std(array: &ArrayD<f64>) -> Option<(ArrayD<f64>, ArrayD<f64>)> {
    if array.ndim() < 4 {
        return None;
    }
    let over = |array: &ArrayD<f64>| {
        let values = [0, 2, 3].map(|axis| array.len_of(Axis(axis)) as f64).iter().product::<f64>();
        array.sum_axis(Axis(3)).sum_axis(Axis(2)).sum_axis(Axis(0)) / values
    };
    let mean = over(array);
    let wide = mean.clone().insert_axis(Axis(0)).insert_axis(Axis(2)).insert_axis(Axis(3));
    let squares = (array - &wide).mapv(|value| value * value);
    Some((mean, over(&squares).mapv(f64::sqrt)))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn zeros(shape: &[usize]) -> ArrayD<f64> {
        ArrayD::zeros(IxDyn(shape))
    }

    /// The pairs of NumPy's own documentation of broadcasting, and what it says of them.
    #[test]
    fn shapes_broadcast_as_the_documentation_of_numpy_says() {
        for (a, b, expected) in [
            (&[256, 256, 3][..], &[3][..], Some(&[256, 256, 3][..])),
            (&[8, 1, 6, 1], &[7, 1, 5], Some(&[8, 7, 6, 5])),
            (&[5, 4], &[1], Some(&[5, 4])),
            (&[15, 3, 5], &[15, 1, 5], Some(&[15, 3, 5])),
            (&[3], &[4], None),
            (&[2, 1], &[8, 4, 3], None),
            // These two are too large for us, not for NumPy.
            (&[1000, 1], &[1, 1000], None),
            (&[70_000, 1], &[480], None),
        ] {
            let found = broadcast(&zeros(a), &zeros(b));
            let shapes = found.map(|(a, b)| (a.shape().to_vec(), b.shape().to_vec()));
            let expected = expected.map(|shape| (shape.to_vec(), shape.to_vec()));
            assert_eq!(shapes, expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn mean_and_std_of_each_channel() {
        // Channel 0 holds 1 and 3; channel 1 holds 2 and 2.
        let images = array![[[[1.0]], [[2.0]]], [[[3.0]], [[2.0]]]].into_dyn();
        let (mean, std) = mean_and_std(&images).unwrap();
        assert_eq!((mean, std), (array![2.0, 2.0].into_dyn(), array![1.0, 0.0].into_dyn()));
        assert!(mean_and_std(&zeros(&[2, 2])).is_none());
    }
}
