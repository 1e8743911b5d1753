//! Data sets: which there are, their images, and the split to train and to validate with.
//!
//! A data set is added by a file with its [`DataSetEntry`], and a line in the list below.

mod contents;
mod entry;
mod fashion_mnist;
mod idx;
mod labelled_images;
mod published_file;
mod split;
mod synthetic;

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

pub use contents::DataSetContents;
pub use entry::{DataSetEntry, Draw, DrawnImages, PublishedFiles, Source, Subset};
pub use fashion_mnist::{CLASS_NAMES, FashionMnist, IMAGE as FASHION_MNIST_IMAGE};
pub use labelled_images::{ImageBatch, ImageSize, LabelledImages};
pub use published_file::PublishedFile;
pub use split::{Split, SplitFacts};
pub use synthetic::Synthetic;

macro_rules! data_sets {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: $entry:expr,)*) => {
        /// A data set. In files it is its name, such as `Fashion-MNIST`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum DataSet {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl DataSet {
            /// Every data set.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in texts and files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Everything else that is known of it.
            pub fn entry(self) -> &'static DataSetEntry {
                match self {
                    $(Self::$variant => &$entry,)*
                }
            }
        }
    };
}

data_sets! {
    /// Photographs of garments.
    FashionMnist = "Fashion-MNIST": fashion_mnist::ENTRY,
    /// Garments drawn by code.
    Synthetic = "Built-in synthetic garments": synthetic::ENTRY,
}

impl Display for DataSet {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
