//! dweight and dbias: sums over every output pixel, image by image in chunks of the batch.

use std::ops::Range;

use ndarray::{Array1, Array4, ArrayView4, ArrayViewMut1, ArrayViewMut4};

use super::config::{Conv2dConfig, OPERATION};
use super::geometry::Geometry;
use super::sparse::Sparse;
use super::spread::Spread;
use crate::engine::correlation::{Correlation, Matrix, Places};
use crate::engine::lanes::LANES;
use crate::engine::layout::{elements, to_channels_last};
use crate::engine::nonzeros::Nonzeros;
use crate::engine::parallel::{Images, threads, try_divide};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::{KernelError, expect_shape};

/// Both gradients are summed in this many chunks of images, which threads share.
const CHUNKS: usize = 12;

/// Gradients of the loss with respect to the parameters alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2dParameterGradients<F> {
    /// With respect to `weight`, shape `(F, C, KH, KW)`.
    pub dweight: Array4<F>,
    /// With respect to `bias`, shape `(F,)`.
    pub dbias: Array1<F>,
}

/// dweight and dbias: sums over every output pixel of dout · x, and of dout.
///
/// # Shapes
///
/// `dout` `(N, F, OH, OW)`, `x` `(N, C, H, W)`, `kernel` = `[KH, KW]`.
///
/// # Errors
///
/// As for [`backward`](super::backward).
pub fn backward_parameters<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    kernel: [usize; 2],
    config: &Conv2dConfig,
) -> Result<Conv2dParameterGradients<F>, KernelError> {
    let weight = [dout.shape()[1], x.shape()[1], kernel[0], kernel[1]];
    Geometry::new(x.shape(), &weight, config)?.expect_dout(dout.shape())?;
    let (mut dweight, mut dbias) = (Array4::zeros(weight), Array1::zeros(weight[0]));
    backward_parameters_into(dout, x, config, dweight.view_mut(), dbias.view_mut())?;
    Ok(Conv2dParameterGradients { dweight, dbias })
}

/// As [`backward_parameters`], into `dweight`, which names the size of the kernel by its shape, and
/// `dbias`.
///
/// # Errors
///
/// As for [`backward`](super::backward), and for results of another shape than those of weight and bias; they are
/// then unchanged.
pub fn backward_parameters_into<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    config: &Conv2dConfig,
    mut dweight: ArrayViewMut4<'_, F>,
    mut dbias: ArrayViewMut1<'_, F>,
) -> Result<(), KernelError> {
    let geometry = Geometry::new(x.shape(), dweight.shape(), config)?;
    geometry.expect_dout(dout.shape())?;
    let Geometry { n, c, f, kh, kw, .. } = geometry;
    expect_shape(OPERATION, "dbias", dbias.shape(), &[f], "one value per filter")?;
    let (x, dout) = (to_channels_last(x), to_channels_last(dout));
    let batch = Batch::new(&geometry, elements(&x), elements(&dout))?;
    let (shape, axes) = match batch.sparse {
        Some(_) => ([f, kh, kw, c], [0, 3, 1, 2]),
        None => ([kh, kw, c, f], [3, 2, 0, 1]),
    };
    let (chunks, count) = (n.min(CHUNKS), dweight.len() + f);
    let mut total = Scratch::zeros(OPERATION, &[count])?;
    if threads() == 1 {
        batch.sum_chunks(0..chunks, chunks, &mut |sums| add(&mut total, sums))?;
    } else {
        let mut of_chunks = Scratch::any(OPERATION, &[chunks, count])?;
        let parts = (0..chunks, Images::new(&mut *of_chunks, count));
        try_divide(chunks, geometry.products() / 64, parts, &|(some, of_chunks)| {
            let mut places = of_chunks.iter_mut();
            batch.sum_chunks(some, chunks, &mut |sums| {
                if let Some(place) = places.next() {
                    place.copy_from_slice(sums);
                }
            })
        })?;
        of_chunks.chunks_exact(count).for_each(|sums| add(&mut total, sums));
    }
    let (dweight_sum, dbias_sum) = total.split_at(dweight.len());
    let too_large = |_| KernelError::TooLarge { operation: OPERATION, shape: shape.to_vec() };
    let sum = ArrayView4::from_shape(shape, dweight_sum).map_err(too_large)?;
    dweight.assign(&sum.permuted_axes(axes));
    dbias.iter_mut().zip(dbias_sum).for_each(|(place, &sum)| *place = sum);
    Ok(())
}

/// What the sums over images read, all of it in channels-last memory.
struct Batch<'a, F: Real> {
    geometry: &'a Geometry,
    x: &'a [F],
    dout: &'a [F],
    spread: Spread,
    /// Where each sum over dout begins in the frame, and goes: for the taps of the kernel, in the order
    /// (KH, KW, C, F), then for the bias; where there are few nonzeros, for the bias alone.
    places: Places,
    /// Where there are few nonzeros, results lie in the order (F, KH, KW, C).
    sparse: Option<Sparse<F>>,
    /// Zeros, for sums to start from.
    start: Scratch<F>,
}

/// Memory for the sums of one image.
struct Memory<F: Real> {
    /// x with zeros around it, and behind it as many ones: what the bias is multiplied with.
    frame: Scratch<F>,
    nonzeros: Option<Nonzeros<F>>,
    /// dout with rows of whole vectors; empty where its rows are whole vectors anyway.
    filled_up: Scratch<F>,
    /// dweight, and dbias behind it.
    sums: Scratch<F>,
}

impl<'a, F: Real> Batch<'a, F> {
    fn new(geometry: &'a Geometry, x: &'a [F], dout: &'a [F]) -> Result<Self, KernelError> {
        let start = Scratch::zeros(OPERATION, &[geometry.f.next_multiple_of(LANES)])?;
        let (spread, sparse) = (geometry.spread_x(), Sparse::new(geometry, dout));
        let taps = geometry.taps();
        let bias = [spread.len(), taps.len() * geometry.f];
        let taps = if sparse.is_some() { Vec::new() } else { taps };
        let places = Places::new(taps.into_iter().chain([bias]));
        Ok(Self { geometry, x, dout, spread, places, sparse, start })
    }

    /// Calls `take` with the sums of each of these chunks, of which the batch has `chunks`.
    fn sum_chunks(
        &self,
        some: Range<usize>,
        chunks: usize,
        take: &mut dyn FnMut(&[F]),
    ) -> Result<(), KernelError> {
        let mut memory = self.memory()?;
        let mut sums = Scratch::any(OPERATION, &[memory.sums.len()])?;
        for chunk in some {
            sums.fill(F::zero());
            let n = self.geometry.n;
            for image in chunk * n / chunks..(chunk + 1) * n / chunks {
                self.sum_image(image, &mut memory);
                add(&mut sums, &memory.sums);
            }
            take(&sums);
        }
        Ok(())
    }

    fn memory(&self) -> Result<Memory<F>, KernelError> {
        let &Geometry { c, f, kh, kw, oh, ow, .. } = self.geometry;
        let rows = if f.is_multiple_of(LANES) { 0 } else { oh * ow };
        let mut frame = Scratch::zeros(OPERATION, &[2, self.spread.len()])?;
        frame[self.spread.len()..].fill(F::one());
        Ok(Memory {
            frame,
            nonzeros: self.sparse.as_ref().map(Sparse::memory).transpose()?,
            filled_up: Scratch::zeros(OPERATION, &[rows, self.start.len()])?,
            sums: Scratch::any(OPERATION, &[kh * kw * c + 1, f])?,
        })
    }

    /// Writes dweight and dbias of one image to `memory`.
    fn sum_image(&self, image: usize, memory: &mut Memory<F>) {
        let &Geometry { c, h, w, f, kh, kw, oh, ow, .. } = self.geometry;
        let x = &self.x[image * h * w * c..][..h * w * c];
        let dout = &self.dout[image * oh * ow * f..][..oh * ow * f];
        let row_stride = self.start.len();
        for (row, dout) in memory.filled_up.chunks_exact_mut(row_stride).zip(dout.chunks_exact(f)) {
            row[..f].copy_from_slice(dout);
        }
        let values = if memory.filled_up.is_empty() { dout } else { &memory.filled_up };
        let frame = self.spread.apply(x, &mut memory.frame[..self.spread.len()]);
        if let (Some(sparse), Some(nonzeros)) = (&self.sparse, &mut memory.nonzeros) {
            let (dweight, _) = memory.sums.split_at_mut(kh * kw * c * f);
            dweight.fill(F::zero());
            sparse.add_weight(dout, frame, dweight, nonzeros);
        }
        let correlation = Correlation {
            source: &memory.frame,
            matrix: Matrix { values, row_stride, vector_stride: LANES },
            width: f,
            start: &self.start,
            runs: oh,
            run_length: ow,
            run_stride: self.geometry.rows.spread_stride() * self.spread.row(),
            step: self.geometry.columns.spread_stride() * c,
        };
        F::correlate(&correlation, &self.places, &mut memory.sums);
    }
}

fn add<F: Real>(sums: &mut [F], addends: &[F]) {
    sums.iter_mut().zip(addends).for_each(|(sum, &addend)| *sum += addend);
}
