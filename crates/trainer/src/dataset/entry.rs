//! What has to be known of a data set.

use std::num::NonZeroUsize;
use std::path::Path;

use super::labelled_images::{ImageSize, LabelledImages};
use super::published_file::PublishedFile;
use crate::TrainError;

/// Everything that follows from which data set it is, but for its name.
#[derive(Debug)]
pub struct DataSetEntry {
    /// The name of its folder: of results, below `data/`, and below the user's cache folder.
    pub folder: &'static str,
    /// The name on the command line.
    pub argument: &'static str,
    /// What the command line's help says of it.
    pub help: &'static str,
    /// The size of every image.
    pub image: ImageSize,
    /// What each label means.
    pub class_names: &'static [&'static str],
    /// The number of images to train and validate with.
    pub training_images: usize,
    /// The number of images to test with.
    pub test_images: usize,
    /// Where its images come from.
    pub source: Source,
}

/// Where the images of a data set come from.
#[derive(Debug)]
pub enum Source {
    /// From files, which its publishers offer on the web.
    Files(PublishedFiles),
    /// From code.
    Code(DrawnImages),
}

/// Images that code draws.
#[derive(Debug)]
pub struct DrawnImages {
    /// Draws them.
    pub draw: Draw,
    /// The name of what is drawn: the first 16 digits of the SHA-256 of all images and labels to train
    /// with. A generator that draws other images has another name.
    pub numerics: &'static str,
}

/// Draws the images at these positions of a subset, in this order, on so many threads.
pub type Draw = fn(Subset, &[usize], NonZeroUsize) -> Result<LabelledImages, TrainError>;

/// The files of a data set, and how they are read.
#[derive(Debug)]
pub struct PublishedFiles {
    /// The environment variable that names the folder of the files.
    pub variable: &'static str,
    /// The page of its publishers.
    pub page: &'static str,
    /// The identifier of its licence in the list of SPDX.
    pub license: &'static str,
    /// The files, small ones first, so that most things wrong with a folder or a server show at once.
    pub files: &'static [PublishedFile],
    /// The web folders that offer the files, in the order in which they are asked.
    pub addresses: &'static [&'static str],
    /// Reads all images of a subset from a folder of the files.
    pub read: fn(Subset, &Path) -> Result<LabelledImages, TrainError>,
}

/// The images of a data set that serve for one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subset {
    /// To train and validate with.
    Training,
    /// To test with, once, at the end.
    Test,
}
