//! Passes over a batch that treat each channel apart: sums over all else, and element by element.
//!
//! Both passes take the batch in the axis order `(N, H, W, C)`, whatever its memory; plain batch
//! norm is the case H = W = 1. Channels-last memory is read in vectors and shared among threads;
//! any other memory is walked as it lies. The result is the same to the bit: the sum of a channel
//! always runs over the pixels of an image in order, then over the images.

use ndarray::{ArrayView4, ArrayViewMut4, Axis, Zip};

use super::lanes::{LANES, Lanes, Term};
use super::parallel::{Images, divide};
use super::real::Real;

/// The channel axis of one image, `(H, W, C)`.
const IMAGE_C: Axis = Axis(2);

/// Sums the terms of `a` and `b` over N, H and W for each channel.
pub(crate) fn sums<S: Term<P, T>, F: Real, const P: usize, const T: usize>(
    a: ArrayView4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[[f64; P]],
) -> Vec<[f64; T]> {
    match (a.to_slice(), b.to_slice()) {
        (Some(pixels_a), Some(pixels_b)) => {
            let (n, h, w, _) = a.dim();
            // Rows are summed as the pixels of one image are.
            let images = if h * w == 1 { 1 } else { n };
            sums_of_pixels::<S, F, P, T>([pixels_a, pixels_b], images, channels)
        }
        _ => sums_in_any_memory::<S, F, P, T>(a, b, channels),
    }
}

/// Replaces each element `a` by its term, rounded once.
pub(crate) fn update<S: Term<P, 1>, F: Real, const P: usize>(
    mut a: ArrayViewMut4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[[f64; P]],
) {
    let images = b.len_of(Axis(0)).max(1);
    match (a.as_slice_mut(), b.to_slice()) {
        (Some(pixels_a), Some(pixels_b)) => {
            let (values, width) = (pixels_b.len(), channels.len());
            let each = values / images;
            let (parts, channels) =
                ((Images::new(pixels_a, each), Images::new(pixels_b, each)), in_lanes(channels));
            divide(images, values / 12, parts, &|(a, b)| {
                F::replace_by_terms::<S, P>(a.all(), b.all(), width, &channels);
            });
        }
        _ => update_in_any_memory::<S, F, P>(a, b, channels),
    }
}

/// [`sums`] of batches in channels-last memory.
fn sums_of_pixels<S: Term<P, T>, F: Real, const P: usize, const T: usize>(
    [a, b]: [&[F]; 2],
    images: usize,
    channels: &[[f64; P]],
) -> Vec<[f64; T]> {
    let mut totals = vec![[0.0; T]; channels.len()];
    let (width, channels, image) = (channels.len(), in_lanes(channels), a.len() / images);
    let mut of_images = vec![[[0.0; LANES]; T]; images * channels.len()];
    let parts = (
        Images::new(a, image),
        Images::new(b, image),
        Images::new(of_images.as_mut_slice(), channels.len()),
    );
    divide(images, a.len() / 12, parts, &|(a, b, sums)| {
        for ((a, b), sums) in a.iter().zip(b.iter()).zip(sums.iter_mut()) {
            F::add_terms::<S, P, T>([a, b], width, &channels, sums);
        }
    });
    for of_image in of_images.chunks_exact(channels.len()) {
        for (totals, lanes) in totals.chunks_mut(LANES).zip(of_image) {
            for (l, total) in totals.iter_mut().enumerate() {
                add(total, lanes.map(|lanes| lanes[l]));
            }
        }
    }
    totals
}

/// [`sums`] of batches in any memory, which is walked in the order that it favours.
fn sums_in_any_memory<S: Term<P, T>, F: Real, const P: usize, const T: usize>(
    a: ArrayView4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[[f64; P]],
) -> Vec<[f64; T]> {
    let mut totals = vec![[0.0; T]; channels.len()];
    let mut image_sums = totals.clone();
    let pixel_major = is_channels_last(a.shape(), a.strides());
    let add_term = |(((sum, channel), a), b): (((&mut [f64; T], &[f64; P]), &F), &F)| {
        add(sum, S::of(*channel, a.to_f64(), b.to_f64()));
    };
    for (a, b) in a.outer_iter().zip(b.outer_iter()) {
        image_sums.fill([0.0; T]);
        if pixel_major {
            Zip::from(a.rows()).and(b.rows()).for_each(|a, b| {
                image_sums.iter_mut().zip(channels).zip(a).zip(b).for_each(add_term);
            });
        } else {
            let planes = a.axis_iter(IMAGE_C).zip(b.axis_iter(IMAGE_C));
            for ((sum, channel), (a, b)) in image_sums.iter_mut().zip(channels).zip(planes) {
                a.iter().zip(b).for_each(|(a, b)| add_term((((sum, channel), a), b)));
            }
        }
        for (total, &image_sum) in totals.iter_mut().zip(&image_sums) {
            add(total, image_sum);
        }
    }
    totals
}

/// [`update`] in any memory, which is walked in the order that it favours.
fn update_in_any_memory<S: Term<P, 1>, F: Real, const P: usize>(
    mut a: ArrayViewMut4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[[f64; P]],
) {
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
        return;
    }
    for (mut a, b) in a.outer_iter_mut().zip(b.outer_iter()) {
        let planes = a.axis_iter_mut(IMAGE_C).zip(b.axis_iter(IMAGE_C));
        for (channel, (a, b)) in channels.iter().zip(planes) {
            Zip::from(a).and(b).for_each(|a, b| replace(channel, a, b));
        }
    }
}

fn add<const T: usize>(sums: &mut [f64; T], addends: [f64; T]) {
    sums.iter_mut().zip(addends).for_each(|(sum, addend)| *sum += addend);
}

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
