//! Two-dimensional convolution (cross-correlation, as all of deep learning has it).
//!
//! ```text
//! out[n, f, i, j] = bias[f] + Σ_{kh, kw, c} x[n, c, i·s_h + kh − p_h, j·s_w + kw − p_w] · weight[f, c, kh, kw]
//! ```
//!
//! with zeros outside the image, which take part in the sum. Everything is computed in channels-last
//! memory: inputs in another layout are copied into it once, and results come back in it (logically
//! `(N, C, H, W)` all the same).
//!
//! # Order of operations
//!
//! Each value starts from its bias or from 0, and products are added to it one after the other by
//! [`Real::mul_add`]: for the result over kh, then kw, then c; for dx over the rows and columns of
//! dout upwards (so over kh and kw downwards), then f, with zeros outside dout; for dweight over
//! the pixels of an image's dout in order, then image by image within a chunk of the batch, and then
//! chunk by chunk. There are 12 chunks, or one an image, and chunk k of K is the images from k·N/K
//! up to (k + 1)·N/K, rounded down. Where most of dout is zero, products with its zeros are left out of
//! the gradients.
//!
//! Source: PyTorch's `conv2d`, whose weight has the shape `(F, C, KH, KW)`.

mod geometry;
mod sliding_window;
mod sparse;
mod spread;

use std::ops::Range;

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, ArrayViewMut1, ArrayViewMut4, Axis, Slice};

use self::geometry::{Geometry, ImagePhase};
use self::sparse::Sparse;
use crate::engine::correlation::{Correlation, Matrix, Place};
use crate::engine::layout::{
    elements, elements_mut, from_channels_last, nothing, reused, to_channels_last,
};
use crate::engine::panels::{Panels, filled_up};
use crate::engine::parallel::{Images, divide, threads};
use crate::engine::scratch::Scratch;
use crate::engine::simd::LANES;
use crate::error::expect_shape;
use crate::{KernelError, Real};

const OPERATION: &str = "conv2d";

/// The gradient of the parameters is summed in so many chunks of images, which threads share.
const CHUNKS: usize = 12;

/// Stride and zero padding along height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2dConfig {
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Conv2dConfig {
    /// A convolution that moves its kernel by `stride` pixels over an image with `padding` rows and
    /// columns of zeros on each side; both are `[height, width]`.
    ///
    /// # Errors
    ///
    /// [`KernelError::Config`] when a stride is 0, or a padding is above 65,535.
    pub fn new(stride: [usize; 2], padding: [usize; 2]) -> Result<Self, KernelError> {
        let refuse = |parameter, expected, got: [usize; 2]| {
            Err(KernelError::Config {
                operation: OPERATION,
                parameter,
                expected,
                got: format!("{got:?}"),
            })
        };
        if stride.contains(&0) {
            return refuse("stride", "at least 1 along both axes", stride);
        }
        if padding.iter().any(|&padding| padding > 65_535) {
            return refuse("padding", "at most 65535 along both axes", padding);
        }
        Ok(Self { stride, padding })
    }

    /// Stride 1 with the padding that keeps the size of the image for a 3 × 3 kernel.
    pub const fn same_3x3() -> Self {
        Self { stride: [1, 1], padding: [1, 1] }
    }
}

/// Gradients of the loss with respect to the three inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2dGradients<F> {
    /// With respect to `x`, shape `(N, C, H, W)`.
    pub dx: Array4<F>,
    /// With respect to the parameters.
    pub parameters: Conv2dParameterGradients<F>,
}

/// Gradients of the loss with respect to the parameters alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2dParameterGradients<F> {
    /// With respect to `weight`, shape `(F, C, KH, KW)`.
    pub dweight: Array4<F>,
    /// With respect to `bias`, shape `(F,)`.
    pub dbias: Array1<F>,
}

/// The convolution of a batch.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`, `weight` `(F, C, KH, KW)`, `bias` `(F,)`; the result `(N, F, OH, OW)` with
/// OH = (H + 2·p_h − KH) / s_h + 1, rounded down, and OW likewise.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, mismatched channels, a `bias` of another length than `F`, or
/// a kernel larger than the padded image, or a result that no memory holds.
pub fn forward<F: Real>(
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    bias: ArrayView1<'_, F>,
    config: &Conv2dConfig,
) -> Result<Array4<F>, KernelError> {
    let mut out = nothing();
    forward_into(x, weight, bias, config, &mut out)?;
    Ok(out)
}

/// As [`forward`], into `out`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`forward`]; what the results held is then lost.
pub fn forward_into<F: Real>(
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    bias: ArrayView1<'_, F>,
    config: &Conv2dConfig,
    out: &mut Array4<F>,
) -> Result<(), KernelError> {
    let geometry = Geometry::new(x.shape(), weight.shape(), config)?;
    let Geometry { c, f, kh, kw, .. } = geometry;
    expect_shape(OPERATION, "bias", bias.shape(), &[f], "one value a filter")?;
    let mut pixels = reused(OPERATION, [geometry.n, geometry.oh, geometry.ow, f], out)?;
    let x = to_channels_last(x);
    // (KH, KW, C, F)
    let panels = Panels::pack(OPERATION, kh * kw * c, f, weight.permuted_axes([2, 3, 1, 0]))?;
    let start = filled_up(OPERATION, bias)?;
    let spread = geometry.spread_x();
    let places = geometry.windows();
    let products = geometry.products();
    let images = (
        Images::new(elements(&x), geometry.h * geometry.w * c),
        Images::new(elements_mut(&mut pixels), geometry.oh * geometry.ow * f),
    );
    divide(geometry.n, products / 64, images, &|(x, out)| {
        let mut buffer = spread.buffer(OPERATION)?;
        for (x, out) in x.iter().zip(out.iter_mut()) {
            let correlation = Correlation {
                source: spread.apply(x, &mut buffer),
                matrix: panels.matrix(),
                width: f,
                start: &start,
                runs: kh,
                run_length: kw * c,
                run_stride: spread.row(),
                step: 1,
            };
            correlation.write(&places, out);
        }
        Ok(())
    })?;
    *out = from_channels_last(pixels);
    Ok(())
}

/// All gradients of [`forward`]; see [`backward_input`] and [`backward_parameters`], of which a
/// network's first layer needs only the second.
///
/// # Shapes
///
/// `dout` `(N, F, OH, OW)`, `x` and `weight` as for [`forward`].
///
/// # Errors
///
/// As for [`forward`], and for a `dout` of another shape than the forward pass returns.
pub fn backward<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
) -> Result<Conv2dGradients<F>, KernelError> {
    let (_, _, h, w) = x.dim();
    let (_, _, kh, kw) = weight.dim();
    Ok(Conv2dGradients {
        dx: backward_input(dout, [h, w], weight, config)?,
        parameters: backward_parameters(dout, x, [kh, kw], config)?,
    })
}

/// dx: every input pixel collects dout · weight from the outputs that it took part in.
///
/// # Shapes
///
/// `dout` `(N, F, OH, OW)`, `size` = `[H, W]`, `weight` `(F, C, KH, KW)`; the result
/// `(N, C, H, W)`.
///
/// # Errors
///
/// As for [`backward`].
pub fn backward_input<F: Real>(
    dout: ArrayView4<'_, F>,
    size: [usize; 2],
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
) -> Result<Array4<F>, KernelError> {
    let mut dx = nothing();
    backward_input_into(dout, size, weight, config, &mut dx)?;
    Ok(dx)
}

/// As [`backward_input`], into `dx`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`backward`]; what `dx` held is then lost.
pub fn backward_input_into<F: Real>(
    dout: ArrayView4<'_, F>,
    size: [usize; 2],
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
    dx: &mut Array4<F>,
) -> Result<(), KernelError> {
    let n = dout.shape()[0];
    let [h, w] = size;
    let geometry = Geometry::new(&[n, weight.shape()[1], h, w], weight.shape(), config)?;
    geometry.expect_dout(dout.shape())?;
    let Geometry { c, f, .. } = geometry;
    let mut pixels = reused(OPERATION, [n, h, w, c], dx)?;
    if geometry.leaves_pixels_out() {
        pixels.fill(F::zero());
    }
    let dout = to_channels_last(dout);
    let start = Scratch::zeros(OPERATION, &[c.next_multiple_of(LANES)])?;
    let spread = geometry.spread_dout();
    // (F, KH, KW, C)
    let blocks = weight.permuted_axes([0, 2, 3, 1]);
    let sparse = match Sparse::new(&geometry, elements(&dout)) {
        Some(sparse) => Some((sparse, geometry.spread_x(), Scratch::of(OPERATION, blocks)?)),
        None => None,
    };
    let with_panels = |phase: ImagePhase| {
        let mut taps = weight;
        for (axis, taps_here) in phase.taps.iter().enumerate() {
            let every = Slice::new(taps_here.first as isize, None, taps_here.step as isize);
            taps.slice_axis_inplace(Axis(2 + axis), every);
            taps.invert_axis(Axis(2 + axis));
        }
        let depth = taps.len() / c;
        // (KH, KW, F, C)
        let panels = Panels::pack(OPERATION, depth, c, taps.permuted_axes([2, 3, 0, 1]))?;
        Ok((phase, panels))
    };
    let phases: Vec<_> = match sparse {
        Some(_) => Vec::new(),
        None => geometry.phases().map(with_panels).collect::<Result<_, KernelError>>()?,
    };
    let images = (
        Images::new(elements(&dout), geometry.oh * geometry.ow * f),
        Images::new(elements_mut(&mut pixels), h * w * c),
    );
    divide(n, geometry.products() / 64, images, &|(dout, dx)| {
        if let Some((sparse, spread, weight)) = &sparse {
            let (mut frame, mut nonzeros) = (spread.buffer(OPERATION)?, sparse.memory()?);
            for (dout, dx) in dout.iter().zip(dx.iter_mut()) {
                frame.fill(F::zero());
                sparse.add_input(dout, weight, &mut frame, &mut nonzeros);
                spread.take_back(&frame, dx);
            }
            return Ok(());
        }
        let mut buffer = spread.buffer(OPERATION)?;
        for (dout, dx) in dout.iter().zip(dx.iter_mut()) {
            let source = spread.apply(dout, &mut buffer);
            for (phase, panels) in &phases {
                let correlation = Correlation {
                    source,
                    matrix: panels.matrix(),
                    width: c,
                    start: &start,
                    runs: phase.taps[0].count,
                    run_length: phase.taps[1].count * f,
                    run_stride: spread.row(),
                    step: 1,
                };
                correlation.write(&phase.places, dx);
            }
        }
        Ok(())
    })?;
    *dx = from_channels_last(pixels);
    Ok(())
}

/// dweight and dbias: sums over every output pixel of dout · x, and of dout.
///
/// # Shapes
///
/// `dout` `(N, F, OH, OW)`, `x` `(N, C, H, W)`, `kernel` = `[KH, KW]`.
///
/// # Errors
///
/// As for [`backward`].
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
/// As for [`backward`], and for results of another shape than those of weight and bias; they are
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
    let Geometry { c, f, kh, kw, oh, ow, .. } = geometry;
    expect_shape(OPERATION, "dbias", dbias.shape(), &[f], "one value a filter")?;
    let (x, dout) = (to_channels_last(x), to_channels_last(dout));
    let spread = geometry.spread_x();
    let places = geometry.taps();
    let pixels = oh * ow;
    let start = Scratch::zeros(OPERATION, &[f.next_multiple_of(LANES)])?;
    let sparse = Sparse::new(&geometry, elements(&dout));
    // (KH, KW, C, F), or (F, KH, KW, C) where there are few nonzeros.
    let count = kh * kw * c * f;
    let chunks = geometry.n.min(CHUNKS);
    // Calls `take` with dweight and dbias of each of these chunks.
    let of_chunks = |some: Range<usize>, take: &mut dyn FnMut(&[F], &[F])| {
        let mut buffer = spread.buffer(OPERATION)?;
        let mut nonzeros = sparse.as_ref().map(Sparse::memory).transpose()?;
        // Vectors reach past the end of the last row unless rows are whole vectors.
        let room = if f.is_multiple_of(LANES) { 0 } else { pixels };
        let mut filled_up = Scratch::zeros(OPERATION, &[room, start.len()])?;
        let [mut dweight, mut dweight_sum] =
            [Scratch::any(OPERATION, &[count])?, Scratch::any(OPERATION, &[count])?];
        let [mut dbias, mut dbias_sum] =
            [Scratch::any(OPERATION, &[f])?, Scratch::any(OPERATION, &[f])?];
        for chunk in some {
            dweight_sum.fill(F::zero());
            dbias_sum.fill(F::zero());
            for n in chunk * geometry.n / chunks..(chunk + 1) * geometry.n / chunks {
                let image = geometry.h * geometry.w * c;
                let x = &elements(&x)[n * image..][..image];
                let dout = &elements(&dout)[n * pixels * f..][..pixels * f];
                let values = if filled_up.is_empty() {
                    dout
                } else {
                    let rows = filled_up.chunks_exact_mut(start.len());
                    for (row, dout) in rows.zip(dout.chunks_exact(f)) {
                        row[..f].copy_from_slice(dout);
                    }
                    &filled_up
                };
                let correlation = Correlation {
                    source: spread.apply(x, &mut buffer),
                    matrix: Matrix { values, row_stride: start.len(), vector_stride: LANES },
                    width: f,
                    start: &start,
                    runs: oh,
                    run_length: ow,
                    run_stride: geometry.rows.spread_stride() * spread.row(),
                    step: geometry.columns.spread_stride() * c,
                };
                if let (Some(sparse), Some(nonzeros)) = (&sparse, &mut nonzeros) {
                    dweight.fill(F::zero());
                    sparse.add_weight(dout, correlation.source, &mut dweight, nonzeros);
                } else {
                    correlation.write(&places, &mut dweight);
                }
                let bias =
                    Correlation { source: &[F::one()], run_stride: 0, step: 0, ..correlation };
                bias.write(&[Place { base: 0, target: 0 }], &mut dbias);
                add(&mut dweight_sum, &dweight);
                add(&mut dbias_sum, &dbias);
            }
            take(&dweight_sum, &dbias_sum);
        }
        Ok(())
    };
    let (shape, axes) = match sparse {
        Some(_) => ([f, kh, kw, c], [0, 3, 1, 2]),
        None => ([kh, kw, c, f], [3, 2, 0, 1]),
    };
    let mut dweight_sum = Scratch::zeros(OPERATION, &shape)?;
    dbias.fill(F::zero());
    let dbias_sum = &mut dbias;
    let mut take = |dweight: &[F], dbias: &[F]| {
        add(&mut dweight_sum, dweight);
        dbias_sum.iter_mut().zip(dbias).for_each(|(sum, &addend)| *sum += addend);
    };
    if threads() == 1 {
        of_chunks(0..chunks, &mut take)?;
    } else {
        let mut dweights = Scratch::any(OPERATION, &[chunks, count])?;
        let mut dbiases = Scratch::any(OPERATION, &[chunks, f])?;
        let parts = (0..chunks, Images::new(&mut *dweights, count), Images::new(&mut *dbiases, f));
        divide(chunks, geometry.products() / 64, parts, &|(some, dweights, dbiases)| {
            let mut places = dweights.iter_mut().zip(dbiases.iter_mut());
            of_chunks(some, &mut |dweight, dbias| {
                if let Some((dweight_place, dbias_place)) = places.next() {
                    dweight_place.copy_from_slice(dweight);
                    dbias_place.copy_from_slice(dbias);
                }
            })
        })?;
        for (dweight, dbias) in dweights.chunks_exact(count).zip(dbiases.chunks_exact(f)) {
            take(dweight, dbias);
        }
    }
    let too_large = |_| KernelError::TooLarge { operation: OPERATION, shape: shape.to_vec() };
    let sum = ArrayView4::from_shape(shape, &dweight_sum).map_err(too_large)?;
    dweight.assign(&sum.permuted_axes(axes));
    Ok(())
}

fn add<F: Real>(sums: &mut [F], addends: &[F]) {
    sums.iter_mut().zip(addends).for_each(|(sum, &addend)| *sum += addend);
}
