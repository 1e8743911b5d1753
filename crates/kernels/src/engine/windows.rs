//! The windows of a pooling on one image.

/// In place of the index of a window's pixel: the window's gradient goes to none. No pixel has this index, as
/// a plane has fewer than 2³² of them.
pub const NOWHERE: u32 = u32::MAX;

/// Windows on one image in channels-last memory, whose pixels are counted row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<'a> {
    /// The first pixel of each window.
    pub corners: &'a [u32],
    /// Windows in a row of windows.
    pub columns: usize,
    /// What to add to the first pixel for each pixel of a window, in order.
    pub taps: &'a [u32],
    /// Pixels in a row of a window.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
    /// Whether each window begins with a 0 that is [`NOWHERE`], so that only what is larger, or NaN, counts.
    pub has_relu: bool,
}

/// The gradients of windows that do not overlap, and the image that was pooled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unpooled<'a, F> {
    pub windows: Windows<'a>,
    /// The gradient of each window.
    pub dout: &'a [F],
    /// The pixel that it belongs to, or [`NOWHERE`].
    pub argmax: &'a [u32],
    /// The image in channels-last memory.
    pub x: &'a [F],
}
