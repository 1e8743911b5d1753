//! Sums of products, in tiles of places and vectors that stay in registers.

use super::arithmetic::Arithmetic;
use super::body::{Body, run};
use super::instruction_set::InstructionSet;
use crate::engine::correlation::{Correlation, Matrix, Place};
use crate::engine::lanes::LANES;

/// The rows of a tile. With two vectors of 8 values in a row, the sums and their operands fill the
/// sixteen registers of AVX2.
const ROWS: usize = 6;

/// [`Loops::correlate`](crate::engine::loops::Loops::correlate) with tiles of places that share the vectors they read.
pub(super) fn correlate(
    set: InstructionSet,
    correlation: &Correlation<'_, f32>,
    places: &[Place],
    out: &mut [f32],
) {
    assert!(is_inside(correlation, places).is_some_and(|is_inside| is_inside));
    run(set, Write { correlation, places, out });
}

/// Whether all that is read lies in the source and the matrix; `None` if an index overflows.
fn is_inside(correlation: &Correlation<'_, f32>, places: &[Place]) -> Option<bool> {
    let &Correlation { source, width, runs, run_length, run_stride, step, .. } = correlation;
    let Matrix { values, row_stride, vector_stride } = correlation.matrix;
    let (Some(vectors), Some(base)) =
        (width.div_ceil(LANES).checked_sub(1), places.iter().map(|place| place.base).max())
    else {
        return Some(true);
    };
    let (Some(last_run), Some(last_value)) = (runs.checked_sub(1), run_length.checked_sub(1))
    else {
        return Some(true);
    };
    let last = last_run.checked_mul(run_stride)?.checked_add(last_value.checked_mul(step)?)?;
    let last_row = (runs.checked_mul(run_length)? - 1).checked_mul(row_stride)?;
    let end = vectors.checked_mul(vector_stride)?.checked_add(last_row)?.checked_add(LANES)?;
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
    if V < A::TILE_VECTORS {
        // More sums at once: each must wait for its last product, and the others fill that time.
        while let Some((tile, after)) = rest.split_first_chunk::<{ ROWS + 2 }>() {
            rows::<A, { ROWS + 2 }, V>(correlation, vector, tile, out);
            rest = after;
        }
    }
    while let Some((tile, after)) = rest.split_first_chunk::<ROWS>() {
        rows::<A, ROWS, V>(correlation, vector, tile, out);
        rest = after;
    }
    match *rest {
        [a] => rows::<A, 1, V>(correlation, vector, &[a], out),
        [a, b] => rows::<A, 2, V>(correlation, vector, &[a, b], out),
        [a, b, c] => rows::<A, 3, V>(correlation, vector, &[a, b, c], out),
        [a, b, c, d] => rows::<A, 4, V>(correlation, vector, &[a, b, c, d], out),
        [a, b, c, d, e] => rows::<A, 5, V>(correlation, vector, &[a, b, c, d, e], out),
        _ => {}
    }
}

#[inline(always)]
fn rows<A: Arithmetic, const R: usize, const V: usize>(
    correlation: &Correlation<'_, f32>,
    vector: usize,
    places: &[Place; R],
    out: &mut [f32],
) {
    let &Correlation { source, runs, run_length, run_stride, step, .. } = correlation;
    let Matrix { values: matrix, row_stride, vector_stride } = correlation.matrix;
    let mut start = [A::splat(0.0); V];
    for (v, start) in start.iter_mut().enumerate() {
        *start = A::load(vector_at(correlation.start, (vector + v) * LANES));
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
                // SAFETY: `is_inside` was true, so even the last value of the largest base is in bounds.
                let value = A::splat(unsafe { *source.get_unchecked(places[r].base + at) });
                for v in 0..V {
                    sums[r][v] = A::mul_add(value, lanes[v], sums[r][v]);
                }
            }
            at += step;
            row += row_stride;
        }
    }
    for (place, row) in places.iter().zip(&sums) {
        for (v, &sums) in row.iter().enumerate() {
            let first = (vector + v) * LANES;
            let width = LANES.min(correlation.width - first);
            let out = &mut out[place.target + first..][..width];
            A::store_first(sums, out);
        }
    }
}

/// The vector that begins at `index`.
#[inline(always)]
fn vector_at(values: &[f32], index: usize) -> &[f32; LANES] {
    let (vectors, _) = values[index..].as_chunks();
    &vectors[0]
}
