//! Two-dimensional max pooling without padding.
//!
//! ```text
//! out[n, c, i, j] = max_{a < KH, b < KW} x[n, c, i·s_h + a, j·s_w + b]
//! ```
//!
//! The first of equal values wins, counted by rows, and NaN wins over all, as in PyTorch's
//! `max_pool2d`. Computed in channels-last memory, like [`crate::conv2d`].

use ndarray::{Array4, ArrayView4, Axis};

use crate::error::{expect_not_empty, expect_shape};
use crate::layout::{elements, elements_mut, from_channels_last, to_channels_last, try_zeros};
use crate::simd::{self, InstructionSet, Windows};
use crate::{KernelError, Real};

const OPERATION: &str = "max_pool2d";

/// Size and stride of the pooling window along height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool2dConfig {
    window: [usize; 2],
    stride: [usize; 2],
}

impl MaxPool2dConfig {
    /// A window that moves by `stride` pixels; both are `[height, width]`.
    ///
    /// # Errors
    ///
    /// [`KernelError::Config`] when one of the four numbers is 0.
    pub fn new(window: [usize; 2], stride: [usize; 2]) -> Result<Self, KernelError> {
        for (parameter, got) in [("window", window), ("stride", stride)] {
            if got.contains(&0) {
                return Err(KernelError::Config {
                    operation: OPERATION,
                    parameter,
                    expected: "at least 1 along both axes",
                    got: format!("{got:?}"),
                });
            }
        }
        Ok(Self { window, stride })
    }

    /// The usual window of 2 × 2 with stride 2, which halves height and width.
    pub const fn halving() -> Self {
        Self { window: [2, 2], stride: [2, 2] }
    }

    fn output_size(&self, size: [usize; 2]) -> Result<[usize; 2], KernelError> {
        let mut output = [0; 2];
        for (axis, name) in ["H", "W"].into_iter().enumerate() {
            let (window, available) = (self.window[axis], size[axis]);
            if window > available {
                return Err(KernelError::Window {
                    operation: OPERATION,
                    axis: name,
                    window,
                    available,
                });
            }
            output[axis] = (available - window) / self.stride[axis] + 1;
        }
        Ok(output)
    }
}

/// The largest value of each window, and where it was.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`; both results `(N, C, OH, OW)` with OH = (H − KH) / s_h + 1, rounded down,
/// and OW likewise. The second is the index h·W + w of the value in its plane, as PyTorch's
/// `return_indices` gives it.
///
/// # Errors
///
/// [`KernelError`] for an empty axis or a window larger than the image.
pub fn forward<F: Real>(
    x: ArrayView4<'_, F>,
    config: &MaxPool2dConfig,
) -> Result<(Array4<F>, Array4<usize>), KernelError> {
    expect_not_empty(OPERATION, "x", x.shape())?;
    let (n, c, h, w) = x.dim();
    let [oh, ow] = config.output_size([h, w])?;
    let x = to_channels_last(x);
    let mut out = try_zeros(OPERATION, [n, oh, ow, c])?;
    let mut argmax = try_zeros(OPERATION, [n, oh, ow, c])?;
    let images = elements(&x)
        .chunks_exact(h * w * c)
        .zip(elements_mut(&mut out).chunks_exact_mut(oh * ow * c))
        .zip(elements_mut(&mut argmax).chunks_exact_mut(oh * ow * c));
    let places = Places::new([h, w], [oh, ow], config);
    for ((x, out), argmax) in images {
        if let Some(places) = &places
            && let (Some(x), Some(out)) = (F::single(x), F::single_mut(out))
        {
            simd::pool(InstructionSet::in_use(), places.windows(c), x, out, argmax);
            continue;
        }
        for (position, (out, argmax)) in
            out.chunks_exact_mut(c).zip(argmax.chunks_exact_mut(c)).enumerate()
        {
            let corner = position / ow * config.stride[0] * w + position % ow * config.stride[1];
            out.copy_from_slice(&x[corner * c..][..c]);
            argmax.fill(corner);
            for index in (0..config.window[0])
                .flat_map(|a| (0..config.window[1]).map(move |b| corner + a * w + b))
            {
                let pixel = &x[index * c..][..c];
                for ((out, argmax), &value) in out.iter_mut().zip(argmax.iter_mut()).zip(pixel) {
                    if value > *out || value.is_nan() {
                        *out = value;
                        *argmax = index;
                    }
                }
            }
        }
    }
    Ok((from_channels_last(out), from_channels_last(argmax)))
}

/// dx: each window's gradient goes to the place where its largest value was; overlapping windows
/// add up.
///
/// # Shapes
///
/// `dout` and `argmax` `(N, C, OH, OW)`, the latter from [`forward`]; `size` = `[H, W]`; the
/// result `(N, C, H, W)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, shapes that [`forward`] would not have returned for `size`,
/// an index outside the plane, or a result that no memory holds.
pub fn backward<F: Real>(
    dout: ArrayView4<'_, F>,
    argmax: ArrayView4<'_, usize>,
    size: [usize; 2],
    config: &MaxPool2dConfig,
) -> Result<Array4<F>, KernelError> {
    expect_not_empty(OPERATION, "dout", dout.shape())?;
    let (n, c) = (dout.len_of(Axis(0)), dout.len_of(Axis(1)));
    let [h, w] = size;
    let [oh, ow] = config.output_size(size)?;
    let because = "that of the forward pass's result";
    expect_shape(OPERATION, "dout", dout.shape(), &[n, c, oh, ow], because)?;
    expect_shape(OPERATION, "argmax", argmax.shape(), &[n, c, oh, ow], "that of dout")?;
    let mut dx = try_zeros(OPERATION, [n, h, w, c])?;
    let (dout, argmax) = (to_channels_last(dout), to_channels_last(argmax));
    let images = || {
        elements(&dout).chunks_exact(oh * ow * c).zip(elements(&argmax).chunks_exact(oh * ow * c))
    };
    if config.stride[0] >= config.window[0]
        && config.stride[1] >= config.window[1]
        && let Some(places) = Places::new(size, [oh, ow], config)
        && let Some(values) = F::single_mut(elements_mut(&mut dx))
    {
        let windows = places.windows(c);
        let in_their_windows =
            values.chunks_exact_mut(h * w * c).zip(images()).all(|(dx, (dout, argmax))| {
                F::single(dout).is_some_and(|dout| {
                    simd::unpool(InstructionSet::in_use(), windows, dout, argmax, dx)
                })
            });
        if in_their_windows {
            return Ok(from_channels_last(dx));
        }
        dx.fill(F::zero());
    }
    let bound = h * w;
    if let Some((position, &got)) =
        from_channels_last(argmax.view()).iter().enumerate().find(|&(_, &index)| index >= bound)
    {
        let argument = "argmax";
        return Err(KernelError::Index { operation: OPERATION, argument, position, bound, got });
    }
    for (dx, (dout, argmax)) in elements_mut(&mut dx).chunks_exact_mut(h * w * c).zip(images()) {
        for (position, (&dout, &index)) in dout.iter().zip(argmax).enumerate() {
            dx[index * c + position % c] += dout;
        }
    }
    Ok(from_channels_last(dx))
}

/// The windows on an image of at most 2³² pixels, for the vector code.
struct Places {
    corners: Vec<u32>,
    taps: Vec<u32>,
}

impl Places {
    fn new(size: [usize; 2], out: [usize; 2], config: &MaxPool2dConfig) -> Option<Self> {
        let [h, w] = size;
        u32::try_from(h.checked_mul(w)?).ok()?;
        let grid = |[rows, columns]: [usize; 2], [down, right]: [usize; 2]| {
            (0..rows)
                .flat_map(|row| (0..columns).map(move |column| [row * down, column * right]))
                .map(|[row, column]| (row * w + column) as u32)
                .collect()
        };
        Some(Self { corners: grid(out, config.stride), taps: grid(config.window, [1, 1]) })
    }

    fn windows(&self, channels: usize) -> Windows<'_> {
        Windows { corners: &self.corners, taps: &self.taps, channels }
    }
}
