//! Why weights do not fit a network.

use safetensors::tensor::{Dtype, SafeTensorError};
use thiserror::Error;

/// Why weights could not be loaded or saved. Each message names the tensors at fault.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// It is no whole safetensors file.
    #[error(
        "not a whole safetensors file; in Python, safetensors.torch.save_file(model.state_dict(), path) makes one"
    )]
    Format(#[source] SafeTensorError),

    /// The network has parameters or running statistics that the file does not have.
    #[error("found no {}; the weights are of another network", .names.join(", "))]
    Missing {
        /// Their names.
        names: Vec<String>,
    },

    /// The file has tensors that the network does not have.
    #[error("found {}, which the network does not have; the weights are of another one", .names.join(", "))]
    Unknown {
        /// Their names.
        names: Vec<String>,
    },

    /// A tensor has another shape than the network's.
    #[error("{name}: expected the shape {expected:?}, found {found:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// The shape in the network.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },

    /// A tensor is of a type that is not read.
    #[error("{name}: expected {expected}, found {found:?}; convert it in Python")]
    Type {
        /// The tensor.
        name: String,
        /// The types that are read.
        expected: &'static str,
        /// The type in the file.
        found: Dtype,
    },

    /// A tensor holds infinities or NaN, in the file or once rounded to the network's type.
    #[error("{name}: {count} of its values are not finite")]
    NotFinite {
        /// The tensor.
        name: String,
        /// How many of its values.
        count: usize,
    },

    /// A running variance is below 0; its root would be NaN.
    #[error("{name}: {count} of its values are negative, and a variance is at least 0")]
    NegativeVariance {
        /// The tensor.
        name: String,
        /// How many of its values.
        count: usize,
    },
}
