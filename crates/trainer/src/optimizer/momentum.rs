//! Stochastic gradient descent with momentum. Formulas and order of operations: [`kernels::sgd`].

use kernels::Real;
use kernels::sgd::{self, SgdFactors};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use super::method::{Method, check_learning_rate, check_weight_decay, other_arrays};
use crate::TrainError;
use crate::log::Hparam;
use crate::numerics::Numerics;

/// Learning rate, momentum and weight decay of gradient descent with momentum, checked at
/// construction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MomentumConfig {
    learning_rate: f64,
    momentum: f64,
    weight_decay: f64,
}

impl MomentumConfig {
    /// The usual momentum.
    const USUAL: f64 = 0.9;

    /// PyTorch's `SGD` with this learning rate and momentum, without weight decay.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] unless the learning rate is finite and positive, and the momentum at
    /// least 0 and below 1: from 1 on, no gradient is ever forgotten.
    pub fn new(learning_rate: f64, momentum: f64) -> Result<Self, TrainError> {
        check_learning_rate(learning_rate)?;
        if !(0.0..1.0).contains(&momentum) {
            return Err(TrainError::Config {
                parameter: "the momentum",
                expected: "at least 0 and below 1",
                got: momentum.to_string(),
            });
        }
        Ok(Self { learning_rate, momentum, weight_decay: 0.0 })
    }

    /// The same with this weight decay λ: λ·w is added to each gradient.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] unless λ is finite and at least 0.
    pub fn with_weight_decay(self, weight_decay: f64) -> Result<Self, TrainError> {
        check_weight_decay(weight_decay)?;
        Ok(Self { weight_decay, ..self })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Momentum(MomentumConfig);

impl Method for Momentum {
    const NAME: &'static str = "momentum";
    const TITLE: &'static str = "SGD with momentum";
    /// The sum of the gradients, of which each counts μ times as much as the one after it.
    const ARRAYS: &'static [&'static str] = &["velocity"];
    const NUMERICS: Numerics = Numerics::unseen("momentum-1");

    type Config = MomentumConfig;

    fn usual(learning_rate: f64) -> Result<MomentumConfig, TrainError> {
        MomentumConfig::new(learning_rate, MomentumConfig::USUAL)
    }

    fn with_weight_decay(
        config: MomentumConfig,
        weight_decay: f64,
    ) -> Result<MomentumConfig, TrainError> {
        config.with_weight_decay(weight_decay)
    }

    fn constants(MomentumConfig { momentum, .. }: MomentumConfig) -> String {
        format!("momentum {momentum}")
    }

    fn new(config: MomentumConfig) -> Self {
        Self(config)
    }

    fn hparams(&self) -> Vec<(&'static str, Hparam<'static>)> {
        let MomentumConfig { learning_rate, momentum, weight_decay } = self.0;
        vec![
            ("learning_rate", Hparam::Float(learning_rate)),
            ("momentum", Hparam::Float(momentum)),
            ("weight_decay", Hparam::Float(weight_decay)),
        ]
    }

    fn begin_step(&mut self) {}

    fn update<F: Real>(
        &self,
        parameter: ArrayViewMutD<'_, F>,
        gradient: ArrayViewD<'_, F>,
        arrays: &mut [ArrayD<F>],
    ) -> Result<(), TrainError> {
        let [velocity] = arrays else {
            return Err(other_arrays::<Self, F>(arrays));
        };
        let MomentumConfig { learning_rate, momentum, weight_decay } = self.0;
        let factors = SgdFactors { learning_rate, weight_decay };
        sgd::step_with_momentum(parameter, gradient, velocity.view_mut(), momentum, &factors)?;
        Ok(())
    }
}
