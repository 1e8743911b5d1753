//! The convolution of one image after the other.

use ndarray::{ArrayView1, ArrayView4};

use super::config::OPERATION;
use super::geometry::Geometry;
use super::spread::Spread;
use crate::engine::correlation::{Correlation, Places};
use crate::engine::panels::{Panels, filled_up};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::{KernelError, expect_shape};

/// What all images read.
pub(super) struct ForwardPass<'a, F: Real> {
    pub(super) geometry: &'a Geometry,
    spread: Spread,
    panels: Panels<F>,
    /// The bias, which every sum starts from.
    start: Scratch<F>,
}

impl<'a, F: Real> ForwardPass<'a, F> {
    /// # Errors
    ///
    /// [`KernelError`] for a bias of another length than the filters, and when there is no memory to work
    /// in.
    pub(super) fn new(
        geometry: &'a Geometry,
        weight: ArrayView4<'_, F>,
        bias: ArrayView1<'_, F>,
    ) -> Result<Self, KernelError> {
        expect_shape(OPERATION, "bias", bias.shape(), &[geometry.f], "one value per filter")?;
        // (KH, KW, C, F)
        let weight = weight.permuted_axes([2, 3, 1, 0]);
        let panels = Panels::pack(OPERATION, weight)?;
        let (spread, start) = (geometry.spread_x(), filled_up(OPERATION, bias)?);
        Ok(Self { geometry, spread, panels, start })
    }

    /// Memory for [`Self::spread`].
    pub(super) fn frame(&self) -> Result<Scratch<F>, KernelError> {
        self.spread.buffer(OPERATION)
    }

    /// One image with zeros around it.
    pub(super) fn spread<'b>(&self, x: &[F], frame: &'b mut [F]) -> &'b [F] {
        self.spread.apply(x, frame)
    }

    /// Writes the pixels of some windows to the image `out`.
    pub(super) fn windows(&self, frame: &[F], windows: &Places, out: &mut [F]) {
        let &Geometry { c, f, kh, kw, .. } = self.geometry;
        let correlation = Correlation {
            source: frame,
            matrix: self.panels.matrix(),
            width: f,
            start: &self.start,
            runs: kh,
            run_length: kw * c,
            run_stride: self.spread.row(),
            step: 1,
        };
        F::correlate(&correlation, windows, out);
    }
}
