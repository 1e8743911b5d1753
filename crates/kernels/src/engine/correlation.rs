//! The sums of products that convolution and its gradients consist of, in an order fixed by the
//! shapes alone.

use crate::Real;
use crate::engine::simd::{self, InstructionSet, LANES};

/// Where a row of a [`Correlation`] begins in its source, and where its results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index into the source.
    pub base: usize,
    /// Index into the output.
    pub target: usize,
}

/// ```text
/// out[target + l] = start[l] + Σ_{r < runs} Σ_{j < run_length}
///     source[base + r·run_stride + j·step] · matrix[r·run_length + j][l]
/// ```
///
/// for each [`Place`] and each l < width, one product after the other in the order of r and j, by
/// [`Real::mul_add`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correlation<'a, F> {
    /// What is read one value at a time.
    pub source: &'a [F],
    /// The matrix; each row is read in vectors of [`LANES`] values, the last filled up with
    /// anything.
    pub matrix: Matrix<'a, F>,
    /// Results a place.
    pub width: usize,
    /// Where the sums of a place start, filled up to whole vectors.
    pub start: &'a [F],
    /// Runs of a sum.
    pub runs: usize,
    /// Products of a run.
    pub run_length: usize,
    /// From one run to the next in the source.
    pub run_stride: usize,
    /// From one value of a run to the next in the source.
    pub step: usize,
}

/// A matrix read in vectors of [`LANES`] columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a, F> {
    /// All values.
    pub values: &'a [F],
    /// From one row to the next.
    pub row_stride: usize,
    /// From one vector of a row to the next.
    pub vector_stride: usize,
}

impl<F: Real> Correlation<'_, F> {
    /// Writes the sums of all places to `out`.
    pub(crate) fn write(&self, places: &[Place], out: &mut [F]) {
        let Matrix { values, row_stride, vector_stride } = self.matrix;
        let singles = (F::single(self.source), F::single(values), F::single(self.start));
        if let (Some(source), Some(values), Some(start)) = singles
            && let Some(out) = F::single_mut(out)
        {
            let matrix = Matrix { values, row_stride, vector_stride };
            let &Self { width, runs, run_length, run_stride, step, .. } = self;
            let correlation =
                Correlation { source, matrix, width, start, runs, run_length, run_stride, step };
            return simd::correlate(InstructionSet::in_use(), &correlation, places, out);
        }
        self.write_plainly(places, out);
    }

    /// [`Self::write`] in plain loops, for the other types and as the twin of the vector code.
    pub(crate) fn write_plainly(&self, places: &[Place], out: &mut [F]) {
        let Matrix { values, row_stride, vector_stride } = self.matrix;
        for vector in 0..self.width.div_ceil(LANES) {
            let first = vector * LANES;
            let width = LANES.min(self.width - first);
            for &Place { base, target } in places {
                let mut sums = [F::zero(); LANES];
                sums.copy_from_slice(&self.start[first..][..LANES]);
                for run in 0..self.runs {
                    for j in 0..self.run_length {
                        let value = self.source[base + run * self.run_stride + j * self.step];
                        let row = (run * self.run_length + j) * row_stride;
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
}
