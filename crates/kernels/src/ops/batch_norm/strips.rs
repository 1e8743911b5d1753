//! The rows of windows of a max pooling, some at a time, with the rows of pixels that they need.

use std::ops::Range;

use crate::engine::windows::{Unpooled, Windows};
use crate::error::{KernelError, expect_shape};
use crate::ops::max_pool2d::{self, Grid, MaxPool2dConfig};

/// About how many values of an image a strip has: with as many of another array they fit the nearest
/// cache.
const VALUES: usize = 1 << 11;

/// The strips of images of one size.
pub(super) struct Strips {
    grid: Grid,
    strips: Vec<Strip>,
    /// Whether a pixel can lie in no window.
    pub(super) needs_zeros: bool,
    pub(super) channels: usize,
    /// Values of an image.
    pub(super) image: usize,
    /// The height and width of a pooled image.
    pub(super) out: [usize; 2],
}

/// Neighbouring rows of windows and of pixels. The strips of an image have each of its windows and each
/// of its pixels once, in order. The pixels of a window lie in its strip or in one before; where windows
/// do not overlap, in its strip.
pub(super) struct Strip {
    /// Windows, counted row by row.
    windows: Range<usize>,
    /// Values of the pooled image.
    pub(super) pooled: Range<usize>,
    /// Values of the image.
    pub(super) values: Range<usize>,
}

impl Strips {
    /// Those of images of the size of `x`, which has no empty axis.
    ///
    /// # Errors
    ///
    /// [`KernelError`] for a window larger than the image, or an image of 2³² pixels or more.
    pub(super) fn of(x: [usize; 4], config: &MaxPool2dConfig) -> Result<Self, KernelError> {
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
            let start = strips.last().map_or(0, |before| before.values.end);
            let pixels_end =
                if end == rows { h } else { (end - 1) * config.stride()[0] + config.window()[0] };
            strips.push(Strip { windows, pooled, values: start..pixels_end * w * channels });
        }
        let needs_zeros = !config.tiles([h, w]);
        Ok(Self { grid, strips, needs_zeros, channels, image: h * w * channels, out })
    }

    /// The strips from top to bottom.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Strip> {
        self.strips.iter()
    }

    /// The windows of a strip.
    pub(super) fn windows(&self, strip: &Strip) -> Windows<'_> {
        self.grid.of_some(&strip.windows, self.channels)
    }

    /// What unpooling a strip reads of an image and of its pooled gradient.
    pub(super) fn unpooled<'a, F>(
        &'a self,
        strip: &Strip,
        (dout, argmax): (&'a [F], &'a [u32]),
        x: &'a [F],
    ) -> Unpooled<'a, F> {
        let (dout, argmax) = (&dout[strip.pooled.clone()], &argmax[strip.pooled.clone()]);
        Unpooled { windows: self.windows(strip), dout, argmax, x }
    }

    /// Refuses what has not the shape of `n` pooled images.
    pub(super) fn expect_pooled(
        &self,
        argument: &'static str,
        shape: &[usize],
        n: usize,
    ) -> Result<(), KernelError> {
        let expected = [n, self.channels, self.out[0], self.out[1]];
        let because = "that of the forward pass's result";
        expect_shape(max_pool2d::OPERATION, argument, shape, &expected, because)
    }
}
