//! Moving averages that no zero can move any more.
//!
//! Where a gradient has become 0 for good, its moving average a ← a − s·a falls into the subnormal
//! numbers, and stays at a few times the least of them: there s·a is rounded to 0. Processors need
//! many times longer for subnormal numbers, so an optimiser leaves such averages out: the step would
//! change neither the average nor the parameter.

use super::real::Real;

/// Which averages are at rest: those other than 0 of magnitudes up to this.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtRest<F>(F);

impl<F: Real> AtRest<F> {
    /// The averages a for which both `share`·a, which they lose per step, and `step`·a, by which they
    /// move a parameter, are rounded to 0.
    pub(crate) fn of(share: f64, step: f64) -> Self {
        // A product of less than half of the least number is rounded to 0. The factors are rounded
        // too, so a little less.
        let largest = (0.49 / share).min(0.49 / step.abs()).floor();
        Self(F::from_f64(largest * F::LEAST.to_f64()))
    }

    /// Whether the average is at rest.
    #[inline(always)]
    pub(crate) fn holds(self, gradient: F, average: F) -> bool {
        // Without branches, for vectors.
        let zero = F::zero();
        (gradient == zero) & (average != zero) & (average <= self.0) & (average >= -self.0)
    }
}
