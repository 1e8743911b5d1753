//! Passes over a batch that treat each channel apart: sums over all else, and element by element.
//!
//! Both take the batch in the axis order `(N, H, W, C)`, whatever its memory; plain batch norm is
//! the case H = W = 1. They walk it in the order that its memory favours, which changes no result:
//! a channel's sum always runs over the pixels of an image in order, then over the images.

use std::convert::Infallible;

use ndarray::{ArrayView4, ArrayViewMut4, Axis, Zip};

use crate::Real;
use crate::engine::parallel::{Images, divide};
use crate::engine::simd::{self, InstructionSet, LANES, Number};

/// The channel axis of one image, `(H, W, C)`.
const IMAGE_C: Axis = Axis(2);

/// What a pass computes of each element: `T` numbers from the channel's own `P`, and from the
/// elements of two batches; lane by lane where `V` is a vector.
pub(crate) trait Term<const P: usize, const T: usize> {
    /// Implementations must be `#[inline(always)]`, see [`simd`].
    fn of<V: Number>(channel: [V; P], a: V, b: V) -> [V; T];
}

/// `COUNT` numbers of each of [`LANES`] channels, number by number.
pub(crate) type Lanes<const COUNT: usize> = [[f64; LANES]; COUNT];

/// The numbers of all channels, the last vectors filled up with zeros.
fn in_lanes<const COUNT: usize>(channels: &[[f64; COUNT]]) -> Vec<Lanes<COUNT>> {
    let block = |channels: &[[f64; COUNT]]| {
        let mut lanes = [[0.0; LANES]; COUNT];
        for (l, channel) in channels.iter().enumerate() {
            for (lanes, &value) in lanes.iter_mut().zip(channel) {
                lanes[l] = value;
            }
        }
        lanes
    };
    channels.chunks(LANES).map(block).collect()
}

/// Whether the values of a pixel lie closer together in memory than neighbouring pixels do.
fn is_channels_last(shape: &[usize], strides: &[isize]) -> bool {
    let pixel_stride = match (shape[1], shape[2]) {
        (1, 1) => return true,
        (_, 1) => strides[1],
        (_, _) => strides[2],
    };
    shape[3] > 1 && strides[3].unsigned_abs() <= pixel_stride.unsigned_abs()
}

/// Sums the terms of `a` and `b` over N, H and W for each channel.
pub(crate) fn sums<S: Term<P, T>, F: Real, const P: usize, const T: usize>(
    a: ArrayView4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[[f64; P]],
) -> Vec<[f64; T]> {
    let mut totals = vec![[0.0; T]; channels.len()];
    let add = |sum: &mut [f64; T], addend: [f64; T]| {
        for (sum, addend) in sum.iter_mut().zip(addend) {
            *sum += addend;
        }
    };
    if let (Some(pixels_a), Some(pixels_b)) = (a.to_slice(), b.to_slice())
        && let (Some(pixels_a), Some(pixels_b)) = (F::single(pixels_a), F::single(pixels_b))
    {
        let (n, h, w, c) = a.dim();
        // Rows are summed as the pixels of one image are.
        let (n, pixels) = if h * w == 1 { (1, n) } else { (n, h * w) };
        let channels = in_lanes(channels);
        let mut of_images = vec![[[0.0; LANES]; T]; n * channels.len()];
        let batch = (
            Images::new(pixels_a, pixels * c),
            Images::new(pixels_b, pixels * c),
            Images::new(of_images.as_mut_slice(), channels.len()),
        );
        let set = InstructionSet::in_use();
        let Ok(()) = divide::<_, Infallible>(n, pixels_a.len() / 12, batch, &|(a, b, sums)| {
            for ((a, b), sums) in a.iter().zip(b.iter()).zip(sums.iter_mut()) {
                simd::add_pixels::<S, P, T>(set, [a, b], c, &channels, sums);
            }
            Ok(())
        });
        for of_image in of_images.chunks_exact(channels.len().max(1)) {
            for (totals, lanes) in totals.chunks_mut(LANES).zip(of_image) {
                for (l, total) in totals.iter_mut().enumerate() {
                    add(total, lanes.map(|lanes| lanes[l]));
                }
            }
        }
        return totals;
    }
    let mut image_sums = totals.clone();
    let pixel_major = is_channels_last(a.shape(), a.strides());
    for (a, b) in a.outer_iter().zip(b.outer_iter()) {
        image_sums.fill([0.0; T]);
        if pixel_major {
            Zip::from(a.rows()).and(b.rows()).for_each(|a, b| {
                for (((sum, channel), a), b) in image_sums.iter_mut().zip(channels).zip(a).zip(b) {
                    add(sum, S::of(*channel, a.to_f64(), b.to_f64()));
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
                    add(sum, S::of(*channel, a.to_f64(), b.to_f64()));
                }
            }
        }
        for (total, &image_sum) in totals.iter_mut().zip(&image_sums) {
            add(total, image_sum);
        }
    }
    totals
}

/// Replaces each element `a` by its term, rounded once.
pub(crate) fn update<S: Term<P, 1>, F: Real, const P: usize>(
    mut a: ArrayViewMut4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[[f64; P]],
) {
    let images = b.len_of(Axis(0)).max(1);
    if let (Some(pixels_a), Some(pixels_b)) = (a.as_slice_mut(), b.to_slice())
        && let (Some(pixels_a), Some(pixels_b)) = (F::single_mut(pixels_a), F::single(pixels_b))
    {
        let values = pixels_b.len();
        let batch =
            (Images::new(pixels_a, values / images), Images::new(pixels_b, values / images));
        let (set, width, channels) = (InstructionSet::in_use(), channels.len(), in_lanes(channels));
        let Ok(()) = divide::<_, Infallible>(images, values / 12, batch, &|(a, b)| {
            simd::update_pixels::<S, P>(set, a.all(), b.all(), width, &channels);
            Ok(())
        });
        return;
    }
    let replace = |channel: &[f64; P], a: &mut F, b: &F| {
        let [value] = S::of(*channel, a.to_f64(), b.to_f64());
        *a = F::from_f64(value);
    };
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
