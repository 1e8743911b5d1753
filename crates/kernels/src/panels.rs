//! Matrices as the inner loops of convolution and linear layers read them.

use ndarray::{ArrayView, ArrayView1, Dimension};

use crate::Real;
use crate::correlation::Matrix;
use crate::layout::elements;
use crate::simd::LANES;

/// A matrix of `depth` rows, cut into blocks of [`LANES`] columns that are each contiguous; the
/// last block is filled up with zeros.
pub(crate) struct Panels<F> {
    values: Vec<F>,
    depth: usize,
}

impl<F: Real> Panels<F> {
    /// Packs an array whose elements in logical order are those of a matrix of `depth` rows and
    /// `width` columns.
    pub(crate) fn pack<D: Dimension>(
        depth: usize,
        width: usize,
        matrix: ArrayView<'_, F, D>,
    ) -> Self {
        let mut values = vec![F::zero(); depth * width.next_multiple_of(LANES)];
        if matrix.ndim() == 2
            && let Some(columns) = matrix.t().to_slice()
        {
            for (block, panel) in values.chunks_exact_mut(depth * LANES).enumerate() {
                let columns = columns.chunks_exact(depth).skip(block * LANES).take(LANES);
                for (l, column) in columns.enumerate() {
                    for (lanes, &value) in panel.chunks_exact_mut(LANES).zip(column) {
                        lanes[l] = value;
                    }
                }
            }
            return Self { values, depth };
        }
        let matrix = matrix.as_standard_layout();
        for (block, panel) in values.chunks_exact_mut(depth * LANES).enumerate() {
            let columns = block * LANES..width.min((block + 1) * LANES);
            let rows = elements(&matrix).chunks_exact(width);
            for (lanes, row) in panel.chunks_exact_mut(LANES).zip(rows) {
                lanes[..columns.len()].copy_from_slice(&row[columns.clone()]);
            }
        }
        Self { values, depth }
    }

    /// The matrix, for a [`crate::correlation::Correlation`].
    pub(crate) fn matrix(&self) -> Matrix<'_, F> {
        let vector_stride = self.depth * LANES;
        Matrix { values: &self.values, row_stride: LANES, vector_stride }
    }
}

/// `row`, filled up with zeros to whole vectors.
pub(crate) fn filled_up<F: Real>(row: ArrayView1<'_, F>) -> Vec<F> {
    let mut values = row.to_vec();
    values.resize(row.len().next_multiple_of(LANES), F::zero());
    values
}
