//! The trait that every optimiser implements.

use kernels::Real;
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use crate::TrainError;
use crate::log::Hparam;
use crate::numerics::Numerics;

/// An optimiser: its hyperparameters, what it remembers of the steps taken, and its update of one
/// parameter.
pub(super) trait Method: Sized {
    /// Its name in files. It precedes the names of its arrays in checkpoints.
    const NAME: &'static str;

    /// Its name in texts.
    const TITLE: &'static str;

    /// The names of the arrays that it keeps for each trained parameter, in the parameter's shape.
    /// They start at 0.
    const ARRAYS: &'static [&'static str];

    /// The name of the numbers that it computes.
    const NUMERICS: Numerics;

    /// Its hyperparameters, checked at construction.
    type Config: Copy;

    /// Its hyperparameters with this learning rate and the usual values of the others.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] for a learning rate out of range.
    fn usual(learning_rate: f64) -> Result<Self::Config, TrainError>;

    /// The same with this weight decay λ: the penalty λ·w²/2 of each trained value w on the loss.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] for a weight decay out of range.
    fn with_weight_decay(
        config: Self::Config,
        weight_decay: f64,
    ) -> Result<Self::Config, TrainError>;

    /// Its hyperparameters that no study varies, in words.
    fn constants(config: Self::Config) -> String;

    /// The optimiser before its first step.
    fn new(config: Self::Config) -> Self;

    /// Its hyperparameters as a run's `hparams.yaml` has them.
    fn hparams(&self) -> Vec<(&'static str, Hparam<'static>)>;

    /// Begins the next step. What it changes depends on nothing but `self`.
    fn begin_step(&mut self);

    /// Moves one parameter against its gradient, and updates its arrays, which are as many as
    /// [`Self::ARRAYS`].
    ///
    /// # Errors
    ///
    /// [`TrainError`] when the shapes differ, or for another number of arrays.
    fn update<F: Real>(
        &self,
        parameter: ArrayViewMutD<'_, F>,
        gradient: ArrayViewD<'_, F>,
        arrays: &mut [ArrayD<F>],
    ) -> Result<(), TrainError>;
}

/// Refuses a weight decay that is not finite, or negative.
pub(super) fn check_weight_decay(weight_decay: f64) -> Result<(), TrainError> {
    if weight_decay.is_finite() && weight_decay >= 0.0 {
        return Ok(());
    }
    Err(TrainError::Config {
        parameter: "the weight decay",
        expected: "finite and at least 0",
        got: weight_decay.to_string(),
    })
}

/// The refusal of another number of arrays than the method keeps for a parameter.
pub(super) fn other_arrays<M: Method, F>(found: &[ArrayD<F>]) -> TrainError {
    TrainError::OtherNetwork {
        operation: M::NAME,
        expected: format!("{} arrays for a parameter", M::ARRAYS.len()),
        got: found.len().to_string(),
    }
}

/// Refuses a learning rate that is not finite and positive.
pub(super) fn check_learning_rate(learning_rate: f64) -> Result<(), TrainError> {
    if learning_rate.is_finite() && learning_rate > 0.0 {
        return Ok(());
    }
    Err(TrainError::Config {
        parameter: "the learning rate",
        expected: "finite and above 0",
        got: learning_rate.to_string(),
    })
}
