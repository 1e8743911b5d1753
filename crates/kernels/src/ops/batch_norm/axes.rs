//! Rows and images as what the norms work on: pixels in the axis order `(N, H, W, C)`.

use ndarray::{Array, ArrayBase, ArrayView, Axis, Dimension, Ix2, Ix4, RawData};

use crate::engine::layout::{from_channels_last, reused};
use crate::engine::real::Real;
use crate::error::KernelError;

/// The axes that batch norm and group norm take: `(N, D)` for rows, whose statistics are per feature, and
/// `(N, C, H, W)` for images, whose statistics are per channel. Both have the channels at axis 1.
pub trait RowsOrImages: Dimension {
    /// The name of batch norm of these axes in errors.
    const OPERATION: &'static str;

    /// The array in the axis order `(N, H, W, C)`; moves no data.
    fn pixels<S: RawData>(array: ArrayBase<S, Self>) -> ArrayBase<S, Ix4>;

    /// An array of the shape of `x` with elements of any value, in the memory of `old` where that
    /// has room; images are channels-last. `operation` names it in errors.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is no memory for it.
    fn reused<F: Real>(
        operation: &'static str,
        x: &ArrayView<'_, F, Self>,
        old: &mut Array<F, Self>,
    ) -> Result<Array<F, Self>, KernelError>;
}

impl RowsOrImages for Ix2 {
    const OPERATION: &'static str = "batch_norm";

    fn pixels<S: RawData>(rows: ArrayBase<S, Ix2>) -> ArrayBase<S, Ix4> {
        rows.insert_axis(Axis(1)).insert_axis(Axis(1))
    }

    fn reused<F: Real>(
        operation: &'static str,
        x: &ArrayView<'_, F, Ix2>,
        old: &mut Array<F, Ix2>,
    ) -> Result<Array<F, Ix2>, KernelError> {
        reused(operation, x.raw_dim(), old)
    }
}

impl RowsOrImages for Ix4 {
    const OPERATION: &'static str = "spatial_batch_norm";

    fn pixels<S: RawData>(images: ArrayBase<S, Ix4>) -> ArrayBase<S, Ix4> {
        images.permuted_axes([0, 2, 3, 1])
    }

    fn reused<F: Real>(
        operation: &'static str,
        x: &ArrayView<'_, F, Ix4>,
        old: &mut Array<F, Ix4>,
    ) -> Result<Array<F, Ix4>, KernelError> {
        let (n, c, h, w) = x.dim();
        reused(operation, [n, h, w, c], old).map(from_channels_last)
    }
}
