//! Data sets whose files must be found, fetched and verified.

use trainer::dataset::{DataSet, PublishedFiles, Source};

/// A data set whose publishers offer its files on the web.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// The data set.
    pub data_set: DataSet,
    /// Its files, and where they come from.
    pub files: &'static PublishedFiles,
}

impl Published {
    /// Every data set that has files, the preferred one first.
    pub fn all() -> impl Iterator<Item = Self> {
        DataSet::ALL.iter().copied().filter_map(Self::of)
    }

    /// The files of a data set, unless code draws its images.
    pub fn of(data_set: DataSet) -> Option<Self> {
        match &data_set.entry().source {
            Source::Files(files) => Some(Self { data_set, files }),
            Source::Code(_) => None,
        }
    }
}
