//! The inner loop of convolution and linear layers: a row of numbers times a matrix, in an order
//! fixed by the shapes alone.

use crate::Real;

/// Output columns computed together. Each of them is its own sum, so the width changes speed only.
pub(crate) const LANES: usize = 16;

/// A matrix of `depth` rows, cut into blocks of [`LANES`] columns that are each contiguous; the
/// last block is filled up with zeros.
pub(crate) struct Panels<F> {
    values: Vec<F>,
    depth: usize,
}

impl<F: Real> Panels<F> {
    /// Packs the matrix of `depth` rows and `width` columns whose element is `at(row, column)`.
    pub(crate) fn pack(depth: usize, width: usize, at: impl Fn(usize, usize) -> F) -> Self {
        let mut values = vec![F::zero(); depth * width.div_ceil(LANES) * LANES];
        for (block, panel) in values.chunks_exact_mut(depth * LANES).enumerate() {
            let first = block * LANES;
            let columns = LANES.min(width - first);
            for (row, lanes) in panel.chunks_exact_mut(LANES).enumerate() {
                for (lane, value) in lanes[..columns].iter_mut().enumerate() {
                    *value = at(row, first + lane);
                }
            }
        }
        Self { values, depth }
    }

    /// The blocks in order, each `depth` rows of [`LANES`] values.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &[F]> {
        self.values.chunks_exact(self.depth * LANES)
    }
}

/// `sums[l] += Σ_k row[k] · panel[k][l]`, one product after the other.
#[inline]
pub(crate) fn accumulate<F: Real>(sums: &mut [F; LANES], row: &[F], panel: &[F]) {
    for (&value, lanes) in row.iter().zip(panel.chunks_exact(LANES)) {
        for (sum, &lane) in sums.iter_mut().zip(lanes) {
            *sum += value * lane;
        }
    }
}
