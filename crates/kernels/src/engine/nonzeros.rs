//! The values of an image that are not zero. In a gradient behind a max pooling and a ReLU they are at
//! most a quarter, and sums can leave out the products with zeros. The sums keep every bit, with two
//! exceptions: where another factor is not finite, and in the sign of a zero that is left by a product
//! too small for any number.

use super::lanes::LANES;
use super::scratch::{Item, Scratch};
use crate::error::KernelError;

/// The nonzeros of one image, pixel by pixel, each with the tag of its channel.
#[derive(Debug)]
pub(crate) struct Nonzeros<F: Item> {
    /// Values per pixel.
    pub(crate) channels: usize,
    pub(crate) values: Scratch<F>,
    pub(crate) tags: Scratch<u32>,
    /// The number of nonzeros up to each pixel and with it.
    pub(crate) ends: Scratch<usize>,
}

/// What a nonzero meets: `rows` rows of `run` values, which lie in a block one after the other, and
/// in an image `stride` apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocks<'a> {
    /// Where the first row of each pixel begins in the image.
    pub bases: &'a [usize],
    /// Rows of a block.
    pub rows: usize,
    /// Values of a row, whole vectors of [`LANES`].
    pub run: usize,
    /// From one row to the next in the image.
    pub stride: usize,
}

impl<F: Item> Nonzeros<F> {
    /// Room for those of an image with so many pixels and channels.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is no memory for them.
    pub(crate) fn of_image(
        operation: &'static str,
        pixels: usize,
        channels: usize,
    ) -> Result<Self, KernelError> {
        // Vectors are stored whole, and one more may follow the last.
        let room = [pixels + 1, channels.next_multiple_of(LANES)];
        let (values, tags) = (Scratch::any(operation, &room)?, Scratch::any(operation, &room)?);
        Ok(Self { channels, values, tags, ends: Scratch::any(operation, &[pixels])? })
    }

    /// The nonzeros of each pixel, and their tags.
    pub(crate) fn pixels(&self) -> impl Iterator<Item = (&[F], &[u32])> {
        let mut first = 0;
        self.ends.iter().map(move |&end| {
            let pixel = first..end;
            first = end;
            (&self.values[pixel.clone()], &self.tags[pixel])
        })
    }
}
