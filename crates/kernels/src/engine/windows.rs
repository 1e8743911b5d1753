//! The windows of a pooling on one image.

/// Windows on one image in channels-last memory, whose pixels are counted row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<'a> {
    /// The first pixel of each window.
    pub corners: &'a [u32],
    /// What to add to the first pixel for each pixel of a window, in order.
    pub taps: &'a [u32],
    /// Values per pixel.
    pub channels: usize,
}
