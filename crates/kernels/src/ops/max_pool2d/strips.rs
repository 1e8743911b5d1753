//! The rows of windows of a max pooling, some at a time, with the rows of pixels that they need.

use std::ops::Range;

use super::{Grid, MaxPool2dConfig, OPERATION, Pooled};
use crate::engine::layout::{elements_mut, from_channels_last, reused};
use crate::engine::parallel::Images;
use crate::engine::real::Real;
use crate::engine::windows::{Unpooled, Windows};
use crate::error::{KernelError, expect_shape};

/// About how many values of an image a strip has: with as many of another array they fit the nearest
/// cache.
const VALUES: usize = 1 << 11;

/// The strips of images of one size.
pub(in crate::ops) struct Strips {
    grid: Grid,
    strips: Vec<Strip>,
    /// Whether a pixel can lie in no window.
    pub(in crate::ops) needs_zeros: bool,
    pub(in crate::ops) channels: usize,
    /// Values of an image.
    pub(in crate::ops) image: usize,
    /// The height and width of a pooled image.
    pub(in crate::ops) out: [usize; 2],
}

/// Neighbouring rows of windows and of pixels. The strips of an image have each of its windows and each
/// of its pixels once, in order. The pixels of a window lie in its strip or in one before; where windows
/// do not overlap, in its strip.
pub(in crate::ops) struct Strip {
    /// Windows, counted row by row.
    windows: Range<usize>,
    /// Values of the pooled image.
    pooled: Range<usize>,
    /// Values of the image.
    pub(in crate::ops) values: Range<usize>,
    /// Rows of pixels of the image.
    pub(in crate::ops) rows: Range<usize>,
}

impl Strips {
    /// Those of images of the size of `x`, which has no empty axis.
    ///
    /// # Errors
    ///
    /// [`KernelError`] for a window larger than the image, or an image of 2³² pixels or more.
    pub(in crate::ops) fn of(x: [usize; 4], config: &MaxPool2dConfig) -> Result<Self, KernelError> {
        let [_, channels, h, w] = x;
        let out = config.output_size([h, w])?;
        let grid = Grid::new([h, w], out, config)?;
        let [rows, columns] = out;
        let some = (VALUES / (channels * w * (h / rows))).max(1);
        let mut strips: Vec<Strip> = Vec::new();
        for first in (0..rows).step_by(some) {
            let end = rows.min(first + some);
            let windows = first * columns..end * columns;
            let pooled = windows.start * channels..windows.end * channels;
            let start = strips.last().map_or(0, |before| before.rows.end);
            let pixels_end =
                if end == rows { h } else { (end - 1) * config.stride()[0] + config.window()[0] };
            let (rows, row) = (start..pixels_end, w * channels);
            let values = rows.start * row..rows.end * row;
            strips.push(Strip { windows, pooled, values, rows });
        }
        let needs_zeros = !config.tiles([h, w]);
        Ok(Self { grid, strips, needs_zeros, channels, image: h * w * channels, out })
    }

    /// The strips from top to bottom.
    pub(in crate::ops) fn iter(&self) -> std::slice::Iter<'_, Strip> {
        self.strips.iter()
    }

    /// Calls `pool` with the images of `n` pooled results, and of their indices, which it writes.
    ///
    /// # Errors
    ///
    /// That of `pool`, and [`KernelError::TooLarge`] in the name of `operation` when there is no memory.
    pub(in crate::ops) fn write<F: Real>(
        &self,
        operation: &'static str,
        n: usize,
        pooled: Pooled<'_, F>,
        pool: impl FnOnce(Images<&mut [F]>, Images<&mut [u32]>) -> Result<(), KernelError>,
    ) -> Result<(), KernelError> {
        let ([oh, ow], c) = (self.out, self.channels);
        let mut largest = reused(operation, [n, oh, ow, c], pooled.out)?;
        let mut indices = reused(operation, [n, oh, ow, c], pooled.argmax)?;
        pool(
            Images::new(elements_mut(&mut largest), oh * ow * c),
            Images::new(elements_mut(&mut indices), oh * ow * c),
        )?;
        *pooled.out = from_channels_last(largest);
        *pooled.argmax = from_channels_last(indices);
        Ok(())
    }

    /// Pools a strip of `image` into its part of a pooled image.
    pub(in crate::ops) fn pool<F: Real>(
        &self,
        strip: &Strip,
        image: &[F],
        out: &mut [F],
        argmax: &mut [u32],
    ) {
        let pooled = strip.pooled.clone();
        let (out, argmax) = (&mut out[pooled.clone()], &mut argmax[pooled]);
        F::pool(self.windows(strip), image, out, argmax);
    }

    /// The windows of a strip.
    fn windows(&self, strip: &Strip) -> Windows<'_> {
        self.grid.of_some(&strip.windows, self.channels)
    }

    /// What unpooling a strip reads of an image and of its pooled gradient.
    pub(in crate::ops) fn unpooled<'a, F>(
        &'a self,
        strip: &Strip,
        (dout, argmax): (&'a [F], &'a [u32]),
        x: &'a [F],
    ) -> Unpooled<'a, F> {
        let (dout, argmax) = (&dout[strip.pooled.clone()], &argmax[strip.pooled.clone()]);
        Unpooled { windows: self.windows(strip), dout, argmax, x }
    }

    /// Writes the gradient of an image. Returns whether it did, as
    /// [`Loops::unpool`](crate::engine::loops::Loops::unpool).
    pub(in crate::ops) fn unpool<F: Real>(
        &self,
        (dout, argmax): (&[F], &[u32]),
        image: &mut [F],
    ) -> bool {
        if self.needs_zeros {
            image.fill(F::zero());
        }
        F::unpool(self.grid.of(self.channels), dout, argmax, image)
    }

    /// Refuses what has not the shape of `n` pooled images.
    pub(in crate::ops) fn expect_pooled(
        &self,
        argument: &'static str,
        shape: &[usize],
        n: usize,
    ) -> Result<(), KernelError> {
        let expected = [n, self.channels, self.out[0], self.out[1]];
        let because = "that of the forward pass's result";
        expect_shape(OPERATION, argument, shape, &expected, because)
    }
}
