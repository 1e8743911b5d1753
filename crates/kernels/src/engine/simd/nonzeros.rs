//! Sums over the nonzeros of an image, whose factors are read in vectors.

use super::arithmetic::Arithmetic;
use super::body::{Body, run};
use super::instruction_set::InstructionSet;
use crate::engine::lanes::{LANES, filled_up};
use crate::engine::nonzeros::{Blocks, Nonzeros};

/// Fills `nonzeros` with those of one image in channels-last memory, whose channels have these tags
/// (filled up to whole vectors).
pub(super) fn collect(
    set: InstructionSet,
    image: &[f32],
    tags: &[u32],
    nonzeros: &mut Nonzeros<f32>,
) {
    let pixels = image.len() / nonzeros.channels;
    assert!(pixels * tags.len() + LANES <= nonzeros.values.len().min(nonzeros.tags.len()));
    run(set, Collect { image, tags, nonzeros });
}

struct Collect<'a> {
    image: &'a [f32],
    tags: &'a [u32],
    nonzeros: &'a mut Nonzeros<f32>,
}

impl Body for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Nonzeros { channels, values, tags, ends } = self.nonzeros;
        let mut count = 0;
        for (pixel, end) in self.image.chunks_exact(*channels).zip(ends.iter_mut()) {
            for (lanes, of_lanes) in pixel.chunks(LANES).zip(self.tags.chunks_exact(LANES)) {
                let (Some(values), Some(tags), Some(of_lanes)) = (
                    values[count..].first_chunk_mut(),
                    tags[count..].first_chunk_mut(),
                    of_lanes.first_chunk(),
                ) else {
                    break;
                };
                count += match lanes.first_chunk() {
                    Some(lanes) => A::compress(lanes, of_lanes, values, tags),
                    None => A::compress(&filled_up(lanes), of_lanes, values, tags),
                };
            }
            *end = count;
        }
    }
}

/// For each pixel p and each of its nonzeros with tag t: out\[p\] += nonzero · blocks\[t\].
pub(super) fn scatter(
    set: InstructionSet,
    nonzeros: &Nonzeros<f32>,
    shape: Blocks<'_>,
    blocks: &[f32],
    out: &mut [f32],
) {
    run(set, Pixels { nonzeros, shape, pass: Scatter { blocks, out } });
}

/// For each pixel p and each of its nonzeros with tag t: blocks\[t\] += image\[p\] · nonzero.
pub(super) fn gather(
    set: InstructionSet,
    nonzeros: &Nonzeros<f32>,
    shape: Blocks<'_>,
    image: &[f32],
    blocks: &mut [f32],
) {
    run(set, Pixels { nonzeros, shape, pass: Gather { image, blocks } });
}

/// A pass over the pixels that have nonzeros.
struct Pixels<'a, P> {
    nonzeros: &'a Nonzeros<f32>,
    shape: Blocks<'a>,
    pass: P,
}

trait Pass {
    /// What it does for a pixel at `R` rows of `V` vectors: of each block those from `first` on, of
    /// the image those `stride` apart from `base` on.
    ///
    /// Implementations must be `#[inline(always)]`.
    fn part<A: Arithmetic, const R: usize, const V: usize>(
        &mut self,
        nonzeros: (&[f32], &[u32]),
        first: usize,
        base: usize,
        stride: usize,
    );
}

impl<P: Pass> Body for Pixels<'_, P> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { nonzeros, shape: Blocks { bases, rows, run, stride }, mut pass } = self;
        for (&base, nonzeros) in bases.iter().zip(nonzeros.pixels()) {
            if nonzeros.0.is_empty() {
                continue;
            }
            // Thirty-two registers hold a 3 × 3 kernel on 16 channels.
            if A::TILE_VECTORS == 2 && rows == 3 && run == 3 * LANES {
                pass.part::<A, 3, 3>(nonzeros, 0, base, stride);
                continue;
            }
            for row in 0..rows {
                let (first, base) = (row * run, base + row * stride);
                let mut at = 0;
                while at + 3 * LANES <= run {
                    pass.part::<A, 1, 3>(nonzeros, first + at, base + at, stride);
                    at += 3 * LANES;
                }
                while at < run {
                    pass.part::<A, 1, 1>(nonzeros, first + at, base + at, stride);
                    at += LANES;
                }
            }
        }
    }
}

/// `R` rows of `V` vectors, `stride` apart from `base` on.
#[inline(always)]
fn loaded<A: Arithmetic, const R: usize, const V: usize>(
    values: &[f32],
    base: usize,
    stride: usize,
) -> [[A::Vector; V]; R] {
    let mut rows = [[A::splat(0.0); V]; R];
    for (r, row) in rows.iter_mut().enumerate() {
        let (values, _) = values[base + r * stride..][..V * LANES].as_chunks();
        for (vector, values) in row.iter_mut().zip(values) {
            *vector = A::load(values);
        }
    }
    rows
}

struct Scatter<'a> {
    blocks: &'a [f32],
    out: &'a mut [f32],
}

impl Pass for Scatter<'_> {
    #[inline(always)]
    fn part<A: Arithmetic, const R: usize, const V: usize>(
        &mut self,
        (values, tags): (&[f32], &[u32]),
        first: usize,
        base: usize,
        stride: usize,
    ) {
        let mut sums = loaded::<A, R, V>(self.out, base, stride);
        for (&value, &tag) in values.iter().zip(tags) {
            let value = A::splat(value);
            let (block, _) = self.blocks[tag as usize + first..][..R * V * LANES].as_chunks();
            for r in 0..R {
                for v in 0..V {
                    sums[r][v] = A::mul_add(value, A::load(&block[r * V + v]), sums[r][v]);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            let (out, _) = self.out[base + r * stride..][..V * LANES].as_chunks_mut();
            for (sum, out) in sums.into_iter().zip(out) {
                A::store(sum, out);
            }
        }
    }
}

struct Gather<'a> {
    image: &'a [f32],
    blocks: &'a mut [f32],
}

impl Pass for Gather<'_> {
    #[inline(always)]
    fn part<A: Arithmetic, const R: usize, const V: usize>(
        &mut self,
        (values, tags): (&[f32], &[u32]),
        first: usize,
        base: usize,
        stride: usize,
    ) {
        let pixels = loaded::<A, R, V>(self.image, base, stride);
        for (&value, &tag) in values.iter().zip(tags) {
            let value = A::splat(value);
            let (block, _) = self.blocks[tag as usize + first..][..R * V * LANES].as_chunks_mut();
            for r in 0..R {
                for v in 0..V {
                    let sum = &mut block[r * V + v];
                    A::store(A::mul_add(pixels[r][v], value, A::load(sum)), sum);
                }
            }
        }
    }
}
