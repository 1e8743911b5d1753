//! The name of a data set in the files of a study.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A data set by the name that lines, titles and figures give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataSetName {
    /// Photographs of garments.
    #[serde(rename = "Fashion-MNIST")]
    FashionMnist,
    /// Garments drawn by code.
    #[serde(rename = "Built-in synthetic garments")]
    Synthetic,
}
impl fmt::Display for DataSetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FashionMnist => "Fashion-MNIST",
            Self::Synthetic => "Built-in synthetic garments",
        })
    }
}
