//! Passes over a batch that treat each channel apart: sums over all else, and updates in place.
//!
//! Both take the batch in the axis order `(N, H, W, C)`, whatever its memory; plain batch norm is
//! the case H = W = 1. They walk it in the order that its memory favours, which changes no result:
//! a channel's sum always runs over the pixels of an image in order, then over the images.

use ndarray::{ArrayView4, ArrayViewMut4, Axis, Zip};

use crate::Real;

const C: Axis = Axis(3);

/// Whether the values of a pixel lie closer together in memory than neighbouring pixels do.
fn is_channels_last(shape: &[usize], strides: &[isize]) -> bool {
    let pixel_stride = match (shape[1], shape[2]) {
        (1, 1) => return true,
        (_, 1) => strides[1],
        (_, _) => strides[2],
    };
    shape[3] > 1 && strides[3].unsigned_abs() <= pixel_stride.unsigned_abs()
}

/// Sums `term(channel, a, b)` over N, H and W for each channel; each term is `TERMS` addends.
pub(crate) fn sums<F: Real, const TERMS: usize>(
    a: ArrayView4<'_, F>,
    b: ArrayView4<'_, F>,
    term: impl Fn(usize, f64, f64) -> [f64; TERMS],
) -> Vec<[f64; TERMS]> {
    let channels = a.len_of(C);
    let mut totals = vec![[0.0; TERMS]; channels];
    let mut image_sums = vec![[0.0; TERMS]; channels];
    let add = |sum: &mut [f64; TERMS], addend: [f64; TERMS]| {
        for (sum, addend) in sum.iter_mut().zip(addend) {
            *sum += addend;
        }
    };
    let pixel_major = is_channels_last(a.shape(), a.strides());
    for (a, b) in a.outer_iter().zip(b.outer_iter()) {
        image_sums.fill([0.0; TERMS]);
        if pixel_major {
            Zip::from(a.rows()).and(b.rows()).for_each(|a, b| {
                for (channel, (sum, (a, b))) in
                    image_sums.iter_mut().zip(a.iter().zip(b)).enumerate()
                {
                    add(sum, term(channel, a.to_f64(), b.to_f64()));
                }
            });
        } else {
            for (channel, sum) in image_sums.iter_mut().enumerate() {
                let (a, b) = (a.index_axis(Axis(2), channel), b.index_axis(Axis(2), channel));
                for (a, b) in a.iter().zip(b) {
                    add(sum, term(channel, a.to_f64(), b.to_f64()));
                }
            }
        }
        for (total, &image_sum) in totals.iter_mut().zip(&image_sums) {
            add(total, image_sum);
        }
    }
    totals
}

/// Replaces each element `a` by `f(channel, a, b)`, rounded once.
pub(crate) fn update<F: Real>(
    mut a: ArrayViewMut4<'_, F>,
    b: ArrayView4<'_, F>,
    f: impl Fn(usize, f64, f64) -> f64,
) {
    let replace = |channel, a: &mut F, b: &F| *a = F::from_f64(f(channel, a.to_f64(), b.to_f64()));
    if is_channels_last(a.shape(), a.strides()) {
        Zip::from(a.rows_mut()).and(b.rows()).for_each(|a, b| {
            for (channel, (a, b)) in a.into_iter().zip(b).enumerate() {
                replace(channel, a, b);
            }
        });
    } else {
        for (mut a, b) in a.outer_iter_mut().zip(b.outer_iter()) {
            for (channel, (a, b)) in a.axis_iter_mut(Axis(2)).zip(b.axis_iter(Axis(2))).enumerate()
            {
                Zip::from(a).and(b).for_each(|a, b| replace(channel, a, b));
            }
        }
    }
}
