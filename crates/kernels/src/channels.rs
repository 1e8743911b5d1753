//! Passes over a batch that treat each channel apart: sums over all else, and updates in place.
//!
//! Both take the batch in the axis order `(N, H, W, C)`, whatever its memory; plain batch norm is
//! the case H = W = 1. They walk it in the order that its memory favours, which changes no result:
//! a channel's sum always runs over the pixels of an image in order, then over the images.

use ndarray::{ArrayView4, ArrayViewMut4, Axis, Zip};

use crate::Real;

/// The channel axis of one image, `(H, W, C)`.
const IMAGE_C: Axis = Axis(2);

/// Whether the values of a pixel lie closer together in memory than neighbouring pixels do.
fn is_channels_last(shape: &[usize], strides: &[isize]) -> bool {
    let pixel_stride = match (shape[1], shape[2]) {
        (1, 1) => return true,
        (_, 1) => strides[1],
        (_, _) => strides[2],
    };
    shape[3] > 1 && strides[3].unsigned_abs() <= pixel_stride.unsigned_abs()
}

/// Sums `term(channel's own value, a, b)` over N, H and W for each channel; a term is `TERMS`
/// addends. `channels` has one value a channel.
pub(crate) fn sums<F: Real, P, const TERMS: usize>(
    a: ArrayView4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[P],
    term: impl Fn(&P, f64, f64) -> [f64; TERMS],
) -> Vec<[f64; TERMS]> {
    let mut totals = vec![[0.0; TERMS]; channels.len()];
    let mut image_sums = totals.clone();
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
                for (((sum, channel), a), b) in image_sums.iter_mut().zip(channels).zip(a).zip(b) {
                    add(sum, term(channel, a.to_f64(), b.to_f64()));
                }
            });
        } else {
            for (((sum, channel), a), b) in image_sums
                .iter_mut()
                .zip(channels)
                .zip(a.axis_iter(IMAGE_C))
                .zip(b.axis_iter(IMAGE_C))
            {
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

/// Replaces each element `a` by `f(channel's own value, a, b)`, rounded once.
pub(crate) fn update<F: Real, P>(
    mut a: ArrayViewMut4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[P],
    f: impl Fn(&P, f64, f64) -> f64,
) {
    let replace =
        |channel: &P, a: &mut F, b: &F| *a = F::from_f64(f(channel, a.to_f64(), b.to_f64()));
    if is_channels_last(a.shape(), a.strides()) {
        Zip::from(a.rows_mut()).and(b.rows()).for_each(|a, b| {
            for ((channel, a), b) in channels.iter().zip(a).zip(b) {
                replace(channel, a, b);
            }
        });
    } else {
        for (mut a, b) in a.outer_iter_mut().zip(b.outer_iter()) {
            for ((channel, a), b) in
                channels.iter().zip(a.axis_iter_mut(IMAGE_C)).zip(b.axis_iter(IMAGE_C))
            {
                Zip::from(a).and(b).for_each(|a, b| replace(channel, a, b));
            }
        }
    }
}
