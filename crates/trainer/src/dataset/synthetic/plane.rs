//! The grid of pixels that an image is drawn on.

/// The pixels of a row, and of a column: Fashion-MNIST's, so that the same networks take both.
pub(super) const SIDE: usize = 28;

/// The pixels of an image.
pub(super) const PIXELS: usize = SIDE * SIDE;

/// A value for each pixel, row by row.
pub(super) type Plane = [f32; PIXELS];
