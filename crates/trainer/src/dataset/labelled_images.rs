//! Images with a label each, and the batches that training takes them in.

use std::mem;

use kernels::Real;
use ndarray::{Array1, Array4};

use crate::TrainError;

/// The size of the images of a data set or of a network's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize {
    /// C, the channels.
    pub channels: usize,
    /// H, the height.
    pub height: usize,
    /// W, the width.
    pub width: usize,
}

impl ImageSize {
    /// C·H·W, the values of an image.
    pub fn values(&self) -> usize {
        self.channels * self.height * self.width
    }
}

/// Images of one size with a label each, in memory as bytes: a 60,000 × 28 × 28 set takes 47 MB.
#[derive(Debug, Clone)]
pub struct LabelledImages {
    size: ImageSize,
    classes: usize,
    /// N images, each `(H, W, C)`.
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

/// Images as a network takes them, with their labels.
#[derive(Debug, Clone, Default)]
pub struct ImageBatch<F> {
    /// Pixels divided by 255, shape `(N, C, H, W)`, in channels-last memory.
    pub images: Array4<F>,
    /// The class of each image, shape `(N,)`.
    pub labels: Array1<usize>,
}

impl LabelledImages {
    /// A data set of `labels.len()` images; `pixels` holds them in order, each `(H, W, C)`.
    ///
    /// # Errors
    ///
    /// [`TrainError::DataSet`] when the number of pixels is not that of so many images of this
    /// size, when the size has an empty axis, or when a label is not below `classes`.
    pub fn new(
        size: ImageSize,
        classes: usize,
        pixels: Vec<u8>,
        labels: Vec<u8>,
    ) -> Result<Self, TrainError> {
        let refuse = |what, expected, got| {
            Err(TrainError::DataSet { data_set: "labelled images", what, expected, got })
        };
        let values = size.values();
        if values == 0 {
            return refuse("the image size", "at least 1 × 1 × 1".to_owned(), format!("{size:?}"));
        }
        if labels.len().checked_mul(values) != Some(pixels.len()) {
            let expected = format!("{values} for each of {} labels", labels.len());
            return refuse("the number of pixels", expected, pixels.len().to_string());
        }
        if let Some(position) = labels.iter().position(|&label| usize::from(label) >= classes) {
            let got = format!("{} at position {position}", labels[position]);
            return refuse("every label", format!("below {classes}"), got);
        }
        Ok(Self { size, classes, pixels, labels })
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The size of every image.
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// K, the number of classes; every label is below it.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The class of each image.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The bytes of the image at this position, `(H, W, C)`, 0 for black; nothing beyond the last.
    pub fn image(&self, position: usize) -> Option<&[u8]> {
        self.pixels.chunks_exact(self.size.values()).nth(position)
    }

    /// The images at these positions, in this order.
    ///
    /// # Errors
    ///
    /// [`TrainError::DataSet`] when a position is not below [`Self::len`].
    pub fn batch<F: Real>(&self, positions: &[usize]) -> Result<ImageBatch<F>, TrainError> {
        let mut batch = ImageBatch::default();
        self.batch_into(positions, &mut batch)?;
        Ok(batch)
    }

    /// As [`Self::batch`], into the memory of `batch`, which is used again where it has room.
    ///
    /// # Errors
    ///
    /// As for [`Self::batch`]; `batch` is then unchanged.
    pub fn batch_into<F: Real>(
        &self,
        positions: &[usize],
        batch: &mut ImageBatch<F>,
    ) -> Result<(), TrainError> {
        if let Some(position) = positions.iter().find(|&&position| position >= self.len()) {
            return Err(TrainError::DataSet {
                data_set: "labelled images",
                what: "a batch's positions",
                expected: format!("below {}", self.len()),
                got: position.to_string(),
            });
        }
        let ImageSize { channels, height, width } = self.size;
        let values = self.size.values();
        let white = F::from_f64(255.0);
        let ImageBatch { images, labels } = mem::take(batch);
        let (mut pixels, _) = images.into_raw_vec_and_offset();
        pixels.clear();
        for &position in positions {
            let image = &self.pixels[position * values..][..values];
            pixels.extend(image.iter().map(|&shade| F::from(shade) / white));
        }
        let shape = (positions.len(), height, width, channels);
        let images =
            Array4::from_shape_vec(shape, pixels).map_err(|error| TrainError::DataSet {
                data_set: "labelled images",
                what: "a batch's shape",
                expected: format!("{shape:?}"),
                got: error.to_string(),
            })?;
        let (mut classes, _) = labels.into_raw_vec_and_offset();
        classes.clear();
        classes.extend(positions.iter().map(|&position| usize::from(self.labels[position])));
        let labels = Array1::from_vec(classes);
        *batch = ImageBatch { images: images.permuted_axes([0, 3, 1, 2]), labels };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_the_images_asked_for_scaled_and_channels_last() {
        let size = ImageSize { channels: 2, height: 1, width: 3 };
        let images =
            LabelledImages::new(size, 3, (0..18).map(|pixel| pixel * 15).collect(), vec![2, 0, 1])
                .unwrap();
        let batch = images.batch::<f32>(&[2, 0]).unwrap();
        assert_eq!(batch.images.shape(), [2, 2, 1, 3]);
        assert_eq!(batch.labels.to_vec(), [1, 2]);
        // Image 2 starts at byte 12; its pixel (0, 1) has the channels 14 and 15, times 15.
        assert_eq!(batch.images[[0, 0, 0, 1]], 210.0 / 255.0);
        assert_eq!(batch.images[[0, 1, 0, 1]], 225.0 / 255.0);
        assert_eq!(batch.images[[1, 0, 0, 0]], 0.0);
        assert!(batch.images.permuted_axes([0, 2, 3, 1]).is_standard_layout());
        assert_eq!(images.labels(), [2, 0, 1]);
        assert_eq!(images.image(1), Some([90, 105, 120, 135, 150, 165].as_slice()));
        assert_eq!(images.image(3), None);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let size = ImageSize { channels: 1, height: 2, width: 2 };
        let message = |result: Result<LabelledImages, TrainError>| result.unwrap_err().to_string();
        assert_eq!(
            message(LabelledImages::new(size, 2, vec![0; 7], vec![0, 1])),
            "labelled images: the number of pixels must be 4 for each of 2 labels, got 7"
        );
        assert_eq!(
            message(LabelledImages::new(size, 2, vec![0; 8], vec![0, 2])),
            "labelled images: every label must be below 2, got 2 at position 1"
        );
        let images = LabelledImages::new(size, 2, vec![0; 8], vec![0, 1]).unwrap();
        assert_eq!(
            images.batch::<f64>(&[0, 2]).unwrap_err().to_string(),
            "labelled images: a batch's positions must be below 2, got 2"
        );
    }
}
