//! The inner loops in plain code, for any type of number: `f64` computes with them, and tests hold
//! the vector code of `f32` against them.

use super::correlation::{Correlation, Matrix, Place, Places};
use super::lanes::{LANES, Lanes, Term};
use super::loops::{Loops, NonzeroLoops};
use super::real::Real;
use super::windows::{NOWHERE, Unpooled, Windows};

impl Loops for f64 {
    // A sum with fewer products would hide an infinity or a NaN, and no training needs the speed.
    const NONZERO_LOOPS: Option<NonzeroLoops<f64>> = None;

    fn correlate(correlation: &Correlation<'_, f64>, places: &Places, out: &mut [f64]) {
        correlate(correlation, places, out);
    }

    fn add_terms<S: Term<P, T>, const P: usize, const T: usize>(
        [a, b]: [&[f64]; 2],
        width: usize,
        channels: &[Lanes<P>],
        sums: &mut [Lanes<T>],
    ) {
        for (a, b) in a.chunks_exact(width).zip(b.chunks_exact(width)) {
            let blocks = a.chunks(LANES).zip(b.chunks(LANES));
            for ((a, b), (channels, sums)) in blocks.zip(channels.iter().zip(&mut *sums)) {
                for (l, (&a, &b)) in a.iter().zip(b).enumerate() {
                    let terms = S::of(channels.map(|numbers| numbers[l]), a, b);
                    sums.iter_mut().zip(terms).for_each(|(sums, term)| sums[l] += term);
                }
            }
        }
    }

    fn replace_by_terms<S: Term<P, 1>, const P: usize>(
        a: &mut [f64],
        b: &[f64],
        width: usize,
        channels: &[Lanes<P>],
    ) {
        for (a, b) in a.chunks_exact_mut(width).zip(b.chunks_exact(width)) {
            let blocks = a.chunks_mut(LANES).zip(b.chunks(LANES));
            for ((a, b), channels) in blocks.zip(channels) {
                for (l, (a, &b)) in a.iter_mut().zip(b).enumerate() {
                    [*a] = S::of(channels.map(|numbers| numbers[l]), *a, b);
                }
            }
        }
    }

    fn pool(windows: Windows<'_>, x: &[f64], out: &mut [f64], argmax: &mut [u32]) {
        let Windows { corners, taps, channels, has_relu, .. } = windows;
        let pixels = out.chunks_exact_mut(channels).zip(argmax.chunks_exact_mut(channels));
        for (&corner, (out, argmax)) in corners.iter().zip(pixels) {
            if has_relu {
                out.fill(0.0);
                argmax.fill(NOWHERE);
            } else {
                out.copy_from_slice(&x[corner as usize * channels..][..channels]);
                argmax.fill(corner);
            }
            for index in taps.iter().map(|tap| corner + tap) {
                let pixel = &x[index as usize * channels..][..channels];
                for ((out, argmax), &value) in out.iter_mut().zip(argmax.iter_mut()).zip(pixel) {
                    if value > *out || value.is_nan() {
                        (*out, *argmax) = (value, index);
                    }
                }
            }
        }
    }

    fn unpool(_: Windows<'_>, _: &[f64], _: &[u32], _: &mut [f64]) -> bool {
        false
    }

    fn add_unpooled_terms<S: Term<P, T>, const P: usize, const T: usize>(
        _: Unpooled<'_, f64>,
        _: &[Lanes<P>],
        _: &mut [Lanes<T>],
    ) -> bool {
        false
    }

    fn write_unpooled_terms<S: Term<P, 1>, const P: usize>(
        _: Unpooled<'_, f64>,
        _: &[Lanes<P>],
        _: &mut [f64],
    ) -> bool {
        false
    }
}

/// [`Loops::correlate`].
pub(super) fn correlate<F: Real>(correlation: &Correlation<'_, F>, places: &Places, out: &mut [F]) {
    let &Correlation { source, width, runs, run_length, run_stride, step, .. } = correlation;
    let Matrix { values, row_stride, vector_stride } = correlation.matrix;
    for vector in 0..width.div_ceil(LANES) {
        let first = vector * LANES;
        let width = LANES.min(width - first);
        for &Place { base, target, .. } in places.all() {
            let mut sums = [F::zero(); LANES];
            sums.copy_from_slice(&correlation.start[first..][..LANES]);
            for run in 0..runs {
                for j in 0..run_length {
                    let value = source[base + run * run_stride + j * step];
                    let row = (run * run_length + j) * row_stride;
                    let lanes = &values[vector * vector_stride + row..][..LANES];
                    for (sum, &lane) in sums.iter_mut().zip(lanes) {
                        *sum = value.mul_add(lane, *sum);
                    }
                }
            }
            out[target + first..][..width].copy_from_slice(&sums[..width]);
        }
    }
}
