//! Matrices as the inner loops of convolution and linear layers read them.

use ndarray::{ArrayView, ArrayView1, Dimension};

use super::correlation::Matrix;
use super::lanes::LANES;
use super::parallel::{Images, divide};
use super::real::Real;
use super::scratch::Scratch;
use crate::error::KernelError;

/// Rows that are packed column by column before the next ones are.
const ROWS: usize = 64;

/// A matrix of `depth` rows, cut into blocks of [`LANES`] columns that are each contiguous; the
/// last block is filled up with zeros.
pub(crate) struct Panels<F: Real> {
    values: Scratch<F>,
    depth: usize,
}

impl<F: Real> Panels<F> {
    /// Packs an array whose elements in logical order are those of a matrix of `depth` rows and
    /// `width` columns.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is no memory for it.
    pub(crate) fn pack<D: Dimension>(
        operation: &'static str,
        depth: usize,
        width: usize,
        matrix: ArrayView<'_, F, D>,
    ) -> Result<Self, KernelError> {
        let mut values = Scratch::zeros(operation, &[depth, width.next_multiple_of(LANES)])?;
        if matrix.ndim() == 2
            && let Some(columns) = matrix.t().to_slice()
        {
            let blocks = width.div_ceil(LANES);
            let parts = (0..blocks, Images::new(&mut *values, depth * LANES));
            divide(blocks, depth * width, parts, &|(blocks, panels)| {
                for (block, panel) in blocks.zip(panels.iter_mut()) {
                    pack_columns(&columns[block * LANES * depth..], depth, panel);
                }
            });
            return Ok(Self { values, depth });
        }
        let mut elements = matrix.iter();
        for row in 0..depth {
            for (column, &value) in elements.by_ref().take(width).enumerate() {
                let block = column / LANES * depth + row;
                values[block * LANES + column % LANES] = value;
            }
        }
        Ok(Self { values, depth })
    }

    /// The matrix, for a [`super::correlation::Correlation`].
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
///
/// # Errors
///
/// [`KernelError::TooLarge`] when there is no memory for it.
pub(crate) fn filled_up<F: Real>(
    operation: &'static str,
    row: ArrayView1<'_, F>,
) -> Result<Scratch<F>, KernelError> {
    let mut values = Scratch::zeros(operation, &[row.len().next_multiple_of(LANES)])?;
    values.iter_mut().zip(row).for_each(|(place, &value)| *place = value);
    Ok(values)
}
