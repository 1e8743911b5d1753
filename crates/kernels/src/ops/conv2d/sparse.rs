//! The gradients from a dout of which most is zero.

use super::config::OPERATION;
use super::dout::DoutImages;
use super::geometry::Geometry;
use crate::engine::lanes::LANES;
use crate::engine::loops::NonzeroLoops;
use crate::engine::nonzeros::{Blocks, Nonzeros};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::KernelError;

/// How many times as long a nonzero takes as a value where there is no choice between them.
const SLOWER: usize = 3;

/// The gradients of a convolution from a dout with few nonzeros. The order of operations is that of
/// the gradients from all of dout, and so are the bits (see [`crate::engine::nonzeros`]). For `f32`, and
/// kernels whose rows are whole vectors.
pub(super) struct Sparse<F: Real> {
    loops: NonzeroLoops<F>,
    /// Where a filter's weights begin among all in the order (F, KH, KW, C).
    tags: Vec<u32>,
    /// Where the window of each pixel of dout begins in the frame of [`Geometry::spread_x`].
    windows: Vec<usize>,
    filters: usize,
    rows: usize,
    run: usize,
    stride: usize,
}

impl<F: Real> Sparse<F> {
    /// None where it cannot be done, and where it would take longer, judged by three of the images.
    pub(super) fn new<D: DoutImages<F>>(geometry: &Geometry, dout: &D) -> Option<Self> {
        let &Geometry { n, c, f, kh, kw, oh, ow, .. } = geometry;
        let loops = F::NONZERO_LOOPS?;
        let run = kw * c;
        if !run.is_multiple_of(LANES) {
            return None;
        }
        let image = oh * ow * f;
        let mut memory = Scratch::any(OPERATION, &[dout.memory()]).ok()?;
        let mut nonzeros = 0;
        for at in [0, n / 2, n - 1] {
            let image = dout.image(at, &mut memory)?;
            nonzeros += image.iter().filter(|value| !value.is_zero()).count();
        }
        if nonzeros * SLOWER > 3 * image {
            return None;
        }
        let tags = (0..f).map(|filter| u32::try_from(filter * kh * run).ok());
        let mut tags = tags.collect::<Option<Vec<_>>>()?;
        tags.resize(f.next_multiple_of(LANES), 0);
        let windows = geometry.windows(0..oh).all().iter().map(|place| place.base).collect();
        let stride = geometry.columns.read().len() * c;
        Some(Self { loops, tags, windows, filters: f, rows: kh, run, stride })
    }

    /// Memory for the nonzeros of one image.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is none.
    pub(super) fn memory(&self) -> Result<Nonzeros<F>, KernelError> {
        Nonzeros::of_image(OPERATION, self.windows.len(), self.filters)
    }

    /// Finds the nonzeros of one image.
    pub(super) fn collect(&self, dout: &[F], nonzeros: &mut Nonzeros<F>) {
        (self.loops.collect)(dout, &self.tags, nonzeros);
    }

    /// Adds an image's dx to `frame`, from weights in the order (F, KH, KW, C).
    pub(super) fn add_input(&self, nonzeros: &Nonzeros<F>, weight: &[F], frame: &mut [F]) {
        (self.loops.scatter)(nonzeros, self.blocks(), weight, frame);
    }

    /// Adds an image's dweight to `sums` in the order (F, KH, KW, C), from x in its frame.
    pub(super) fn add_weight(&self, nonzeros: &Nonzeros<F>, frame: &[F], sums: &mut [F]) {
        (self.loops.gather)(nonzeros, self.blocks(), frame, sums);
    }

    fn blocks(&self) -> Blocks<'_> {
        let &Self { rows, run, stride, .. } = self;
        Blocks { bases: &self.windows, rows, run, stride }
    }
}
