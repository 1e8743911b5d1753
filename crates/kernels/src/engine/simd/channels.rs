//! Passes over pixels that treat each channel apart, in vectors of channels.

use std::marker::PhantomData;

use super::arithmetic::Arithmetic;
use super::body::{Body, run};
use super::doubles::Doubles;
use super::instruction_set::InstructionSet;
use crate::engine::lanes::{LANES, Lanes, Term};

/// Adds the terms of pixels, each of which has a value a channel, to the sums of their channels.
pub(super) fn add_terms<S: Term<P, T>, const P: usize, const T: usize>(
    set: InstructionSet,
    pixels: [&[f32]; 2],
    width: usize,
    channels: &[Lanes<P>],
    sums: &mut [Lanes<T>],
) {
    assert_eq!(channels.len(), width.div_ceil(LANES));
    run(set, Add { pixels, width, channels, sums, term: PhantomData::<S> });
}

struct Add<'a, S, const P: usize, const T: usize> {
    pixels: [&'a [f32]; 2],
    width: usize,
    channels: &'a [Lanes<P>],
    sums: &'a mut [Lanes<T>],
    term: PhantomData<S>,
}

/// Values that are walked once for each block of channels before the next ones are: with as many of
/// another array, and with the next ones of both, which are fetched meanwhile, they fit the nearest
/// cache.
const VALUES: usize = 1 << 11;

impl<S: Term<P, T>, const P: usize, const T: usize> Body for Add<'_, S, P, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { pixels: [a, b], width, channels, sums, .. } = self;
        let some = VALUES.div_ceil(width) * width;
        for (a, b) in a.chunks(some).zip(b.chunks(some)) {
            let pixels = a.len().min(b.len()) / width;
            for (block, (channels, results)) in channels.iter().zip(&mut *sums).enumerate() {
                let channels = loaded::<A, P>(channels);
                let mut sums = loaded::<A, T>(results);
                let mut at = block * LANES;
                let lanes = LANES.min(width - at);
                for _ in 0..pixels {
                    A::prefetch(a, at + some);
                    A::prefetch(b, at + some);
                    let (x, y) = if lanes == LANES {
                        // SAFETY: the block ends within its pixel, and the last pixel within both arrays.
                        let (a, b) = unsafe { (vector_at(a, at), vector_at(b, at)) };
                        (A::Doubles::widen(a), A::Doubles::widen(b))
                    } else {
                        let (a, b) = (&a[at..][..lanes], &b[at..][..lanes]);
                        (A::widen(A::load_first(a)), A::widen(A::load_first(b)))
                    };
                    let term = S::of(channels, x, y);
                    for t in 0..T {
                        sums[t] = sums[t] + term[t];
                    }
                    at += width;
                }
                for (result, sum) in results.iter_mut().zip(sums) {
                    sum.store(result);
                }
            }
        }
    }
}

/// Replaces each value of `a` by its term; pixels have a value a channel.
pub(super) fn replace_by_terms<S: Term<P, 1>, const P: usize>(
    set: InstructionSet,
    a: &mut [f32],
    b: &[f32],
    width: usize,
    channels: &[Lanes<P>],
) {
    assert_eq!(channels.len(), width.div_ceil(LANES));
    run(set, Update { a, b, width, channels, term: PhantomData::<S> });
}

struct Update<'a, S, const P: usize> {
    a: &'a mut [f32],
    b: &'a [f32],
    width: usize,
    channels: &'a [Lanes<P>],
    term: PhantomData<S>,
}

impl<S: Term<P, 1>, const P: usize> Body for Update<'_, S, P> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { a, b, width, channels, .. } = self;
        let some = VALUES.div_ceil(width) * width;
        for (a, b) in a.chunks_mut(some).zip(b.chunks(some)) {
            let pixels = a.len().min(b.len()) / width;
            for (block, channels) in channels.iter().enumerate() {
                let channels = loaded::<A, P>(channels);
                let mut at = block * LANES;
                let lanes = LANES.min(width - at);
                for _ in 0..pixels {
                    A::prefetch(a, at + some);
                    A::prefetch(b, at + some);
                    if lanes == LANES {
                        // SAFETY: the block ends within its pixel, and the last pixel within both arrays.
                        let (a, b) = unsafe { (vector_at_mut(a, at), vector_at(b, at)) };
                        let (x, y) = (A::Doubles::widen(a), A::Doubles::widen(b));
                        let [value] = S::of(channels, x, y);
                        value.narrow(a);
                    } else {
                        let (a, b) = (&mut a[at..][..lanes], &b[at..][..lanes]);
                        let (x, y) = (A::widen(A::load_first(a)), A::widen(A::load_first(b)));
                        let [value] = S::of(channels, x, y);
                        A::store_first(A::narrow(value), a);
                    }
                    at += width;
                }
            }
        }
    }
}

/// The vector that begins at `index`.
///
/// # Safety
///
/// All of it must lie in `values`.
#[inline(always)]
unsafe fn vector_at(values: &[f32], index: usize) -> &[f32; LANES] {
    // SAFETY: the caller's.
    unsafe { &*values.as_ptr().add(index).cast() }
}

/// As [`vector_at`], to write to.
///
/// # Safety
///
/// All of it must lie in `values`.
#[inline(always)]
unsafe fn vector_at_mut(values: &mut [f32], index: usize) -> &mut [f32; LANES] {
    // SAFETY: the caller's.
    unsafe { &mut *values.as_mut_ptr().add(index).cast() }
}

/// The numbers of a vector's channels.
#[inline(always)]
pub(super) fn loaded<A: Arithmetic, const COUNT: usize>(
    lanes: &Lanes<COUNT>,
) -> [A::Doubles; COUNT] {
    let mut vectors = [A::Doubles::load(&[0.0; LANES]); COUNT];
    for (vector, lanes) in vectors.iter_mut().zip(lanes) {
        *vector = A::Doubles::load(lanes);
    }
    vectors
}
