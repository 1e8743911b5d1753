//! What must be known of a data set to find and fetch its files.

use trainer::dataset::{FashionMnist, PublishedFile};

/// A data set whose files its publishers offer on the web.
#[derive(Debug, PartialEq, Eq)]
pub struct Published {
    /// The name in messages.
    pub name: &'static str,
    /// The name of its folder below `data/` and below the user's cache folder.
    pub folder: &'static str,
    /// The environment variable that names the folder of its files.
    pub variable: &'static str,
    /// The files, small ones first.
    pub files: &'static [PublishedFile],
    /// The web folders that offer the files, in the order in which they are asked.
    pub addresses: &'static [&'static str],
}

/// Fashion-MNIST.
///
/// Source of the addresses: <https://github.com/zalandoresearch/fashion-mnist>, "Get the Data".
pub const FASHION_MNIST: Published = Published {
    name: FashionMnist::NAME,
    folder: "fashion-mnist",
    variable: "FASHION_MNIST_DIR",
    files: &FashionMnist::FILES,
    addresses: &[
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    ],
};
