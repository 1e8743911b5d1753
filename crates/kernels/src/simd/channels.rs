use std::marker::PhantomData;

use super::doubles::Doubles;
use super::{Arithmetic, Body, InstructionSet, LANES, run};
use crate::channels::Term;

/// Adds to each channel's totals the sums of its terms over the pixels of one image, each of which
/// has a value a channel.
pub(crate) fn add_image_sums<S: Term<P, T>, const P: usize, const T: usize>(
    set: InstructionSet,
    images: [&[f32]; 2],
    channels: &[[f64; P]],
    totals: &mut [[f64; T]],
) {
    run(set, ImageSums { images, channels, totals, term: PhantomData::<S> });
}

struct ImageSums<'a, S, const P: usize, const T: usize> {
    images: [&'a [f32]; 2],
    channels: &'a [[f64; P]],
    totals: &'a mut [[f64; T]],
    term: PhantomData<S>,
}

impl<S: Term<P, T>, const P: usize, const T: usize> Body for ImageSums<'_, S, P, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let width = self.channels.len();
        let blocks = self.channels.chunks(LANES).zip(self.totals.chunks_mut(LANES)).enumerate();
        for (block, (channels, totals)) in blocks {
            let first = block * LANES;
            let parameters = transposed::<A, P>(channels);
            let mut sums = [A::Doubles::load(&[0.0; LANES]); T];
            let [a, b] = self.images.map(|image| image.chunks_exact(width));
            for (a, b) in a.zip(b) {
                let (a, b) = (widened::<A>(&a[first..]), widened::<A>(&b[first..]));
                let term = S::of(parameters, a, b);
                for t in 0..T {
                    sums[t] = sums[t] + term[t];
                }
            }
            for (t, sums) in sums.into_iter().enumerate() {
                let mut values = [0.0; LANES];
                sums.store(&mut values);
                for (totals, value) in totals.iter_mut().zip(values) {
                    totals[t] += value;
                }
            }
        }
    }
}

/// Replaces each value of `a` by its term; pixels have a value a channel.
pub(crate) fn update_pixels<S: Term<P, 1>, const P: usize>(
    set: InstructionSet,
    a: &mut [f32],
    b: &[f32],
    channels: &[[f64; P]],
) {
    run(set, Update { a, b, channels, term: PhantomData::<S> });
}

struct Update<'a, S, const P: usize> {
    a: &'a mut [f32],
    b: &'a [f32],
    channels: &'a [[f64; P]],
    term: PhantomData<S>,
}

/// Pixels that are walked once for each block of channels before the next ones are; their values
/// should stay in the nearest cache.
const PIXELS: usize = 32;

impl<S: Term<P, 1>, const P: usize> Body for Update<'_, S, P> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let width = self.channels.len();
        let some_pixels = self.a.chunks_mut(PIXELS * width).zip(self.b.chunks(PIXELS * width));
        for (a, b) in some_pixels {
            for (block, channels) in self.channels.chunks(LANES).enumerate() {
                let first = block * LANES;
                let parameters = transposed::<A, P>(channels);
                for (a, b) in a.chunks_exact_mut(width).zip(b.chunks_exact(width)) {
                    let a = &mut a[first..];
                    let [value] = S::of(parameters, widened::<A>(a), widened::<A>(&b[first..]));
                    match a.first_chunk_mut() {
                        Some(a) => value.narrow(a),
                        None => {
                            let mut values = [0.0; LANES];
                            value.narrow(&mut values);
                            a.copy_from_slice(&values[..a.len()]);
                        }
                    }
                }
            }
        }
    }
}

/// The first lanes of `values`, filled up with zeros.
#[inline(always)]
fn widened<A: Arithmetic>(values: &[f32]) -> A::Doubles {
    match values.first_chunk() {
        Some(values) => A::Doubles::widen(values),
        None => {
            let mut lanes = [0.0; LANES];
            lanes[..values.len()].copy_from_slice(values);
            A::Doubles::widen(&lanes)
        }
    }
}

/// Parameter by parameter, filled up with zeros.
#[inline(always)]
fn transposed<A: Arithmetic, const P: usize>(channels: &[[f64; P]]) -> [A::Doubles; P] {
    let mut parameters = [[0.0; LANES]; P];
    for (l, channel) in channels.iter().enumerate() {
        for (lanes, &value) in parameters.iter_mut().zip(channel) {
            lanes[l] = value;
        }
    }
    let mut vectors = [A::Doubles::load(&[0.0; LANES]); P];
    for (vector, lanes) in vectors.iter_mut().zip(&parameters) {
        *vector = A::Doubles::load(lanes);
    }
    vectors
}
