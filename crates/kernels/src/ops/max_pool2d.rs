//! Two-dimensional max pooling without padding.
//!
//! ```text
//! out[n, c, i, j] = max_{a < KH, b < KW} x[n, c, i·s_h + a, j·s_w + b]
//! ```
//!
//! The first of equal values wins, counted by rows, and NaN wins over all, as in PyTorch's
//! `max_pool2d`. Computed in channels-last memory, like [`crate::conv2d`]. In plain loops:
//! [`reference::max_pool2d`](crate::reference::max_pool2d).

pub(super) mod strips;

use std::ops::Range;

use ndarray::{Array4, ArrayView4, ArrayViewMut4, Axis};

use crate::engine::layout::{
    elements, elements_mut, from_channels_last, nothing, reused, to_channels_last,
};
use crate::engine::parallel::{Images, divide, try_divide};
use crate::engine::real::Real;
use crate::engine::windows::Windows;
use crate::error::{KernelError, expect_not_empty, expect_shape};

pub use crate::engine::windows::NOWHERE;

pub(super) const OPERATION: &str = "max_pool2d";

/// Size and stride of the pooling window along height and width, and whether a ReLU follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool2dConfig {
    window: [usize; 2],
    stride: [usize; 2],
    has_relu: bool,
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
        Ok(Self { window, stride, has_relu: false })
    }

    /// The usual window of 2 × 2 with stride 2, which halves height and width.
    pub const fn halving() -> Self {
        Self { window: [2, 2], stride: [2, 2], has_relu: false }
    }

    /// The same with a [`relu`](crate::relu) behind it, computed in the same pass: the result is max(x, 0) of
    /// the largest value of each window. Where that value is 0 or less, its index is [`NOWHERE`], as the ReLU's
    /// gradient is 0 there; NaN keeps its pixel. A backward pass need not know of the ReLU: the indices say
    /// where its gradient is 0.
    #[must_use]
    pub const fn with_relu(self) -> Self {
        Self { has_relu: true, ..self }
    }

    /// The size of the window, `[height, width]`.
    pub fn window(&self) -> [usize; 2] {
        self.window
    }

    /// By how many pixels the window moves, `[height, width]`.
    pub fn stride(&self) -> [usize; 2] {
        self.stride
    }

    /// Whether a pixel can lie in several windows.
    pub(super) fn overlaps(&self) -> bool {
        (0..2).any(|axis| self.stride[axis] < self.window[axis])
    }

    /// Whether each pixel of an image lies in exactly one window.
    pub(super) fn tiles(&self, size: [usize; 2]) -> bool {
        self.window == self.stride
            && (0..2).all(|axis| size[axis].is_multiple_of(self.stride[axis]))
    }

    pub(super) fn output_size(&self, size: [usize; 2]) -> Result<[usize; 2], KernelError> {
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

/// Where the largest value of each window is written, and the index of its pixel in its plane. The
/// memory of both is used again where it has room.
#[derive(Debug)]
pub struct Pooled<'a, F> {
    /// The values, shape `(N, C, OH, OW)`.
    pub out: &'a mut Array4<F>,
    /// The indices, shape `(N, C, OH, OW)`.
    pub argmax: &'a mut Array4<u32>,
}

/// The largest value of each window, and where it was.
///
/// # Shapes
///
/// `x` `(N, C, H, W)`; both results `(N, C, OH, OW)` with OH = (H − KH) / s_h + 1, rounded down,
/// and OW likewise. The second is the index h·W + w of the value in its plane, as PyTorch's
/// `return_indices` gives it; [`MaxPool2dConfig::with_relu`] says what a ReLU makes of both.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, a window larger than the image, or an image of 2³² pixels
/// or more.
pub fn forward<F: Real>(
    x: ArrayView4<'_, F>,
    config: &MaxPool2dConfig,
) -> Result<(Array4<F>, Array4<u32>), KernelError> {
    let (mut out, mut argmax) = (nothing(), nothing());
    forward_into(x, config, &mut out, &mut argmax)?;
    Ok((out, argmax))
}

/// As [`forward`], into `out` and `argmax`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`forward`]; what the results held is then lost.
pub fn forward_into<F: Real>(
    x: ArrayView4<'_, F>,
    config: &MaxPool2dConfig,
    out: &mut Array4<F>,
    argmax: &mut Array4<u32>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "x", x.shape())?;
    let (n, c, h, w) = x.dim();
    let [oh, ow] = config.output_size([h, w])?;
    let x = to_channels_last(x);
    let mut largest = reused(OPERATION, [n, oh, ow, c], out)?;
    let mut places = reused(OPERATION, [n, oh, ow, c], argmax)?;
    let windows = Grid::new([h, w], [oh, ow], config)?;
    let images = (
        Images::new(elements(&x), h * w * c),
        Images::new(elements_mut(&mut largest), oh * ow * c),
        Images::new(elements_mut(&mut places), oh * ow * c),
    );
    divide(n, x.len() / 8, images, &|(x, out, argmax)| {
        for ((x, out), argmax) in x.iter().zip(out.iter_mut()).zip(argmax.iter_mut()) {
            F::pool(windows.of(c), x, out, argmax);
        }
    });
    (*out, *argmax) = (from_channels_last(largest), from_channels_last(places));
    Ok(())
}

/// dx: each window's gradient goes to the place where its largest value was, or to none for [`NOWHERE`];
/// overlapping windows add up.
///
/// # Shapes
///
/// `dout` and `argmax` `(N, C, OH, OW)`, the latter from [`forward`]; `size` = `[H, W]`; the
/// result `(N, C, H, W)`.
///
/// # Errors
///
/// [`KernelError`] for an empty axis, shapes that [`forward`] would not have returned for `size`,
/// an index outside the plane that is not [`NOWHERE`], or a result that no memory holds.
pub fn backward<F: Real>(
    dout: ArrayView4<'_, F>,
    argmax: ArrayView4<'_, u32>,
    size: [usize; 2],
    config: &MaxPool2dConfig,
) -> Result<Array4<F>, KernelError> {
    let mut dx = nothing();
    backward_into(dout, argmax, size, config, &mut dx)?;
    Ok(dx)
}

/// The images of dout and argmax, and those of dx.
type Gradients<'a, F> = (Images<&'a [F]>, Images<&'a [u32]>, Images<&'a mut [F]>);

/// As [`backward`], into `dx`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`backward`]; what `dx` held is then lost.
pub fn backward_into<F: Real>(
    dout: ArrayView4<'_, F>,
    argmax: ArrayView4<'_, u32>,
    size: [usize; 2],
    config: &MaxPool2dConfig,
    dx: &mut Array4<F>,
) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "dout", dout.shape())?;
    let (n, c) = (dout.len_of(Axis(0)), dout.len_of(Axis(1)));
    let [h, w] = size;
    let [oh, ow] = config.output_size(size)?;
    let because = "that of the forward pass's result";
    expect_shape(OPERATION, "dout", dout.shape(), &[n, c, oh, ow], because)?;
    expect_shape(OPERATION, "argmax", argmax.shape(), &[n, c, oh, ow], "that of dout")?;
    let mut pixels = reused(OPERATION, [n, h, w, c], dx)?;
    let (dout, argmax) = (to_channels_last(dout), to_channels_last(argmax));
    let windows = Grid::new(size, [oh, ow], config)?;
    let is_done = !config.overlaps() && {
        let images = (
            Images::new(elements(&dout), oh * ow * c),
            Images::new(elements(&argmax), oh * ow * c),
            Images::new(elements_mut(&mut pixels), h * w * c),
        );
        let needs_zeros = !config.tiles(size);
        let work = |(dout, argmax, dx): Gradients<'_, F>| {
            for ((dout, argmax), dx) in dout.iter().zip(argmax.iter()).zip(dx.iter_mut()) {
                if needs_zeros {
                    dx.fill(F::zero());
                }
                if !F::unpool(windows.of(c), dout, argmax, dx) {
                    return Err(());
                }
            }
            Ok(())
        };
        try_divide(n, n * h * w * c / 8, images, &work).is_ok()
    };
    if !is_done {
        scatter(dout.view(), argmax.view(), pixels.view_mut())?;
    }
    *dx = from_channels_last(pixels);
    Ok(())
}

/// Adds the gradient of each window to the pixel that `argmax` names, one value after the other. All
/// arrays are in the axis order `(N, H, W, C)`.
fn scatter<F: Real>(
    dout: ArrayView4<'_, F>,
    argmax: ArrayView4<'_, u32>,
    mut dx: ArrayViewMut4<'_, F>,
) -> Result<(), KernelError> {
    let (_, h, w, c) = dx.dim();
    expect_indices(argmax, h * w)?;
    let image = argmax.len() / argmax.dim().0;
    let pooled = elements(&dout).chunks_exact(image).zip(elements(&argmax).chunks_exact(image));
    for (pooled, dx) in pooled.zip(elements_mut(&mut dx).chunks_exact_mut(h * w * c)) {
        scatter_image(pooled, c, dx);
    }
    Ok(())
}

/// [`scatter`] of one image with `c` channels. Whether all indices were in the plane, or [`NOWHERE`]; if not,
/// `dx` holds nothing of use.
pub(super) fn scatter_image<F: Real>(
    (dout, argmax): (&[F], &[u32]),
    c: usize,
    dx: &mut [F],
) -> bool {
    dx.fill(F::zero());
    for (position, (&dout, &index)) in dout.iter().zip(argmax).enumerate() {
        if index != NOWHERE {
            let Some(place) = dx.get_mut(index as usize * c + position % c) else { return false };
            *place += dout;
        }
    }
    true
}

/// Refuses an index outside a plane of so many pixels, but for [`NOWHERE`]; `argmax` is in the axis order
/// `(N, H, W, C)`.
pub(super) fn expect_indices(
    argmax: ArrayView4<'_, u32>,
    pixels: usize,
) -> Result<(), KernelError> {
    let mut indices = from_channels_last(argmax).into_iter().enumerate();
    match indices.find(|&(_, &index)| index != NOWHERE && index as usize >= pixels) {
        Some((position, &got)) => {
            let (operation, argument, bound, got) = (OPERATION, "argmax", pixels, got as usize);
            Err(KernelError::Index { operation, argument, position, bound, got })
        }
        None => Ok(()),
    }
}

/// The windows on an image.
pub(super) struct Grid {
    corners: Vec<u32>,
    columns: usize,
    taps: Vec<u32>,
    width: usize,
    has_relu: bool,
}

impl Grid {
    pub(super) fn new(
        size: [usize; 2],
        out: [usize; 2],
        config: &MaxPool2dConfig,
    ) -> Result<Self, KernelError> {
        let [h, w] = size;
        // Positions are kept in 32 bits.
        if h.checked_mul(w).is_none_or(|pixels| u32::try_from(pixels).is_err()) {
            return Err(KernelError::TooLarge { operation: OPERATION, shape: vec![h, w] });
        }
        let grid = |[rows, columns]: [usize; 2], [down, right]: [usize; 2]| {
            (0..rows)
                .flat_map(|row| (0..columns).map(move |column| [row * down, column * right]))
                .map(|[row, column]| (row * w + column) as u32)
                .collect()
        };
        let (corners, taps) = (grid(out, config.stride), grid(config.window, [1, 1]));
        let (columns, width, has_relu) = (out[1], config.window[1], config.has_relu);
        Ok(Self { corners, columns, taps, width, has_relu })
    }

    /// All windows.
    fn of(&self, channels: usize) -> Windows<'_> {
        let &Self { ref corners, columns, ref taps, width, has_relu } = self;
        Windows { corners, columns, taps, width, channels, has_relu }
    }

    /// Those of these windows, counted row by row.
    pub(super) fn of_some(&self, windows: &Range<usize>, channels: usize) -> Windows<'_> {
        Windows { corners: &self.corners[windows.clone()], ..self.of(channels) }
    }
}
