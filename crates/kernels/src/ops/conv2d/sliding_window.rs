//! One axis of a convolution: which inputs its windows read, and which outputs reach an input.

use super::config::OPERATION;
use crate::error::KernelError;

/// A window that slides along one axis, with zeros before and after it.
pub(super) struct SlidingWindow {
    length: usize,
    window: usize,
    stride: usize,
    padding: usize,
}

impl SlidingWindow {
    pub(super) fn new(
        axis: &'static str,
        length: usize,
        window: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Self, KernelError> {
        // A caller chooses these sizes freely, so their sum can overflow.
        let Some(available) = length.checked_add(2 * padding) else {
            return Err(KernelError::TooLarge { operation: OPERATION, shape: vec![length] });
        };
        if window > available {
            return Err(KernelError::Window { operation: OPERATION, axis, window, available });
        }
        Ok(Self { length, window, stride, padding })
    }

    pub(super) fn positions(&self) -> usize {
        (self.length + 2 * self.padding - self.window) / self.stride + 1
    }

    /// The axis as the windows read it: for each place the index of an input, or `None` on the
    /// padding. Inputs between two windows are left out. So it is never longer than all windows one
    /// after another, however large the stride.
    pub(super) fn read(&self) -> Vec<Option<usize>> {
        let length = (self.positions() - 1) * self.spread_stride() + self.window;
        (0..length)
            .map(|place| {
                let padded = if self.stride > self.window {
                    place / self.window * self.stride + place % self.window
                } else {
                    place
                };
                padded.checked_sub(self.padding).filter(|&index| index < self.length)
            })
            .collect()
    }

    /// Whether there are inputs that no window reads: between two windows, or after the last.
    pub(super) fn leaves_inputs_out(&self) -> bool {
        let after_the_last = (self.length + 2 * self.padding - self.window) % self.stride;
        self.stride > self.window || after_the_last > self.padding
    }

    /// The distance from one window to the next in [`Self::read`].
    pub(super) fn spread_stride(&self) -> usize {
        self.stride.min(self.window)
    }

    /// The axis of outputs as the gradient of the inputs reads it: for each place the index of an
    /// output, or `None` before the first output and after the last.
    pub(super) fn read_back(&self) -> Vec<Option<usize>> {
        let first = self.padding / self.stride;
        let last = (self.length - 1 + self.padding) / self.stride;
        let reach = self.window.div_ceil(self.stride);
        (first..last + reach)
            .map(|place| (place + 1).checked_sub(reach).filter(|&index| index < self.positions()))
            .collect()
    }

    /// The inputs, grouped by the taps that they are multiplied with. A tap meets every `stride`-th
    /// input, so there are at most `stride` groups.
    pub(super) fn phases(&self) -> Vec<Phase> {
        let first = self.padding / self.stride;
        let reach = self.window.div_ceil(self.stride);
        (0..self.stride.min(self.window))
            .map(|phase| {
                let count = (self.window - phase).div_ceil(self.stride);
                let taps = Taps { first: phase, step: self.stride, count };
                let inputs = (0..self.length)
                    .filter(|input| (input + self.padding) % self.stride == phase)
                    .map(|input| {
                        let last = (input + self.padding) / self.stride - first;
                        (input, last + reach - count)
                    })
                    .collect();
                Phase { taps, inputs }
            })
            .collect()
    }
}

/// Every `step`-th tap of a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taps {
    pub first: usize,
    pub step: usize,
    pub count: usize,
}

/// The inputs that are multiplied with the same taps.
pub(super) struct Phase {
    /// The taps. A later tap belongs to an earlier output.
    pub taps: Taps,
    /// Each input, with the place in [`SlidingWindow::read_back`] of the first output that reads it.
    pub inputs: Vec<(usize, usize)>,
}
