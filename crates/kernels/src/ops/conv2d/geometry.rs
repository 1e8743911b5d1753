//! The sizes of one convolution, and where its sums read and write.

use std::ops::Range;

use super::config::{Conv2dConfig, OPERATION};
use super::sliding_window::{SlidingWindow, Taps};
use super::spread::Spread;
use crate::engine::correlation::Places;
use crate::error::{KernelError, expect_not_empty, expect_shape};

/// The sizes of one convolution, checked against each other.
pub(super) struct Geometry {
    pub n: usize,
    pub c: usize,
    pub h: usize,
    pub w: usize,
    pub f: usize,
    pub kh: usize,
    pub kw: usize,
    pub oh: usize,
    pub ow: usize,
    pub rows: SlidingWindow,
    pub columns: SlidingWindow,
}

impl Geometry {
    pub(super) fn new(
        x: &[usize],
        weight: &[usize],
        config: &Conv2dConfig,
    ) -> Result<Self, KernelError> {
        expect_not_empty(OPERATION, "x", x)?;
        expect_not_empty(OPERATION, "weight", weight)?;
        let (n, c, [f, _, kh, kw]) = (x[0], x[1], [weight[0], weight[1], weight[2], weight[3]]);
        expect_shape(OPERATION, "weight", weight, &[f, c, kh, kw], "one plane per channel of x")?;
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

    pub(super) fn expect_dout(&self, dout: &[usize]) -> Result<(), KernelError> {
        self.expect_result("dout", dout)
    }

    /// Refuses what has not the shape of the forward pass's result.
    pub(super) fn expect_result(
        &self,
        argument: &'static str,
        shape: &[usize],
    ) -> Result<(), KernelError> {
        let expected = [self.n, self.f, self.oh, self.ow];
        expect_shape(OPERATION, argument, shape, &expected, "that of the forward pass's result")
    }

    /// The products behind all outputs, those with padding included.
    pub(super) fn products(&self) -> usize {
        [self.oh, self.ow, self.f, self.kh, self.kw, self.c]
            .into_iter()
            .fold(self.n, usize::saturating_mul)
    }

    /// What the windows read of an image, with the zeros around it.
    pub(super) fn spread_x(&self) -> Spread {
        Spread::new([self.rows.read(), self.columns.read()], [self.h, self.w], self.c)
    }

    /// What the gradient of an image reads of its dout, with the zeros around it.
    pub(super) fn spread_dout(&self) -> Spread {
        let sources = [self.rows.read_back(), self.columns.read_back()];
        Spread::new(sources, [self.oh, self.ow], self.f)
    }

    /// Where the windows of some rows of output pixels begin in [`Self::spread_x`], and where the pixels
    /// lie in an image.
    pub(super) fn windows(&self, rows: Range<usize>) -> Places {
        let row = self.columns.read().len() * self.c;
        let [down, right] =
            [self.rows.spread_stride() * row, self.columns.spread_stride() * self.c];
        let pixels = rows.start * self.ow..rows.end * self.ow;
        Places::new(pixels.map(|pixel| {
            let [i, j] = [pixel / self.ow, pixel % self.ow];
            [i * down + j * right, pixel * self.f]
        }))
    }

    /// Where the values that each tap (kh, kw, c) meets begin in [`Self::spread_x`], and where the
    /// tap's weights lie in the order (KH, KW, C, F).
    pub(super) fn taps(&self) -> Vec<[usize; 2]> {
        let (row, run) = (self.columns.read().len() * self.c, self.kw * self.c);
        (0..self.kh * run).map(|tap| [tap / run * row + tap % run, tap * self.f]).collect()
    }

    /// Whether there are pixels that no tap reaches.
    pub(super) fn leaves_pixels_out(&self) -> bool {
        self.rows.leaves_inputs_out() || self.columns.leaves_inputs_out()
    }

    /// The pixels of an image by the taps that reach them; pixels that none reaches are left out.
    pub(super) fn phases(&self) -> impl Iterator<Item = ImagePhase> {
        let row = self.columns.read_back().len() * self.f;
        let columns = self.columns.phases();
        self.rows.phases().into_iter().flat_map(move |rows| {
            columns
                .iter()
                .map(|columns| {
                    let of_row = columns.inputs.len();
                    let pixels = (0..rows.inputs.len() * of_row).map(|pixel| {
                        let ((h, oh), (w, ow)) =
                            (rows.inputs[pixel / of_row], columns.inputs[pixel % of_row]);
                        [oh * row + ow * self.f, (h * self.w + w) * self.c]
                    });
                    ImagePhase { taps: [rows.taps, columns.taps], places: Places::new(pixels) }
                })
                .collect::<Vec<_>>()
        })
    }
}

/// The pixels of an image that the same taps reach.
pub(super) struct ImagePhase {
    /// Along height and width.
    pub taps: [Taps; 2],
    /// Where the outputs that reach a pixel begin in [`Geometry::spread_dout`], and the pixel.
    pub places: Places,
}
