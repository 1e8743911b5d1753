//! Adam (Kingma and Ba, "Adam: a Method for Stochastic Optimization", 2015). Formulas and order of
//! operations: [`kernels::adam`].

use kernels::Real;
use kernels::adam::{self, AdamFactors};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use super::method::{Method, check_learning_rate, check_weight_decay, other_arrays};
use crate::TrainError;
use crate::log::Hparam;
use crate::numerics::{self, Numerics};

/// Learning rate, β₁, β₂, ε and weight decay of Adam, checked once at construction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamConfig {
    learning_rate: f64,
    betas: [f64; 2],
    eps: f64,
    weight_decay: f64,
}

impl AdamConfig {
    /// PyTorch's defaults β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and no weight decay with this learning rate.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] unless the learning rate is finite and positive.
    pub fn new(learning_rate: f64) -> Result<Self, TrainError> {
        check_learning_rate(learning_rate)?;
        Ok(Self { learning_rate, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 })
    }

    /// The same with this weight decay λ: λ·w is added to each gradient, as in PyTorch's
    /// `Adam(weight_decay=λ)`.
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
pub(super) struct Adam {
    config: AdamConfig,
    /// β₁ᵗ and β₂ᵗ after t steps, by one multiplication per step: `powi` promises no order of
    /// operations.
    powers: [f64; 2],
}

impl Method for Adam {
    const NAME: &'static str = "adam";
    const TITLE: &'static str = "Adam";
    /// The moving averages of the gradient and of its square.
    const ARRAYS: &'static [&'static str] = &["m", "v"];
    const NUMERICS: Numerics = numerics::NOTEBOOK;

    type Config = AdamConfig;

    fn usual(learning_rate: f64) -> Result<AdamConfig, TrainError> {
        AdamConfig::new(learning_rate)
    }

    fn with_weight_decay(config: AdamConfig, weight_decay: f64) -> Result<AdamConfig, TrainError> {
        config.with_weight_decay(weight_decay)
    }

    fn constants(AdamConfig { betas: [first, second], eps, .. }: AdamConfig) -> String {
        format!("β₁ = {first}, β₂ = {second}, ε = {eps:e}")
    }

    fn new(config: AdamConfig) -> Self {
        Self { config, powers: [1.0, 1.0] }
    }

    fn hparams(&self) -> Vec<(&'static str, Hparam<'static>)> {
        let AdamConfig { learning_rate, weight_decay, .. } = self.config;
        let mut hparams = vec![("learning_rate", Hparam::Float(learning_rate))];
        // The files of runs without it are as they were before Adam had it.
        if weight_decay > 0.0 {
            hparams.push(("weight_decay", Hparam::Float(weight_decay)));
        }
        hparams
    }

    fn begin_step(&mut self) {
        let [beta1, beta2] = self.config.betas;
        self.powers = [self.powers[0] * beta1, self.powers[1] * beta2];
    }

    fn update<F: Real>(
        &self,
        parameter: ArrayViewMutD<'_, F>,
        gradient: ArrayViewD<'_, F>,
        arrays: &mut [ArrayD<F>],
    ) -> Result<(), TrainError> {
        let [m, v] = arrays else {
            return Err(other_arrays::<Self, F>(arrays));
        };
        let Self { config, powers } = *self;
        let AdamConfig { learning_rate, betas: [beta1, beta2], eps, weight_decay } = config;
        let step_size = learning_rate / (1.0 - powers[0]);
        let factors = AdamFactors {
            one_minus_beta1: 1.0 - beta1,
            beta2,
            one_minus_beta2: 1.0 - beta2,
            root_of_correction2: (1.0 - powers[1]).sqrt(),
            eps,
            minus_step_size: -step_size,
            weight_decay,
        };
        adam::step(parameter, gradient, m.view_mut(), v.view_mut(), &factors)?;
        Ok(())
    }
}
