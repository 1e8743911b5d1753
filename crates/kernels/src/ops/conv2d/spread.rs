//! The frame of zeros around an image.

use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::KernelError;

/// Copies images into a larger frame of zeros, so that no sum has to ask where the image ends.
#[derive(Debug)]
pub(super) struct Spread {
    /// Rows and columns of the frame.
    size: [usize; 2],
    channels: usize,
    /// Elements of a row of the image.
    image_row: usize,
    /// A row of the frame, and the row of the image that is copied to it. Other rows stay zero.
    rows: Vec<[usize; 2]>,
    /// The pieces that a row is copied in: the first element in the frame's row, the first in the
    /// image's, and how many.
    runs: Vec<[usize; 3]>,
}

impl Spread {
    /// `sources` has an entry for each row, and one for each column, of the frame: the row or column
    /// of the image that is copied there, or `None` for zeros. `size` is that of the image.
    pub(super) fn new(sources: [Vec<Option<usize>>; 2], size: [usize; 2], channels: usize) -> Self {
        let placed = |axis: usize| {
            let places = sources[axis].iter().enumerate();
            places.filter_map(|(place, &source)| Some([place, source?]))
        };
        let mut runs: Vec<[usize; 3]> = Vec::new();
        for [place, source] in placed(1) {
            let [place, source] = [place * channels, source * channels];
            match runs.last_mut() {
                Some([first, image, length])
                    if [*first + *length, *image + *length] == [place, source] =>
                {
                    *length += channels;
                }
                _ => runs.push([place, source, channels]),
            }
        }
        Self {
            size: [sources[0].len(), sources[1].len()],
            channels,
            image_row: size[1] * channels,
            rows: placed(0).collect(),
            runs,
        }
    }

    /// Elements of a row of the frame.
    pub(super) fn row(&self) -> usize {
        self.size[1] * self.channels
    }

    /// Elements of the frame.
    pub(super) fn len(&self) -> usize {
        self.size[0] * self.row()
    }

    /// A frame of zeros, for [`Self::apply`].
    pub(super) fn buffer<F: Real>(
        &self,
        operation: &'static str,
    ) -> Result<Scratch<F>, KernelError> {
        Scratch::zeros(operation, &[self.size[0], self.size[1], self.channels])
    }

    /// Copies `image` into `buffer` and returns that. `buffer` is from [`Self::buffer`]; an image
    /// that was copied into it before is overwritten.
    pub(super) fn apply<'a, F: Real>(&self, image: &[F], buffer: &'a mut [F]) -> &'a [F] {
        for &[row, image_row] in &self.rows {
            let frame = &mut buffer[row * self.row()..][..self.row()];
            let image = &image[image_row * self.image_row..][..self.image_row];
            for &[place, source, length] in &self.runs {
                frame[place..][..length].copy_from_slice(&image[source..][..length]);
            }
        }
        buffer
    }

    /// The reverse of [`Self::apply`]: copies from `frame` to `image`.
    pub(super) fn take_back<F: Real>(&self, frame: &[F], image: &mut [F]) {
        for &[row, image_row] in &self.rows {
            let frame = &frame[row * self.row()..][..self.row()];
            let image = &mut image[image_row * self.image_row..][..self.image_row];
            for &[place, source, length] in &self.runs {
                image[source..][..length].copy_from_slice(&frame[place..][..length]);
            }
        }
    }
}
