//! Memory layouts. Images have the logical axes `(N, C, H, W)` everywhere; in *channels-last*
//! memory the `C` values of a pixel are neighbours, as if the array were `(N, H, W, C)`.

use std::cmp::Reverse;
use std::mem;

use ndarray::{
    Array, Array1, Array4, ArrayBase, ArrayView, ArrayView4, ArrayViewD, CowArray, Data, DataMut,
    Dimension, IntoDimension, Ix4, RawData, Zip, s,
};
use num_traits::Zero;

use super::aligned;
use super::parallel::{Images, divide};
use super::real::Real;
use crate::error::KernelError;

/// Views an array of run-time rank as one of rank `D`.
///
/// # Errors
///
/// [`KernelError::Rank`] when it has another number of axes; `operation` and `argument` name it.
pub fn with_rank<'a, F, D: Dimension>(
    operation: &'static str,
    argument: &'static str,
    array: ArrayViewD<'a, F>,
) -> Result<ArrayView<'a, F, D>, KernelError> {
    let got = array.ndim();
    let expected = D::NDIM.unwrap_or(got);
    array.into_dimensionality().map_err(|_| KernelError::Rank {
        operation,
        argument,
        expected,
        got,
    })
}

/// The `(N, H, W, C)` array in standard layout behind an `(N, C, H, W)` view: a view of the same
/// memory when that is channels-last, a copy otherwise.
pub(crate) fn to_channels_last<T: Clone>(images: ArrayView4<'_, T>) -> CowArray<'_, T, Ix4> {
    let pixels = images.permuted_axes([0, 2, 3, 1]);
    if pixels.is_standard_layout() {
        CowArray::from(pixels)
    } else {
        CowArray::from(pixels.as_standard_layout().into_owned())
    }
}

/// Names the axes of an `(N, H, W, C)` array `(N, C, H, W)`; moves no data.
pub(crate) fn from_channels_last<S: RawData>(pixels: ArrayBase<S, Ix4>) -> ArrayBase<S, Ix4> {
    pixels.permuted_axes([0, 3, 1, 2])
}

/// Writes to `out` the columns of each of some matrices, which have `each` values in rows of `width`. Neither may
/// be 0, and `each` is a multiple of `width`.
pub(crate) fn transpose_each<F: Real>(matrices: &[F], each: usize, width: usize, out: &mut [F]) {
    let (count, height) = (matrices.len() / each, each / width);
    let parts = (Images::new(matrices, each), Images::new(out, each));
    divide(count, matrices.len() / 4, parts, &|(matrices, out)| {
        for (matrix, out) in matrices.iter().zip(out.iter_mut()) {
            for (at, column) in out.chunks_exact_mut(height).enumerate() {
                for (value, row) in column.iter_mut().zip(matrix.chunks_exact(width)) {
                    *value = row[at];
                }
            }
        }
    });
}

/// Replaces each element of `a` by `f` of it and that of `b`, which must be of the same shape.
pub(crate) fn update_pairs<F: Real, D: Dimension>(
    a: &mut Array<F, D>,
    b: ArrayView<'_, F, D>,
    f: impl Fn(F, F) -> F + Sync,
) {
    // An axis of one element may have any stride.
    let mut strides = a.shape().iter().zip(a.strides().iter().zip(b.strides()));
    if strides.all(|(&length, (of_a, of_b))| length <= 1 || of_a == of_b)
        && let (Some(a), Some(b)) = (a.as_slice_memory_order_mut(), b.as_slice_memory_order())
    {
        let (count, values) = (a.len(), (Images::new(a, 1), Images::new(b, 1)));
        return divide(count, count / 16, values, &|(a, b)| {
            a.all().iter_mut().zip(b.all()).for_each(|(a, &b)| *a = f(*a, b));
        });
    }
    Zip::from(a).and(b).for_each(|a, &b| *a = f(*a, b));
}

/// An array of this shape with elements of any value, in the memory of `old` where that has room.
/// Sizes that no memory holds, which a padding or an image size can ask for, are an error and not
/// an abort.
pub(crate) fn reused<T: Clone + Zero, S: IntoDimension>(
    operation: &'static str,
    shape: S,
    old: &mut Array<T, S::Dim>,
) -> Result<Array<T, S::Dim>, KernelError> {
    let shape = shape.into_dimension();
    let too_large = || KernelError::TooLarge { operation, shape: shape.slice().to_vec() };
    let count = element_count(shape.slice()).ok_or_else(too_large)?;
    let room = aligned::room::<T>(count).ok_or_else(too_large)?;
    let nothing = Array::zeros(S::Dim::zeros(shape.ndim()));
    let (mut elements, _) = mem::replace(old, nothing).into_raw_vec_and_offset();
    if elements.capacity() < room {
        // Nothing of the old elements need be moved.
        elements = Vec::new();
        elements.try_reserve_exact(room).map_err(|_| too_large())?;
    }
    elements.resize(room, T::zero());
    let first = aligned::first(&elements, count);
    let elements = Array1::from_vec(elements).slice_move(s![first..first + count]);
    elements.into_shape_with_order(shape.clone()).map_err(|_| too_large())
}

/// As [`reused`], of the shape of `like`, and of its memory layout where that is contiguous.
pub(crate) fn reused_like<T: Clone + Zero, D: Dimension>(
    operation: &'static str,
    like: &ArrayView<'_, T, D>,
    old: &mut Array<T, D>,
) -> Result<Array<T, D>, KernelError> {
    // An axis of one element may have any stride.
    let mut axes = like.shape().iter().zip(like.strides());
    let is_forwards = axes.all(|(&length, &stride)| length <= 1 || stride > 0);
    if !is_forwards || like.as_slice_memory_order().is_none() {
        return reused(operation, like.raw_dim(), old);
    }
    // The axes from the one with the largest steps in memory to the one with the smallest.
    let mut axes: Vec<usize> = (0..like.ndim()).collect();
    axes.sort_by_key(|&axis| Reverse(like.strides()[axis]));
    let (mut shape, mut back) = (like.raw_dim(), like.raw_dim());
    for (place, &axis) in axes.iter().enumerate() {
        shape[place] = like.shape()[axis];
        back[axis] = place;
    }
    Ok(reused(operation, shape, old)?.permuted_axes(back))
}

/// Makes `out` equal to `x`, in its own memory where that has room, and in the memory layout of `x`
/// where that is contiguous.
///
/// # Errors
///
/// [`KernelError::TooLarge`] when there is no memory for `out`; what it held is then lost.
pub fn copy_into<T: Clone + Zero, D: Dimension>(
    x: ArrayView<'_, T, D>,
    out: &mut Array<T, D>,
) -> Result<(), KernelError> {
    copy_into_as("copy", x, out)
}

/// As [`copy_into`], for this operation.
pub(crate) fn copy_into_as<T: Clone + Zero, D: Dimension>(
    operation: &'static str,
    x: ArrayView<'_, T, D>,
    out: &mut Array<T, D>,
) -> Result<(), KernelError> {
    *out = reused_like(operation, &x, out)?;
    out.assign(&x);
    Ok(())
}

/// An array without elements, for a kernel to put its result in.
pub(crate) fn nothing<T: Clone + Zero>() -> Array4<T> {
    Array4::zeros([0; 4])
}

/// How many elements an array of this shape has; `None` if that is more than can be counted.
pub(crate) fn element_count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length))
}

/// The elements in order of an array that the crate itself brought into standard layout.
#[expect(
    clippy::expect_used,
    reason = "every caller has made the array standard; no input gets here"
)]
pub(crate) fn elements<S: Data, D: Dimension>(array: &ArrayBase<S, D>) -> &[S::Elem] {
    array.as_slice().expect("the array is in standard layout")
}

/// As [`elements`], to write to.
#[expect(
    clippy::expect_used,
    reason = "every caller has made the array standard; no input gets here"
)]
pub(crate) fn elements_mut<S: DataMut, D: Dimension>(
    array: &mut ArrayBase<S, D>,
) -> &mut [S::Elem] {
    array.as_slice_mut().expect("the array is in standard layout")
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, Axis, IxDyn, Slice};

    use super::*;

    /// All orders of so many axes.
    fn orders(axes: usize) -> Vec<Vec<usize>> {
        let Some(last) = axes.checked_sub(1) else { return vec![Vec::new()] };
        let insert = |order: Vec<usize>| {
            (0..axes).map(move |at| {
                let mut order = order.clone();
                order.insert(at, last);
                order
            })
        };
        orders(last).into_iter().flat_map(insert).collect()
    }

    /// Strides along axes of more than one element; those along others say nothing.
    fn strides<T>(array: &ArrayViewD<'_, T>) -> Vec<Option<isize>> {
        let axes = array.shape().iter().zip(array.strides());
        axes.map(|(&length, &stride)| (length > 1).then_some(stride)).collect()
    }

    fn copy(x: ArrayViewD<'_, u32>) -> ArrayD<u32> {
        let mut out = ArrayD::from_elem(IxDyn(&vec![1; x.ndim()]), 7);
        copy_into(x.view(), &mut out).unwrap();
        assert_eq!(out, x);
        out
    }

    #[test]
    fn a_contiguous_layout_is_kept_whatever_the_order_of_axes() {
        // Large enough to begin at a cache line, and small; with axes of one element anywhere, and none.
        let shapes: [&[usize]; 10] = [
            &[5],
            &[1],
            &[700],
            &[3, 4],
            &[1, 4],
            &[2, 3, 4],
            &[1, 3, 1],
            &[2, 3, 4, 5],
            &[7, 1, 30, 1],
            &[2, 3, 0, 5],
        ];
        for shape in shapes {
            let count = shape.iter().product::<usize>() as u32;
            let x = ArrayD::from_shape_vec(IxDyn(shape), (0..count).collect()).unwrap();
            for order in orders(shape.len()) {
                let x = x.view().permuted_axes(IxDyn(&order));
                assert_eq!(strides(&copy(x.view()).view()), strides(&x), "{shape:?} {order:?}");
            }
        }
    }

    #[test]
    fn the_stride_of_an_axis_of_one_element_does_not_matter() {
        let x = ArrayD::from_shape_fn(IxDyn(&[5, 3, 4, 6]), |at| at.as_array_view().sum() as u32);
        for order in orders(4) {
            let x = x.view().permuted_axes(IxDyn(&order));
            let first = order.iter().position(|&axis| axis == 0).unwrap();
            // A slice of one image; the same reversed, and as a view without the axis is given one.
            let image = x.slice_axis(Axis(first), Slice::from(2..3));
            let mut reversed = image.clone();
            reversed.invert_axis(Axis(first));
            let inserted = image.clone().index_axis_move(Axis(first), 0).insert_axis(Axis(first));
            for x in [image, reversed, inserted] {
                let expected = strides(&x);
                assert_eq!(
                    strides(&copy(x.view()).view()),
                    expected,
                    "{order:?} {:?}",
                    x.strides()
                );
            }
        }
    }

    #[test]
    fn other_layouts_become_standard() {
        let x = ArrayD::from_shape_fn(IxDyn(&[5, 3, 4]), |at| at.as_array_view().sum() as u32);
        let mut reversed = x.view();
        reversed.invert_axis(Axis(1));
        let every_second = x.slice_axis(Axis(2), Slice::from(..).step_by(2));
        let repeated = x.slice_axis(Axis(0), Slice::from(..1));
        let repeated = repeated.broadcast(IxDyn(&[6, 3, 4])).unwrap();
        for x in [reversed, every_second, repeated] {
            assert!(copy(x).is_standard_layout());
        }
    }
}
