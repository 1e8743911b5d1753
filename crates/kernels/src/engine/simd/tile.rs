//! Sums of products, in tiles of places and vectors that stay in registers.

use super::arithmetic::Arithmetic;
use super::body::{Body, run};
use super::instruction_set::InstructionSet;
use crate::engine::correlation::{Correlation, Matrix, Place, Places};
use crate::engine::lanes::LANES;

/// [`Loops::correlate`](crate::engine::loops::Loops::correlate) with tiles of places that share the vectors they read.
pub(super) fn correlate(
    set: InstructionSet,
    correlation: &Correlation<'_, f32>,
    places: &Places,
    out: &mut [f32],
) {
    assert!(is_inside(correlation, places, out.len()) == Some(true));
    run(set, Write { correlation, places: places.all(), out });
}

/// Whether all that is read lies in the source and the matrix, and all that is written in `out`;
/// `None` if an index overflows.
fn is_inside(correlation: &Correlation<'_, f32>, places: &Places, out: usize) -> Option<bool> {
    let &Correlation { source, width, runs, run_length, run_stride, step, .. } = correlation;
    let Matrix { values, row_stride, vector_stride } = correlation.matrix;
    let (Some(last_vector), Some([base, target])) =
        (width.div_ceil(LANES).checked_sub(1), places.largest())
    else {
        return Some(true);
    };
    if target.checked_add(width)? > out {
        return Some(false);
    }
    let (Some(last_run), Some(last_value)) = (runs.checked_sub(1), run_length.checked_sub(1))
    else {
        return Some(true);
    };
    let last = last_run.checked_mul(run_stride)?.checked_add(last_value.checked_mul(step)?)?;
    let last_row = (runs.checked_mul(run_length)? - 1).checked_mul(row_stride)?;
    let end = last_vector.checked_mul(vector_stride)?.checked_add(last_row)?.checked_add(LANES)?;
    Some(base.checked_add(last)? < source.len() && end <= values.len())
}

struct Write<'a> {
    correlation: &'a Correlation<'a, f32>,
    places: &'a [Place],
    out: &'a mut [f32],
}

impl Body for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { correlation, places, out } = self;
        let vectors = correlation.width.div_ceil(LANES);
        let mut vector = 0;
        while vector < vectors {
            if A::TILE_VECTORS == 2 && vector + 2 <= vectors {
                columns::<A, 2>(correlation, vector, places, out);
                vector += 2;
            } else {
                columns::<A, 1>(correlation, vector, places, out);
                vector += 1;
            }
        }
    }
}

#[inline(always)]
fn columns<A: Arithmetic, const V: usize>(
    correlation: &Correlation<'_, f32>,
    vector: usize,
    places: &[Place],
    out: &mut [f32],
) {
    let mut rest = places;
    while !rest.is_empty() {
        let taken = first_tile::<A, V>(correlation, vector, rest, out);
        rest = &rest[taken..];
    }
}

/// A tile of the first places; how many that are. A tile is large, so that its sums fill the registers:
/// each must wait for its last product, and the others fill that time.
#[inline(always)]
fn first_tile<A: Arithmetic, const V: usize>(
    correlation: &Correlation<'_, f32>,
    vector: usize,
    places: &[Place],
    out: &mut [f32],
) -> usize {
    if A::TILE_VECTORS == 2 {
        // Thirty-two registers. From some nine places on, addresses come from memory; evenly spaced places
        // have one address. Ten are a tile all the same: a tenth alone would wait for each of its products.
        match (V, Place::evenly_spaced(places)) {
            (1, (1, 28..)) => return tile::<A, 28, V, 1>(correlation, vector, places, out),
            (_, (1, 14..)) => return tile::<A, 14, V, 1>(correlation, vector, places, out),
            (1, (16, 14..)) => return tile::<A, 14, V, 16>(correlation, vector, places, out),
            (1, (32, 14..)) => return tile::<A, 14, V, 32>(correlation, vector, places, out),
            (1, (64, 14..)) => return tile::<A, 14, V, 64>(correlation, vector, places, out),
            (_, _) => {}
        }
        match (V, places.len()) {
            (1, 10) => return tile::<A, 10, V, 0>(correlation, vector, places, out),
            (1, 9..) => return tile::<A, 9, V, 0>(correlation, vector, places, out),
            (1, 8) => return tile::<A, 8, V, 0>(correlation, vector, places, out),
            (_, 7..) => return tile::<A, 7, V, 0>(correlation, vector, places, out),
            (_, _) => {}
        }
    }
    // With two registers for a vector, the sums and their operands fill the sixteen of AVX2.
    match places.len() {
        0 => 0,
        1 => tile::<A, 1, V, 0>(correlation, vector, places, out),
        2 => tile::<A, 2, V, 0>(correlation, vector, places, out),
        3 => tile::<A, 3, V, 0>(correlation, vector, places, out),
        4 => tile::<A, 4, V, 0>(correlation, vector, places, out),
        5 => tile::<A, 5, V, 0>(correlation, vector, places, out),
        _ => tile::<A, 6, V, 0>(correlation, vector, places, out),
    }
}

/// The sums of the first `R` places, in `V` vectors; `R`. The places lie `APART` in the source, or anywhere
/// where that is 0.
#[inline(always)]
fn tile<A: Arithmetic, const R: usize, const V: usize, const APART: usize>(
    correlation: &Correlation<'_, f32>,
    vector: usize,
    places: &[Place],
    out: &mut [f32],
) -> usize {
    let &Correlation { source, runs, run_length, run_stride, step, .. } = correlation;
    let Matrix { values: matrix, row_stride, vector_stride } = correlation.matrix;
    let mut start = [A::splat(0.0); V];
    for (v, start) in start.iter_mut().enumerate() {
        *start = A::load(vector_at(correlation.start, (vector + v) * LANES));
    }
    let places = &places[..R];
    let mut bases = [places[0].base; R];
    if APART == 0 {
        for (base, place) in bases.iter_mut().zip(places) {
            *base = place.base;
        }
    }
    let mut sums = [start; R];
    let mut row = vector * vector_stride;
    for run in 0..runs {
        let mut at = run * run_stride;
        for _ in 0..run_length {
            let mut lanes = [A::splat(0.0); V];
            for (v, lanes) in lanes.iter_mut().enumerate() {
                let first = row + v * vector_stride;
                // SAFETY: `is_inside` was true, so even the last row of the last vector is in bounds.
                *lanes = A::load(unsafe { &*matrix.as_ptr().add(first).cast() });
            }
            for r in 0..R {
                let index = at + if APART > 0 { bases[0] + r * APART } else { bases[r] };
                // SAFETY: `is_inside` was true, so even the last value of the largest base is in bounds.
                let value = A::splat(unsafe { *source.get_unchecked(index) });
                for v in 0..V {
                    sums[r][v] = A::mul_add(value, lanes[v], sums[r][v]);
                }
            }
            at += step;
            row += row_stride;
        }
    }
    let first = vector * LANES;
    if first + V * LANES <= correlation.width {
        for (place, sums) in places.iter().zip(&sums) {
            for (v, &sums) in sums.iter().enumerate() {
                let at = place.target + first + v * LANES;
                // SAFETY: `is_inside` was true, so all of `width` values from the largest target on are in
                // bounds, and this vector is within them.
                A::store(sums, unsafe { &mut *out.as_mut_ptr().add(at).cast() });
            }
        }
    } else {
        let mut values = [[[0.0; LANES]; V]; R];
        for (values, sums) in values.iter_mut().zip(&sums) {
            for (values, &sums) in values.iter_mut().zip(sums) {
                A::store(sums, values);
            }
        }
        let width = correlation.width - first;
        for (place, values) in places.iter().zip(&values) {
            let out = &mut out[place.target + first..][..width];
            out.copy_from_slice(&values.as_flattened()[..width]);
        }
    }
    R
}

/// The vector that begins at `index`.
#[inline(always)]
fn vector_at(values: &[f32], index: usize) -> &[f32; LANES] {
    let (vectors, _) = values[index..].as_chunks();
    &vectors[0]
}
