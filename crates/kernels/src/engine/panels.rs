//! Matrices as the inner loops of convolution and linear layers read them.

use ndarray::{ArrayView, ArrayView1, Axis, Dimension};

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
    /// Packs an array whose last axis are the columns of a matrix, and whose others are its rows.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is no memory for it.
    pub(crate) fn pack<D: Dimension>(
        operation: &'static str,
        matrix: ArrayView<'_, F, D>,
    ) -> Result<Self, KernelError> {
        let last = Axis(matrix.ndim() - 1);
        let width = matrix.len_of(last);
        let depth = matrix.shape()[..last.index()].iter().product();
        let mut values = Scratch::any(operation, &[depth, width.next_multiple_of(LANES)])?;
        if matrix.ndim() == 2
            && let Some(columns) = matrix.t().to_slice()
        {
            let rows = width.div_ceil(LANES) * depth;
            let parts = (0..rows, Images::new(&mut *values, LANES));
            divide(rows, depth * width, parts, &|(rows, panels)| {
                pack_columns(columns, depth, rows.start, panels.all());
            });
            return Ok(Self { values, depth });
        }
        for (row, elements) in matrix.lanes(last).into_iter().enumerate() {
            let mut elements = elements.iter();
            for panel in values.chunks_exact_mut(depth * LANES) {
                for place in &mut panel[row * LANES..][..LANES] {
                    *place = elements.next().copied().unwrap_or_default();
                }
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

/// Writes the rows of all panels from the row `first` on, from columns of `depth` values each.
fn pack_columns<F: Real>(columns: &[F], depth: usize, mut first: usize, mut panels: &mut [F]) {
    while !panels.is_empty() {
        let (block, from) = (first / depth, first % depth);
        // Some rows at a time, which stay in the nearest cache.
        let count = ROWS.min(depth - from).min(panels.len() / LANES);
        let (rows, rest) = panels.split_at_mut(count * LANES);
        let columns = &columns[block * LANES * depth..];
        if columns.len() < LANES * depth {
            rows.fill(F::zero());
        }
        for (l, column) in columns.chunks_exact(depth).take(LANES).enumerate() {
            for (lanes, &value) in rows.chunks_exact_mut(LANES).zip(&column[from..]) {
                lanes[l] = value;
            }
        }
        (first, panels) = (first + count, rest);
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

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::engine::parallel::with_threads;

    #[test]
    fn panels_are_the_matrix_filled_up_with_zeros_on_any_number_of_threads() {
        // Parts that begin amid a panel, and amid the rows packed at a time; panels that are filled up, and not.
        for [depth, width] in [[0, 3], [3, 0], [1, 1], [150, 10], [150, 37], [64, 32], [333, 48]] {
            let matrix = Array2::from_shape_fn([depth, width], |(row, column)| {
                (1 + row * width + column) as f32
            });
            let by_columns = matrix.t().as_standard_layout().into_owned();
            for threads in [1, 2, 3, 8] {
                with_threads(threads, || {
                    // Memory that was used before.
                    Scratch::<f32>::any("test", &[depth, 48]).unwrap().fill(f32::NAN);
                    for matrix in [matrix.view(), by_columns.t()] {
                        let panels = Panels::pack("test", matrix).unwrap();
                        let Matrix { values, row_stride, vector_stride } = panels.matrix();
                        for row in 0..depth {
                            for column in 0..width.next_multiple_of(LANES) {
                                let at = column / LANES * vector_stride + row * row_stride;
                                let expected = matrix.get([row, column]).copied();
                                let expected = expected.unwrap_or_default();
                                let got = values[at + column % LANES];
                                assert!(got == expected, "{depth} × {width}: {row}, {column}");
                            }
                        }
                    }
                })
                .unwrap();
            }
        }
    }
}
