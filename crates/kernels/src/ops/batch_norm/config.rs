//! ε, momentum and the convention of running statistics.

use crate::error::KernelError;

/// How running statistics follow the batches, and what `momentum` means. The two conventions are
/// never mixed: a [`BatchNormConfig`] names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Convention {
    /// The notebook's, also CS231n's and ONNX's: `r ← momentum·r + (1 − momentum)·batch` with the
    /// biased variance (ddof 0), starting from mean 0 and variance 0. Usual momentum: 0.9.
    Notebook,
    /// PyTorch's: `r ← (1 − momentum)·r + momentum·batch` with the unbiased variance (ddof 1),
    /// starting from mean 0 and variance 1. Usual momentum: 0.1.
    PyTorch,
}

/// ε, momentum and convention of a batch normalisation, checked once at construction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormConfig {
    eps: f64,
    momentum: f64,
    convention: Convention,
}

impl BatchNormConfig {
    /// A configuration with ε > 0, which is added to the variance inside the root, and with
    /// `momentum` in [0, 1], whose meaning `convention` decides.
    ///
    /// # Errors
    ///
    /// [`KernelError::Config`] when `eps` is not finite and positive, or `momentum` is not in
    /// [0, 1].
    pub fn new(eps: f64, momentum: f64, convention: Convention) -> Result<Self, KernelError> {
        let refuse = |parameter, expected, got: f64| {
            Err(KernelError::Config {
                operation: "batch_norm",
                parameter,
                expected,
                got: got.to_string(),
            })
        };
        if !(eps.is_finite() && eps > 0.0) {
            return refuse("eps", "finite and above 0", eps);
        }
        if !(0.0..=1.0).contains(&momentum) {
            return refuse("momentum", "between 0 and 1", momentum);
        }
        Ok(Self { eps, momentum, convention })
    }

    /// The notebook's defaults: ε = 1e-5, momentum 0.9, [`Convention::Notebook`].
    pub const fn notebook() -> Self {
        Self { eps: 1e-5, momentum: 0.9, convention: Convention::Notebook }
    }

    /// PyTorch's defaults: ε = 1e-5, momentum 0.1, [`Convention::PyTorch`].
    pub const fn pytorch() -> Self {
        Self { eps: 1e-5, momentum: 0.1, convention: Convention::PyTorch }
    }

    /// The ε added to the variance inside the root.
    pub fn eps(&self) -> f64 {
        self.eps
    }

    /// The momentum, to be read by the convention.
    pub fn momentum(&self) -> f64 {
        self.momentum
    }

    /// The convention of the running statistics.
    pub fn convention(&self) -> Convention {
        self.convention
    }
}
