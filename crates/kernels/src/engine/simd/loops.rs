//! The loops of `f32`: the vector code, with the instruction set in use.

use super::instruction_set::InstructionSet;
use super::{channels, max_pool, nonzeros, tile};
use crate::engine::correlation::{Correlation, Place};
use crate::engine::lanes::{Lanes, Term};
use crate::engine::loops::Loops;
use crate::engine::nonzeros::{Blocks, Nonzeros};
use crate::engine::windows::Windows;

impl Loops for f32 {
    const SKIPS_ZEROS: bool = true;

    fn correlate(correlation: &Correlation<'_, f32>, places: &[Place], out: &mut [f32]) {
        tile::correlate(InstructionSet::in_use(), correlation, places, out);
    }

    fn add_terms<S: Term<P, T>, const P: usize, const T: usize>(
        pixels: [&[f32]; 2],
        width: usize,
        channels: &[Lanes<P>],
        sums: &mut [Lanes<T>],
    ) {
        let set = InstructionSet::in_use();
        channels::add_terms::<S, P, T>(set, pixels, width, channels, sums);
    }

    fn replace_by_terms<S: Term<P, 1>, const P: usize>(
        a: &mut [f32],
        b: &[f32],
        width: usize,
        channels: &[Lanes<P>],
    ) {
        channels::replace_by_terms::<S, P>(InstructionSet::in_use(), a, b, width, channels);
    }

    fn pool(windows: Windows<'_>, x: &[f32], out: &mut [f32], argmax: &mut [u32]) {
        max_pool::pool(InstructionSet::in_use(), windows, x, out, argmax);
    }

    fn unpool(windows: Windows<'_>, dout: &[f32], argmax: &[u32], dx: &mut [f32]) -> bool {
        max_pool::unpool(InstructionSet::in_use(), windows, dout, argmax, dx)
    }

    fn collect_nonzeros(image: &[f32], tags: &[u32], nonzeros: &mut Nonzeros<f32>) {
        nonzeros::collect(InstructionSet::in_use(), image, tags, nonzeros);
    }

    fn scatter_nonzeros(
        nonzeros: &Nonzeros<f32>,
        blocks: Blocks<'_>,
        values: &[f32],
        out: &mut [f32],
    ) {
        nonzeros::scatter(InstructionSet::in_use(), nonzeros, blocks, values, out);
    }

    fn gather_nonzeros(
        nonzeros: &Nonzeros<f32>,
        blocks: Blocks<'_>,
        image: &[f32],
        sums: &mut [f32],
    ) {
        nonzeros::gather(InstructionSet::in_use(), nonzeros, blocks, image, sums);
    }
}
