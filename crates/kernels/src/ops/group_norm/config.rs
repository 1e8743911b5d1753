//! The number of groups, and ε.

use super::checks::OPERATION;
use crate::error::KernelError;

/// The number of groups and ε of a group normalisation, checked once at construction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupNormConfig {
    groups: usize,
    eps: f64,
}

impl GroupNormConfig {
    /// PyTorch's default ε.
    pub const USUAL_EPS: f64 = 1e-5;

    /// A configuration with so many groups, at least 1, and with ε > 0, which is added to the variance
    /// inside the root. Whether the channels can be divided among the groups shows with the first x.
    ///
    /// # Errors
    ///
    /// [`KernelError::Config`] for 0 groups, and when `eps` is not finite and positive.
    pub fn new(groups: usize, eps: f64) -> Result<Self, KernelError> {
        let refuse = |parameter, expected, got| {
            Err(KernelError::Config { operation: OPERATION, parameter, expected, got })
        };
        if groups == 0 {
            return refuse("groups", "at least 1", groups.to_string());
        }
        if !(eps.is_finite() && eps > 0.0) {
            return refuse("eps", "finite and above 0", eps.to_string());
        }
        Ok(Self { groups, eps })
    }

    /// The number of groups.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The ε added to the variance inside the root.
    pub fn eps(&self) -> f64 {
        self.eps
    }
}
