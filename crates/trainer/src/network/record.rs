//! What the forward pass of a layer leaves behind.

use kernels::Real;
use ndarray::ArrayD;

use super::layer::Saved;

/// The output of a layer, and what its backward pass needs.
#[derive(Debug, Clone)]
pub(super) struct Record<F: Real> {
    pub(super) out: ArrayD<F>,
    pub(super) saved: Saved<F>,
}
