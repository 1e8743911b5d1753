//! dx of one image after the other: every input pixel collects dout · weight from the outputs that it took
//! part in.

use ndarray::{ArrayView4, Axis, Slice};

use super::config::OPERATION;
use super::geometry::{Geometry, ImagePhase};
use super::sparse::Sparse;
use super::spread::Spread;
use crate::engine::correlation::Correlation;
use crate::engine::lanes::LANES;
use crate::engine::nonzeros::Nonzeros;
use crate::engine::panels::Panels;
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::KernelError;

/// What all images read.
pub(super) struct InputPass<'a, F: Real> {
    geometry: &'a Geometry,
    spread: Spread,
    weights: Weights<F>,
}

enum Weights<F: Real> {
    /// In the order (F, KH, KW, C): each nonzero is scattered to the pixels of its window.
    ForNonzeros(Scratch<F>),
    /// Each pixel is a sum over the outputs that the taps of its phase lead to, and starts from zeros.
    ForAll { phases: Vec<(ImagePhase, Panels<F>)>, start: Scratch<F> },
}

/// [`InputPass`] with memory for one image.
pub(super) struct InputPassOfImages<'a, F: Real> {
    pass: &'a InputPass<'a, F>,
    frame: Scratch<F>,
}

impl<'a, F: Real> InputPass<'a, F> {
    /// For images of dout with few nonzeros, or for any.
    pub(super) fn new(
        geometry: &'a Geometry,
        weight: ArrayView4<'_, F>,
        is_sparse: bool,
    ) -> Result<Self, KernelError> {
        if is_sparse {
            let weight = Scratch::of(OPERATION, weight.permuted_axes([0, 2, 3, 1]))?;
            let (spread, weights) = (geometry.spread_x(), Weights::ForNonzeros(weight));
            return Ok(Self { geometry, spread, weights });
        }
        let with_panels = |phase: ImagePhase| {
            let mut taps = weight;
            for (axis, taps_here) in phase.taps.iter().enumerate() {
                let every = Slice::new(taps_here.first as isize, None, taps_here.step as isize);
                taps.slice_axis_inplace(Axis(2 + axis), every);
                taps.invert_axis(Axis(2 + axis));
            }
            // (KH, KW, F, C)
            let panels = Panels::pack(OPERATION, taps.permuted_axes([2, 3, 0, 1]))?;
            Ok((phase, panels))
        };
        let phases = geometry.phases().map(with_panels).collect::<Result<_, KernelError>>()?;
        let start = Scratch::zeros(OPERATION, &[geometry.c.next_multiple_of(LANES)])?;
        let weights = Weights::ForAll { phases, start };
        Ok(Self { geometry, spread: geometry.spread_dout(), weights })
    }

    pub(super) fn start(&'a self) -> Result<InputPassOfImages<'a, F>, KernelError> {
        Ok(InputPassOfImages { pass: self, frame: self.spread.buffer(OPERATION)? })
    }
}

impl<F: Real> InputPassOfImages<'_, F> {
    /// Writes dx of one image. It is zero where no tap reaches.
    pub(super) fn image(
        &mut self,
        dout: &[F],
        nonzeros: Option<(&Sparse<F>, &Nonzeros<F>)>,
        dx: &mut [F],
    ) {
        let InputPass { geometry, spread, weights } = self.pass;
        if geometry.leaves_pixels_out() {
            dx.fill(F::zero());
        }
        match (weights, nonzeros) {
            (Weights::ForNonzeros(weight), Some((sparse, nonzeros))) => {
                self.frame.fill(F::zero());
                sparse.add_input(nonzeros, weight, &mut self.frame);
                spread.take_back(&self.frame, dx);
            }
            (Weights::ForAll { phases, start }, _) => {
                let source = spread.apply(dout, &mut self.frame);
                for (phase, panels) in phases {
                    let correlation = Correlation {
                        source,
                        matrix: panels.matrix(),
                        width: geometry.c,
                        start,
                        runs: phase.taps[0].count,
                        run_length: phase.taps[1].count * geometry.f,
                        run_stride: spread.row(),
                        step: 1,
                    };
                    F::correlate(&correlation, &phase.places, dx);
                }
            }
            (Weights::ForNonzeros(_), None) => {}
        }
    }
}
