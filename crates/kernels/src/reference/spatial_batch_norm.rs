//! Spatial batch norm is batch norm of pixels: `(N, C, H, W)` images are the rows of an `(N·H·W, C)`
//! matrix. Source: Ioffe and Szegedy 2015, section 3.2. The fast kernel:
//! [`crate::spatial_batch_norm`].
//!
//! Call [`crate::reference::batch_norm`] on [`to_rows`] of the images, and [`from_rows`] on what it
//! returns.

use ndarray::{Array2, Array4, ArrayView4};

/// The row of each pixel in turn: n, then h, then w.
pub fn to_rows(images: ArrayView4<'_, f64>) -> Array2<f64> {
    let (_, c, h, w) = images.dim();
    let rows = images.len() / c;
    Array2::from_shape_fn((rows, c), |(row, c)| images[[row / (h * w), c, row / w % h, row % w]])
}

/// The images whose pixels are these rows; `[h, w]` is the size of an image.
pub fn from_rows(rows: &Array2<f64>, [h, w]: [usize; 2]) -> Array4<f64> {
    let shape = (rows.nrows() / (h * w), rows.ncols(), h, w);
    Array4::from_shape_fn(shape, |(n, c, i, j)| rows[[(n * h + i) * w + j, c]])
}
