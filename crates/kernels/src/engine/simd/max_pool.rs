//! Max pooling and its gradient, in vectors of channels.

use super::arithmetic::Arithmetic;
use super::body::{Body, run};
use super::instruction_set::InstructionSet;
use crate::engine::lanes::LANES;
use crate::engine::windows::{NOWHERE, Windows};

/// [`Loops::pool`](crate::engine::loops::Loops::pool).
pub(super) fn pool(
    set: InstructionSet,
    windows: Windows<'_>,
    x: &[f32],
    out: &mut [f32],
    argmax: &mut [u32],
) {
    run(set, Pool { windows, x, out, argmax });
}

struct Pool<'a> {
    windows: Windows<'a>,
    x: &'a [f32],
    out: &'a mut [f32],
    argmax: &'a mut [u32],
}

impl Body for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Windows { corners, taps, channels, has_relu, .. } = self.windows;
        let pixels =
            self.out.chunks_exact_mut(channels).zip(self.argmax.chunks_exact_mut(channels));
        for (&corner, (out, argmax)) in corners.iter().zip(pixels) {
            let blocks = out.chunks_mut(LANES).zip(argmax.chunks_mut(LANES)).enumerate();
            for (block, (out, argmax)) in blocks {
                let (first, width) = (corner as usize * channels + block * LANES, out.len());
                let (mut best, mut at) = if has_relu {
                    (A::splat(0.0), A::load_indices(&[NOWHERE; LANES]))
                } else {
                    let x = A::load_first(&self.x[first..][..width]);
                    (x, A::load_indices(&[corner; LANES]))
                };
                for &tap in taps {
                    let x = A::load_first(&self.x[first + tap as usize * channels..][..width]);
                    A::take_larger(x, corner + tap, &mut best, &mut at);
                }
                A::store_first(best, out);
                A::store_first_indices(at, argmax);
            }
        }
    }
}

/// [`Loops::unpool`](crate::engine::loops::Loops::unpool); if it returns false, `dx` holds nothing of use.
pub(super) fn unpool(
    set: InstructionSet,
    windows: Windows<'_>,
    dout: &[f32],
    argmax: &[u32],
    dx: &mut [f32],
) -> bool {
    run(set, Unpool { windows, dout, argmax, dx })
}

struct Unpool<'a> {
    windows: Windows<'a>,
    dout: &'a [f32],
    argmax: &'a [u32],
    dx: &'a mut [f32],
}

impl Body for Unpool<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> bool {
        let Windows { corners, taps, channels, .. } = self.windows;
        let pixels = self.dout.chunks_exact(channels).zip(self.argmax.chunks_exact(channels));
        let mut found_everywhere = u32::MAX;
        for (&corner, (dout, argmax)) in corners.iter().zip(pixels) {
            for (block, (dout, argmax)) in dout.chunks(LANES).zip(argmax.chunks(LANES)).enumerate()
            {
                let (first, width) = (corner as usize * channels + block * LANES, dout.len());
                // A sum as in the loops for overlapping windows, which have no −0.
                let dout = A::mul_add(A::splat(1.0), A::load_first(dout), A::splat(0.0));
                // Lanes beyond the last channel look for the corner, which they find.
                let wanted = A::load_first_indices(argmax, corner);
                let (_, mut found) = A::keep_where(wanted, NOWHERE, dout);
                for &tap in taps {
                    let (values, lanes) = A::keep_where(wanted, corner + tap, dout);
                    found |= lanes;
                    let dx = &mut self.dx[first + tap as usize * channels..][..width];
                    A::store_first(values, dx);
                }
                found_everywhere &= found;
            }
        }
        found_everywhere & 0xffff == 0xffff
    }
}
