use super::OPERATION;
use super::geometry::Geometry;
use crate::nonzeros::{Blocks, Nonzeros};
use crate::simd::{self, InstructionSet, LANES};
use crate::{KernelError, Real};

/// How many times as long a nonzero takes as a value where there is no choice between them.
const SLOWER: usize = 3;

/// The gradients of a convolution from a dout with few nonzeros, in the order of operations of the
/// other way, and so with the same bits. For `f32`, and kernels whose rows are whole vectors.
pub(super) struct Sparse {
    /// Where a filter's weights begin among all in the order (F, KH, KW, C).
    tags: Vec<u32>,
    /// Where the window of each pixel of dout begins in the frame of [`Geometry::spread_x`].
    windows: Vec<usize>,
    filters: usize,
    rows: usize,
    run: usize,
    stride: usize,
}

impl Sparse {
    /// None where it cannot be done, and where it would take longer: the first image stands for all.
    pub(super) fn new<F: Real>(geometry: &Geometry, dout: &[F]) -> Option<Self> {
        let &Geometry { c, f, kh, kw, oh, ow, .. } = geometry;
        let run = kw * c;
        if !run.is_multiple_of(LANES) {
            return None;
        }
        let image = F::single(dout)?.get(..oh * ow * f)?;
        let nonzeros = image.iter().filter(|&&value| value != 0.0).count();
        if nonzeros * SLOWER > image.len() {
            return None;
        }
        let tags = (0..f).map(|filter| u32::try_from(filter * kh * run).ok());
        let mut tags = tags.collect::<Option<Vec<_>>>()?;
        tags.resize(f.next_multiple_of(LANES), 0);
        let windows = geometry.windows().iter().map(|place| place.base).collect();
        let stride = geometry.columns.read().len() * c;
        Some(Self { tags, windows, filters: f, rows: kh, run, stride })
    }

    /// Memory for the nonzeros of one image.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is none.
    pub(super) fn memory(&self) -> Result<Nonzeros, KernelError> {
        Nonzeros::of_image(OPERATION, self.windows.len(), self.filters)
    }

    /// Adds an image's dx to `frame`, from weights in the order (F, KH, KW, C).
    pub(super) fn add_input<F: Real>(
        &self,
        dout: &[F],
        weight: &[F],
        frame: &mut [F],
        nonzeros: &mut Nonzeros,
    ) {
        if let (Some(dout), Some(weight)) = (F::single(dout), F::single(weight))
            && let Some(frame) = F::single_mut(frame)
        {
            nonzeros.take(dout, &self.tags);
            simd::scatter(InstructionSet::in_use(), nonzeros, self.blocks(), weight, frame);
        }
    }

    /// Adds an image's dweight to `sums` in the order (F, KH, KW, C), from x in its frame.
    pub(super) fn add_weight<F: Real>(
        &self,
        dout: &[F],
        frame: &[F],
        sums: &mut [F],
        nonzeros: &mut Nonzeros,
    ) {
        if let (Some(dout), Some(frame)) = (F::single(dout), F::single(frame))
            && let Some(sums) = F::single_mut(sums)
        {
            nonzeros.take(dout, &self.tags);
            simd::gather(InstructionSet::in_use(), nonzeros, self.blocks(), frame, sums);
        }
    }

    fn blocks(&self) -> Blocks<'_> {
        let &Self { rows, run, stride, .. } = self;
        Blocks { bases: &self.windows, rows, run, stride }
    }
}
