//! The loops of `f32`: the vector code, with the instruction set in use.

use super::instruction_set::in_use;
use super::{channels, max_pool, nonzeros, tile, unpooled_terms};
use crate::engine::correlation::{Correlation, Places};
use crate::engine::lanes::{Lanes, Term};
use crate::engine::loops::{Loops, NonzeroLoops};
use crate::engine::windows::{Unpooled, Windows};

impl Loops for f32 {
    const NONZERO_LOOPS: Option<NonzeroLoops<f32>> = Some(NonzeroLoops {
        collect: |image, tags, found| nonzeros::collect(in_use(), image, tags, found),
        scatter: |found, blocks, values, out| {
            nonzeros::scatter(in_use(), found, blocks, values, out);
        },
        gather: |found, blocks, image, sums| {
            nonzeros::gather(in_use(), found, blocks, image, sums);
        },
    });

    fn correlate(correlation: &Correlation<'_, f32>, places: &Places, out: &mut [f32]) {
        tile::correlate(in_use(), correlation, places, out);
    }

    fn add_terms<S: Term<P, T>, const P: usize, const T: usize>(
        pixels: [&[f32]; 2],
        width: usize,
        channels: &[Lanes<P>],
        sums: &mut [Lanes<T>],
    ) {
        channels::add_terms::<S, P, T>(in_use(), pixels, width, channels, sums);
    }

    fn replace_by_terms<S: Term<P, 1>, const P: usize>(
        a: &mut [f32],
        b: &[f32],
        width: usize,
        channels: &[Lanes<P>],
    ) {
        channels::replace_by_terms::<S, P>(in_use(), a, b, width, channels);
    }

    fn pool(windows: Windows<'_>, x: &[f32], out: &mut [f32], argmax: &mut [u32]) {
        max_pool::pool(in_use(), windows, x, out, argmax);
    }

    fn unpool(windows: Windows<'_>, dout: &[f32], argmax: &[u32], dx: &mut [f32]) -> bool {
        max_pool::unpool(in_use(), windows, dout, argmax, dx)
    }

    fn add_unpooled_terms<S: Term<P, T>, const P: usize, const T: usize>(
        unpooled: Unpooled<'_, f32>,
        channels: &[Lanes<P>],
        sums: &mut [Lanes<T>],
    ) -> bool {
        unpooled_terms::add::<S, P, T>(in_use(), unpooled, channels, sums);
        true
    }

    fn write_unpooled_terms<S: Term<P, 1>, const P: usize>(
        unpooled: Unpooled<'_, f32>,
        channels: &[Lanes<P>],
        dx: &mut [f32],
    ) -> bool {
        unpooled_terms::write::<S, P>(in_use(), unpooled, channels, dx)
    }
}
