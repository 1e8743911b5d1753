//! Passes over a batch that treat each channel apart: sums over all else, and element by element.
//!
//! Both passes take the batch in the axis order `(N, H, W, C)`; plain batch norm is the case
//! H = W = 1. Channels-last memory is read as it lies, in vectors and shared among threads; any other
//! memory is copied into that order first. The sum of a channel runs over the pixels of an image in
//! order, then over the images, so memory and threads change no bit.

use std::convert::Infallible;

use ndarray::{ArrayView4, ArrayViewMut4};

use super::lanes::{LANES, Lanes, Term};
use super::layout::{elements, elements_mut};
use super::parallel::{Divide, Images, divide, try_divide};
use super::real::Real;

/// Sums the terms of `a` and `b` over N, H and W for each channel.
pub(crate) fn sums<S: Term<P, T>, F: Real, const P: usize, const T: usize>(
    a: ArrayView4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[[f64; P]],
) -> Vec<[f64; T]> {
    let (a, b) = (a.as_standard_layout(), b.as_standard_layout());
    let (n, h, w, width) = a.dim();
    let (a, b) = (elements(&a), elements(&b));
    // Rows are summed as the pixels of one image are.
    let images = if h * w == 1 { 1 } else { n };
    let image = a.len() / images;
    let batch = (Images::new(a, image), Images::new(b, image));
    let Ok(totals) = sums_by_image::<_, Infallible, P, T>(
        images,
        a.len() / 12,
        batch,
        channels,
        &|(a, b), channels, sums| {
            for ((a, b), sums) in a.iter().zip(b.iter()).zip(sums.iter_mut()) {
                F::add_terms::<S, P, T>([a, b], width, channels, sums);
            }
            Ok(())
        },
    );
    totals
}

/// Sums of each channel over the images of a batch, in their order. `add` adds those of each image to
/// zeros; it is called as by [`try_divide`], with the numbers of all channels.
///
/// # Errors
///
/// The first of `add`.
pub(crate) fn sums_by_image<D: Divide, E: Send, const P: usize, const T: usize>(
    images: usize,
    nanoseconds: usize,
    batch: D,
    channels: &[[f64; P]],
    add: &(impl Fn(D, &[Lanes<P>], Images<&mut [Lanes<T>]>) -> Result<(), E> + Sync),
) -> Result<Vec<[f64; T]>, E> {
    let mut totals = vec![[0.0; T]; channels.len()];
    let channels = in_lanes(channels);
    let mut of_images = vec![[[0.0; LANES]; T]; images * channels.len()];
    let parts = (batch, Images::new(of_images.as_mut_slice(), channels.len()));
    try_divide(images, nanoseconds, parts, &|(part, sums)| add(part, &channels, sums))?;
    for of_image in of_images.chunks_exact(channels.len()) {
        for (totals, lanes) in totals.chunks_mut(LANES).zip(of_image) {
            for (l, total) in totals.iter_mut().enumerate() {
                add_each(total, lanes.map(|lanes| lanes[l]));
            }
        }
    }
    Ok(totals)
}

/// Replaces each element `a` by its term, rounded once.
pub(crate) fn update<S: Term<P, 1>, F: Real, const P: usize>(
    mut a: ArrayViewMut4<'_, F>,
    b: ArrayView4<'_, F>,
    channels: &[[f64; P]],
) {
    if !a.is_standard_layout() {
        let mut pixels = a.as_standard_layout().into_owned();
        update::<S, F, P>(pixels.view_mut(), b, channels);
        return a.assign(&pixels);
    }
    let b = b.as_standard_layout();
    let (images, values) = (b.dim().0, b.len());
    let (a, b, numbers) = (elements_mut(&mut a), elements(&b), NumbersOfPixels::new(channels));
    let parts = (Images::new(a, values / images), Images::new(b, values / images));
    divide(images, values / 12, parts, &|(a, b)| {
        // The last values first: a pass over them from the first to the last has left those in the caches,
        // unless they are too many for that to matter.
        let piece =
            if values > FEW { values } else { PIECE.next_multiple_of(numbers.pixels_width) };
        for (a, b) in a.all().chunks_mut(piece).zip(b.all().chunks(piece)).rev() {
            numbers.replace_by_terms::<S, F>(a, b);
        }
    });
}

/// About how many values [`update`] takes before the ones in front of them, of at most [`FEW`].
const PIECE: usize = 1 << 15;
const FEW: usize = 1 << 21;

/// `P` numbers for each channel, as the pass that treats pixels element by element reads them.
///
/// Channels that do not fill whole vectors are taken as those of several pixels, which do: of two pixels with
/// 8 channels, or of four with 20.
pub(crate) struct NumbersOfPixels<const P: usize> {
    /// Of one pixel.
    channels: Vec<Lanes<P>>,
    width: usize,
    /// Of as many pixels as fill whole vectors.
    pixels: Vec<Lanes<P>>,
    pixels_width: usize,
}

/// More values than these are not taken together: their numbers would no longer be small beside the pixels.
const TOGETHER: usize = 1 << 8;

impl<const P: usize> NumbersOfPixels<P> {
    pub(crate) fn new(channels: &[[f64; P]]) -> Self {
        let width = channels.len();
        // The first multiple of the width that is one of the vectors, whose length is a power of two.
        let pixels_width = width << (LANES.ilog2().saturating_sub(width.trailing_zeros()));
        let pixels = if width == pixels_width || pixels_width > TOGETHER {
            Vec::new()
        } else {
            in_lanes(&channels.repeat(pixels_width / width))
        };
        Self { channels: in_lanes(channels), width, pixels, pixels_width }
    }

    /// As [`Loops::replace_by_terms`](super::loops::Loops::replace_by_terms), with these numbers.
    pub(crate) fn replace_by_terms<S: Term<P, 1>, F: Real>(&self, a: &mut [F], b: &[F]) {
        let Self { channels, width, pixels, pixels_width } = self;
        let whole = if pixels.is_empty() { 0 } else { b.len() / pixels_width * pixels_width };
        let ((whole_a, a), (whole_b, b)) = (a.split_at_mut(whole), b.split_at(whole));
        if whole > 0 {
            F::replace_by_terms::<S, P>(whole_a, whole_b, *pixels_width, pixels);
        }
        F::replace_by_terms::<S, P>(a, b, *width, channels);
    }
}

fn add_each<const T: usize>(sums: &mut [f64; T], addends: [f64; T]) {
    sums.iter_mut().zip(addends).for_each(|(sum, addend)| *sum += addend);
}

/// The numbers of all channels, the last vectors filled up with zeros.
pub(crate) fn in_lanes<const COUNT: usize>(channels: &[[f64; COUNT]]) -> Vec<Lanes<COUNT>> {
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

#[cfg(test)]
mod tests {
    use ndarray::Array4;

    use super::*;
    use crate::engine::lanes::Number;

    struct Affine;

    impl Term<2, 1> for Affine {
        #[inline(always)]
        fn of<V: Number>([scale, shift]: [V; 2], a: V, b: V) -> [V; 1] {
            [scale * a + shift * b]
        }
    }

    fn updates_each_value_by_the_numbers_of_its_channel(shape: [usize; 4]) {
        let number = |index: usize| (index % 8191) as f32 / 64.0 - 50.0;
        let count: usize = shape.iter().product();
        let array = |factor| {
            let values = (0..count).map(|index| number(factor * index)).collect();
            Array4::from_shape_vec(shape, values).unwrap()
        };
        let (a, b) = (array(3), array(7));
        let channels: Vec<_> =
            (0..shape[3]).map(|channel| [1.5 + channel as f64, 0.1 * channel as f64]).collect();
        let mut got = a.clone();
        update::<Affine, f32, 2>(got.view_mut(), b.view(), &channels);
        for (index, ((&got, &a), &b)) in got.iter().zip(&a).zip(&b).enumerate() {
            let [expected] = Affine::of(channels[index % shape[3]], f64::from(a), f64::from(b));
            assert_eq!(got.to_bits(), (expected as f32).to_bits(), "{shape:?} at {index}");
        }
    }

    #[test]
    fn updates_any_number_of_pixels_with_any_number_of_channels() {
        for channels in 1..=70 {
            for pixels in [1, 2, 3, 7, 33] {
                updates_each_value_by_the_numbers_of_its_channel([2, 1, pixels, channels]);
            }
        }
    }

    #[test]
    fn updates_arrays_of_several_pieces_and_large_ones() {
        for channels in [8, 10, 16, 257] {
            let pixels = 3 * PIECE / channels + 5;
            updates_each_value_by_the_numbers_of_its_channel([2, 1, pixels, channels]);
        }
        updates_each_value_by_the_numbers_of_its_channel([1, 1, FEW / 20 + 3, 20]);
    }
}
