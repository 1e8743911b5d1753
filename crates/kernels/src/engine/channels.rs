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
    let (images, values, width) = (b.dim().0, b.len(), channels.len());
    let (a, b, channels) = (elements_mut(&mut a), elements(&b), in_lanes(channels));
    let parts = (Images::new(a, values / images), Images::new(b, values / images));
    divide(images, values / 12, parts, &|(a, b)| {
        F::replace_by_terms::<S, P>(a.all(), b.all(), width, &channels);
    });
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
