//! Two-dimensional convolution (cross-correlation, as all of deep learning has it).
//!
//! ```text
//! out[n, f, i, j] = bias[f] + Σ_{kh, kw, c} x[n, c, i·s_h + kh − p_h, j·s_w + kw − p_w] · weight[f, c, kh, kw]
//! ```
//!
//! with zeros outside the image. Everything is computed in channels-last memory: inputs in another
//! layout are copied into it once, and results come back in it (logically `(N, C, H, W)` all the
//! same). The sum behind each value runs over kh, then kw, then c (or f), and each gradient of a
//! parameter is summed image by image.
//!
//! Source: PyTorch's `conv2d`, whose weight has the shape `(F, C, KH, KW)`.

use std::ops::Range;

use ndarray::{Array1, Array4, ArrayView1, ArrayView4};

use crate::error::{expect_not_empty, expect_shape};
use crate::layout::{elements, elements_mut, from_channels_last, to_channels_last, try_zeros};
use crate::panels::{LANES, Panels, accumulate};
use crate::{KernelError, Real};

const OPERATION: &str = "conv2d";

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
    let geometry = Geometry::new(x.shape(), weight.shape(), config)?;
    let Geometry { c, f, kh, kw, .. } = geometry;
    expect_shape(OPERATION, "bias", bias.shape(), &[f], "one value a filter")?;
    let x = to_channels_last(x);
    let panels = Panels::pack(kh * kw * c, f, |row, filter| {
        weight[[filter, row % c, row / c / kw, row / c % kw]]
    });
    let mut out = try_zeros(OPERATION, [geometry.n, geometry.oh, geometry.ow, f])?;
    let image_pairs = elements(&x)
        .chunks_exact(geometry.h * geometry.w * c)
        .zip(elements_mut(&mut out).chunks_exact_mut(geometry.oh * geometry.ow * f));
    for (x, out) in image_pairs {
        for (block, panel) in panels.blocks().enumerate() {
            let filters = block * LANES..f.min((block + 1) * LANES);
            let mut start = [F::zero(); LANES];
            for (lane, filter) in filters.clone().enumerate() {
                start[lane] = bias[filter];
            }
            for (oh, ow, pixel) in pixels(out, geometry.ow, f) {
                let mut sums = start;
                let taps = geometry.columns.taps(ow);
                // A window that lies on the padding alone has no first tap to start from.
                let rows = if taps.is_empty() { 0..0 } else { geometry.rows.taps(oh) };
                for kh in rows {
                    let h = geometry.rows.input(oh, kh);
                    let w = geometry.columns.input(ow, taps.start);
                    let x = &x[(h * geometry.w + w) * c..][..taps.len() * c];
                    accumulate(&mut sums, x, &panel[(kh * kw + taps.start) * c * LANES..]);
                }
                pixel[filters.clone()].copy_from_slice(&sums[..filters.len()]);
            }
        }
    }
    Ok(from_channels_last(out))
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
    let n = dout.shape()[0];
    let [h, w] = size;
    let geometry = Geometry::new(&[n, weight.shape()[1], h, w], weight.shape(), config)?;
    geometry.expect_dout(dout.shape())?;
    let Geometry { c, f, kh, kw, .. } = geometry;
    let dout = to_channels_last(dout);
    let panels = Panels::pack(kh * kw * f, c, |row, channel| {
        weight[[row % f, channel, row / f / kw, row / f % kw]]
    });
    let mut dx = try_zeros(OPERATION, [n, h, w, c])?;
    let image_pairs = elements(&dout)
        .chunks_exact(geometry.oh * geometry.ow * f)
        .zip(elements_mut(&mut dx).chunks_exact_mut(h * w * c));
    for (dout, dx) in image_pairs {
        for (block, panel) in panels.blocks().enumerate() {
            let channels = block * LANES..c.min((block + 1) * LANES);
            for (h, w, pixel) in pixels(dx, w, c) {
                let mut sums = [F::zero(); LANES];
                for (kh, oh) in geometry.rows.outputs(h) {
                    for (kw, ow) in geometry.columns.outputs(w) {
                        let dout = &dout[(oh * geometry.ow + ow) * f..][..f];
                        let tap = kh * geometry.kw + kw;
                        accumulate(&mut sums, dout, &panel[tap * f * LANES..]);
                    }
                }
                pixel[channels.clone()].copy_from_slice(&sums[..channels.len()]);
            }
        }
    }
    Ok(from_channels_last(dx))
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
    let [kh, kw] = kernel;
    let weight = [dout.shape()[1], x.shape()[1], kh, kw];
    let geometry = Geometry::new(x.shape(), &weight, config)?;
    geometry.expect_dout(dout.shape())?;
    let Geometry { c, f, oh, ow, .. } = geometry;
    let (x, dout) = (to_channels_last(x), to_channels_last(dout));
    let mut dweight = Array4::zeros(weight);
    let mut dbias = Array1::zeros(f);
    for (x, dout) in elements(&x).chunks_exact(geometry.h * geometry.w * c).zip(dout.outer_iter()) {
        let panels =
            Panels::pack(oh * ow, f, |pixel, filter| dout[[pixel / ow, pixel % ow, filter]]);
        for (block, panel) in panels.blocks().enumerate() {
            let filters = block * LANES..f.min((block + 1) * LANES);
            let mut sums = [F::zero(); LANES];
            for lanes in panel.chunks_exact(LANES) {
                accumulate(&mut sums, &[F::one()], lanes);
            }
            for (filter, &sum) in filters.clone().zip(&sums) {
                dbias[filter] += sum;
            }
            for kh in 0..kh {
                for kw in 0..kw {
                    for channel in 0..c {
                        let mut sums = [F::zero(); LANES];
                        for oh in geometry.rows.touched_by(kh) {
                            let h = geometry.rows.input(oh, kh);
                            for ow in geometry.columns.touched_by(kw) {
                                let w = geometry.columns.input(ow, kw);
                                let x = &x[(h * geometry.w + w) * c + channel..][..1];
                                let pixel = oh * geometry.ow + ow;
                                accumulate(&mut sums, x, &panel[pixel * LANES..]);
                            }
                        }
                        for (filter, &sum) in filters.clone().zip(&sums) {
                            dweight[[filter, channel, kh, kw]] += sum;
                        }
                    }
                }
            }
        }
    }
    Ok(Conv2dParameterGradients { dweight, dbias })
}

/// The pixels of one channels-last image in order, each as (row, column, its channels).
fn pixels<F>(
    image: &mut [F],
    width: usize,
    channels: usize,
) -> impl Iterator<Item = (usize, usize, &mut [F])> {
    image
        .chunks_exact_mut(channels)
        .enumerate()
        .map(move |(index, pixel)| (index / width, index % width, pixel))
}

/// The sizes of one convolution, checked against each other.
struct Geometry {
    n: usize,
    c: usize,
    h: usize,
    w: usize,
    f: usize,
    kh: usize,
    kw: usize,
    oh: usize,
    ow: usize,
    rows: SlidingWindow,
    columns: SlidingWindow,
}

impl Geometry {
    fn new(x: &[usize], weight: &[usize], config: &Conv2dConfig) -> Result<Self, KernelError> {
        expect_not_empty(OPERATION, "x", x)?;
        expect_not_empty(OPERATION, "weight", weight)?;
        let (n, c, [f, _, kh, kw]) = (x[0], x[1], [weight[0], weight[1], weight[2], weight[3]]);
        expect_shape(OPERATION, "weight", weight, &[f, c, kh, kw], "one plane a channel of x")?;
        let axis = |axis, name| {
            SlidingWindow::new(
                name,
                x[2 + axis],
                weight[2 + axis],
                config.stride[axis],
                config.padding[axis],
            )
        };
        let (rows, columns) = (axis(0, "H")?, axis(1, "W")?);
        let (oh, ow) = (rows.positions(), columns.positions());
        Ok(Self { n, c, h: x[2], w: x[3], f, kh, kw, oh, ow, rows, columns })
    }

    fn expect_dout(&self, dout: &[usize]) -> Result<(), KernelError> {
        let expected = [self.n, self.f, self.oh, self.ow];
        expect_shape(OPERATION, "dout", dout, &expected, "that of the forward pass's result")
    }
}

/// A window that slides along one axis, with zeros before and after it.
struct SlidingWindow {
    length: usize,
    window: usize,
    stride: usize,
    padding: usize,
}

impl SlidingWindow {
    fn new(
        axis: &'static str,
        length: usize,
        window: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Self, KernelError> {
        // Sizes may be an argument, so their sum can overflow.
        let Some(available) = length.checked_add(2 * padding) else {
            return Err(KernelError::TooLarge { operation: OPERATION, shape: vec![length] });
        };
        if window > available {
            return Err(KernelError::Window { operation: OPERATION, axis, window, available });
        }
        Ok(Self { length, window, stride, padding })
    }

    fn positions(&self) -> usize {
        (self.length + 2 * self.padding - self.window) / self.stride + 1
    }

    /// The input index that `tap` of the window at `position` lies on; it must be one of
    /// [`Self::taps`].
    fn input(&self, position: usize, tap: usize) -> usize {
        position * self.stride + tap - self.padding
    }

    /// The taps of the window at `position` that lie on the input and not on its padding.
    fn taps(&self, position: usize) -> Range<usize> {
        let start = position * self.stride;
        let first = self.padding.saturating_sub(start).min(self.window);
        let last = (self.length + self.padding).saturating_sub(start).min(self.window);
        first..last.max(first)
    }

    /// The taps that touch input `index`, each with the window's position when it does.
    fn outputs(&self, index: usize) -> impl Iterator<Item = (usize, usize)> {
        let padded = index + self.padding;
        (0..self.window.min(padded + 1)).filter_map(move |tap| {
            let start = padded - tap;
            let position = start / self.stride;
            (start.is_multiple_of(self.stride) && position < self.positions())
                .then_some((tap, position))
        })
    }

    /// The positions at which `tap` lies on the input and not on its padding.
    fn touched_by(&self, tap: usize) -> Range<usize> {
        let first = self.padding.saturating_sub(tap).div_ceil(self.stride);
        let end = (self.length + self.padding).saturating_sub(tap).div_ceil(self.stride);
        let end = end.min(self.positions());
        first.min(end)..end
    }
}
