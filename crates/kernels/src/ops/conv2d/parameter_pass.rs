//! dweight and dbias of one image after the other: sums over every output pixel of dout · x, and of dout.

use super::config::OPERATION;
use super::geometry::Geometry;
use super::sparse::Sparse;
use super::spread::Spread;
use crate::engine::correlation::{Correlation, Matrix, Places};
use crate::engine::lanes::LANES;
use crate::engine::nonzeros::Nonzeros;
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::KernelError;

/// What all images read. Results are dweight, in the order (F, KH, KW, C) for images of dout with few
/// nonzeros and else (KH, KW, C, F), and dbias behind it.
pub(super) struct ParameterPass<'a, F: Real> {
    geometry: &'a Geometry,
    /// In channels-last memory.
    x: &'a [F],
    spread: Spread,
    /// Where each sum over dout begins in the frame, and goes: for the taps of the kernel, then for the
    /// bias; where there are few nonzeros, for the bias alone.
    places: Places,
    /// Zeros, for sums to start from.
    start: Scratch<F>,
}

/// [`ParameterPass`] with memory for one image.
pub(super) struct ParameterPassOfImages<'a, F: Real> {
    pass: &'a ParameterPass<'a, F>,
    /// x with zeros around it, and behind it as many ones: what the bias is multiplied with.
    frame: Scratch<F>,
    /// dout with rows of whole vectors; empty where its rows are whole vectors anyway.
    filled_up: Scratch<F>,
}

impl<'a, F: Real> ParameterPass<'a, F> {
    /// For images of dout with few nonzeros, or for any.
    pub(super) fn new(
        geometry: &'a Geometry,
        x: &'a [F],
        is_sparse: bool,
    ) -> Result<Self, KernelError> {
        let start = Scratch::zeros(OPERATION, &[geometry.f.next_multiple_of(LANES)])?;
        let (spread, taps) = (geometry.spread_x(), geometry.taps());
        let bias = [spread.len(), taps.len() * geometry.f];
        let taps = if is_sparse { Vec::new() } else { taps };
        let places = Places::new(taps.into_iter().chain([bias]));
        Ok(Self { geometry, x, spread, places, start })
    }

    /// How many values dweight and dbias have.
    pub(super) fn count(&self) -> usize {
        let &Geometry { c, f, kh, kw, .. } = self.geometry;
        (kh * kw * c + 1) * f
    }

    pub(super) fn start(&'a self) -> Result<ParameterPassOfImages<'a, F>, KernelError> {
        let &Geometry { f, oh, ow, .. } = self.geometry;
        let rows = if f.is_multiple_of(LANES) { 0 } else { oh * ow };
        let mut frame = Scratch::zeros(OPERATION, &[2, self.spread.len()])?;
        frame[self.spread.len()..].fill(F::one());
        let filled_up = Scratch::zeros(OPERATION, &[rows, self.start.len()])?;
        Ok(ParameterPassOfImages { pass: self, frame, filled_up })
    }
}

impl<F: Real> ParameterPassOfImages<'_, F> {
    /// Writes dweight and dbias of one image.
    pub(super) fn image(
        &mut self,
        image: usize,
        dout: &[F],
        nonzeros: Option<(&Sparse<F>, &Nonzeros<F>)>,
        sums: &mut [F],
    ) {
        let ParameterPass { geometry, x, spread, places, start } = self.pass;
        let &Geometry { c, h, w, f, oh, ow, .. } = *geometry;
        let row_stride = start.len();
        for (row, dout) in self.filled_up.chunks_exact_mut(row_stride).zip(dout.chunks_exact(f)) {
            row[..f].copy_from_slice(dout);
        }
        let values = if self.filled_up.is_empty() { dout } else { &self.filled_up };
        let x = &x[image * h * w * c..][..h * w * c];
        let frame = spread.apply(x, &mut self.frame[..spread.len()]);
        if let Some((sparse, nonzeros)) = nonzeros {
            let dweight = sums.len() - f;
            sums[..dweight].fill(F::zero());
            sparse.add_weight(nonzeros, frame, &mut sums[..dweight]);
        }
        let correlation = Correlation {
            source: &self.frame,
            matrix: Matrix { values, row_stride, vector_stride: LANES },
            width: f,
            start,
            runs: oh,
            run_length: ow,
            run_stride: geometry.rows.spread_stride() * spread.row(),
            step: geometry.columns.spread_stride() * c,
        };
        F::correlate(&correlation, places, sums);
    }
}
