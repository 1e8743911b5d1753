//! Terms of an unpooled gradient and of the image that was pooled, in vectors of channels. The unpooled
//! gradient, which is zero but for a pixel of each window, stays in registers.

use std::marker::PhantomData;

use super::arithmetic::Arithmetic;
use super::body::{Body, run};
use super::channels::loaded;
use super::doubles::Doubles;
use super::instruction_set::InstructionSet;
use crate::engine::lanes::{LANES, Lanes, Term};
use crate::engine::windows::{NOWHERE, Unpooled, Windows};

/// How many values ahead an image is fetched into the cache.
const AHEAD: usize = 1 << 11;

/// [`Loops::add_unpooled_terms`](crate::engine::loops::Loops::add_unpooled_terms).
pub(super) fn add<S: Term<P, T>, const P: usize, const T: usize>(
    set: InstructionSet,
    unpooled: Unpooled<'_, f32>,
    channels: &[Lanes<P>],
    sums: &mut [Lanes<T>],
) {
    assert_eq!(channels.len(), unpooled.windows.channels.div_ceil(LANES));
    run(set, Add { unpooled, channels, sums, term: PhantomData::<S> });
}

struct Add<'a, S, const P: usize, const T: usize> {
    unpooled: Unpooled<'a, f32>,
    channels: &'a [Lanes<P>],
    sums: &'a mut [Lanes<T>],
    term: PhantomData<S>,
}

impl<S: Term<P, T>, const P: usize, const T: usize> Body for Add<'_, S, P, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Unpooled { windows, dout, argmax, x } = self.unpooled;
        let Windows { corners, columns, taps, width, channels, .. } = windows;
        for (block, (numbers, results)) in self.channels.iter().zip(self.sums).enumerate() {
            let numbers = loaded::<A, P>(numbers);
            let mut sums = loaded::<A, T>(results);
            let lanes = LANES.min(channels - block * LANES);
            // The sum runs over the pixels row by row. In a row of pixels, a window has one gradient at
            // most; the other terms are zeros, which are left out.
            for (row, corners) in corners.chunks(columns).enumerate() {
                for taps in taps.chunks(width) {
                    let mut at = row * columns * channels + block * LANES;
                    for &corner in corners {
                        let wanted = A::load_first_indices(&argmax[at..][..lanes], corner);
                        let dout = A::load_first(&dout[at..][..lanes]);
                        let (mut dy, mut of_dy) = (A::splat(0.0), A::splat(0.0));
                        for &tap in taps {
                            let pixel = (corner + tap) as usize * channels + block * LANES;
                            A::prefetch(x, pixel + AHEAD);
                            let x = A::load_first(&x[pixel..][..lanes]);
                            let (x, _) = A::keep_where(wanted, corner + tap, x);
                            let (kept, _) = A::keep_where(wanted, corner + tap, dout);
                            of_dy = A::mul_add(A::splat(1.0), x, of_dy);
                            dy = A::mul_add(A::splat(1.0), kept, dy);
                        }
                        let term = S::of(numbers, A::widen(dy), A::widen(of_dy));
                        for t in 0..T {
                            sums[t] = sums[t] + term[t];
                        }
                        at += channels;
                    }
                }
            }
            for (result, sum) in results.iter_mut().zip(sums) {
                sum.store(result);
            }
        }
    }
}

/// [`Loops::write_unpooled_terms`](crate::engine::loops::Loops::write_unpooled_terms).
pub(super) fn write<S: Term<P, 1>, const P: usize>(
    set: InstructionSet,
    unpooled: Unpooled<'_, f32>,
    channels: &[Lanes<P>],
    dx: &mut [f32],
) -> bool {
    assert_eq!(channels.len(), unpooled.windows.channels.div_ceil(LANES));
    run(set, Write { unpooled, channels, dx, term: PhantomData::<S> })
}

struct Write<'a, S, const P: usize> {
    unpooled: Unpooled<'a, f32>,
    channels: &'a [Lanes<P>],
    dx: &'a mut [f32],
    term: PhantomData<S>,
}

impl<S: Term<P, 1>, const P: usize> Body for Write<'_, S, P> {
    type Output = bool;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> bool {
        let Unpooled { windows, dout, argmax, x } = self.unpooled;
        let Windows { corners, taps, channels, .. } = windows;
        let mut found_everywhere = u32::MAX;
        for (block, numbers) in self.channels.iter().enumerate() {
            let numbers = loaded::<A, P>(numbers);
            let lanes = LANES.min(channels - block * LANES);
            let mut at = block * LANES;
            for &corner in corners {
                // Lanes beyond the last channel look for the corner, which they find.
                let wanted = A::load_first_indices(&argmax[at..][..lanes], corner);
                // A sum as in the loops for overlapping windows, which have no −0.
                let dout = A::load_first(&dout[at..][..lanes]);
                let dout = A::mul_add(A::splat(1.0), dout, A::splat(0.0));
                let (_, mut found) = A::keep_where(wanted, NOWHERE, dout);
                for &tap in taps {
                    let (dy, lanes_found) = A::keep_where(wanted, corner + tap, dout);
                    found |= lanes_found;
                    let pixel = (corner + tap) as usize * channels + block * LANES;
                    A::prefetch(x, pixel + AHEAD);
                    A::prefetch(self.dx, pixel + AHEAD);
                    let x = A::load_first(&x[pixel..][..lanes]);
                    let [value] = S::of(numbers, A::widen(dy), A::widen(x));
                    A::store_first(A::narrow(value), &mut self.dx[pixel..][..lanes]);
                }
                found_everywhere &= found;
                at += channels;
            }
        }
        found_everywhere & 0xffff == 0xffff
    }
}
