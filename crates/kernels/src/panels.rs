//! Matrices as the inner loops of convolution and linear layers read them.

use std::convert::Infallible;

use ndarray::{ArrayView, ArrayView1, Dimension};

use crate::Real;
use crate::correlation::Matrix;
use crate::layout::elements;
use crate::parallel::{Images, divide};
use crate::simd::LANES;

/// Rows that are packed column by column before the next ones are.
const ROWS: usize = 64;

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
            let blocks = width.div_ceil(LANES);
            let parts = (0..blocks, Images::new(values.as_mut_slice(), depth * LANES));
            let Ok(()) =
                divide::<_, Infallible>(blocks, depth * width, parts, &|(blocks, panels)| {
                    for (block, panel) in blocks.zip(panels.iter_mut()) {
                        pack_columns(&columns[block * LANES * depth..], depth, panel);
                    }
                    Ok(())
                });
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

/// Packs the first of these columns, of `depth` values each, into one panel.
fn pack_columns<F: Real>(columns: &[F], depth: usize, panel: &mut [F]) {
    // Some rows at a time, which stay in the nearest cache.
    for (part, rows) in panel.chunks_mut(ROWS * LANES).enumerate() {
        for (l, column) in columns.chunks_exact(depth).take(LANES).enumerate() {
            for (lanes, &value) in rows.chunks_exact_mut(LANES).zip(&column[part * ROWS..]) {
                lanes[l] = value;
            }
        }
    }
}

/// `row`, filled up with zeros to whole vectors.
pub(crate) fn filled_up<F: Real>(row: ArrayView1<'_, F>) -> Vec<F> {
    let mut values = row.to_vec();
    values.resize(row.len().next_multiple_of(LANES), F::zero());
    values
}
