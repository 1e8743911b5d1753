//! Plain stochastic gradient descent. Formulas and order of operations: [`kernels::sgd`].

use kernels::Real;
use kernels::sgd::{self, SgdFactors};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use super::method::{Method, check_learning_rate, check_weight_decay};
use crate::TrainError;
use crate::log::Hparam;
use crate::numerics::Numerics;

/// Learning rate and weight decay of gradient descent, checked at construction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdConfig {
    learning_rate: f64,
    weight_decay: f64,
}

impl SgdConfig {
    /// PyTorch's `SGD` with this learning rate, without weight decay.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] unless the learning rate is finite and positive.
    pub fn new(learning_rate: f64) -> Result<Self, TrainError> {
        check_learning_rate(learning_rate)?;
        Ok(Self { learning_rate, weight_decay: 0.0 })
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
pub(super) struct Sgd(SgdConfig);

impl Method for Sgd {
    const NAME: &'static str = "sgd";
    const TITLE: &'static str = "SGD";
    const ARRAYS: &'static [&'static str] = &[];
    const NUMERICS: Numerics = Numerics::unseen("sgd-1");

    type Config = SgdConfig;

    fn usual(learning_rate: f64) -> Result<SgdConfig, TrainError> {
        SgdConfig::new(learning_rate)
    }

    fn with_weight_decay(config: SgdConfig, weight_decay: f64) -> Result<SgdConfig, TrainError> {
        config.with_weight_decay(weight_decay)
    }

    fn constants(_config: SgdConfig) -> String {
        String::new()
    }

    fn new(config: SgdConfig) -> Self {
        Self(config)
    }

    fn hparams(&self) -> Vec<(&'static str, Hparam<'static>)> {
        let SgdConfig { learning_rate, weight_decay } = self.0;
        vec![
            ("learning_rate", Hparam::Float(learning_rate)),
            ("weight_decay", Hparam::Float(weight_decay)),
        ]
    }

    fn begin_step(&mut self) {}

    fn update<F: Real>(
        &self,
        parameter: ArrayViewMutD<'_, F>,
        gradient: ArrayViewD<'_, F>,
        _: &mut [ArrayD<F>],
    ) -> Result<(), TrainError> {
        let SgdConfig { learning_rate, weight_decay } = self.0;
        sgd::step(parameter, gradient, &SgdFactors { learning_rate, weight_decay })?;
        Ok(())
    }
}
