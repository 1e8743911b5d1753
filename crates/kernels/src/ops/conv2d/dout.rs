//! Where the backward pass reads the images of dout.

use crate::engine::real::Real;

/// The images of a dout, each in channels-last memory.
pub(super) trait DoutImages<F: Real>: Sync {
    /// How many values [`Self::image`] needs memory for.
    fn memory(&self) -> usize;

    /// One image, which may lie in `memory`; none if it cannot be made.
    fn image<'a>(&'a self, image: usize, memory: &'a mut [F]) -> Option<&'a [F]>;
}

/// A dout in memory.
pub(super) struct Stored<'a, F> {
    pub(super) values: &'a [F],
    /// Values of an image.
    pub(super) image: usize,
}

impl<F: Real> DoutImages<F> for Stored<'_, F> {
    fn memory(&self) -> usize {
        0
    }

    fn image<'a>(&'a self, image: usize, _: &'a mut [F]) -> Option<&'a [F]> {
        Some(&self.values[image * self.image..][..self.image])
    }
}
