use kernels::Real;
use kernels::adam::{self, AdamFactors};
use ndarray::ArrayD;

use crate::TrainError;
use crate::network::{Gradients, Network};

/// Learning rate, β₁, β₂ and ε of Adam, checked once at construction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamConfig {
    learning_rate: f64,
    betas: [f64; 2],
    eps: f64,
}

impl AdamConfig {
    /// PyTorch's defaults β₁ = 0.9, β₂ = 0.999 and ε = 1e-8 with this learning rate.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] unless the learning rate is finite and positive.
    pub fn new(learning_rate: f64) -> Result<Self, TrainError> {
        if !(learning_rate.is_finite() && learning_rate > 0.0) {
            return Err(TrainError::Config {
                parameter: "the learning rate",
                expected: "finite and above 0",
                got: learning_rate.to_string(),
            });
        }
        Ok(Self { learning_rate, betas: [0.9, 0.999], eps: 1e-8 })
    }
}

/// Adam, with the moments of the parameters that it trains. Formulas and order of operations:
/// [`kernels::adam`].
#[derive(Debug, Clone, PartialEq)]
pub struct Adam<F> {
    config: AdamConfig,
    /// t, the number of steps taken.
    steps: u64,
    /// β₁ᵗ and β₂ᵗ, by one multiplication a step: `powi` promises no order of operations.
    powers: [f64; 2],
    /// One a parameter of the network; none where it is not trained.
    moments: Vec<Option<Moments<F>>>,
}

/// The two moments of one parameter, in its shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments<F> {
    /// The moving average of the gradient.
    pub m: ArrayD<F>,
    /// The moving average of the gradient's square.
    pub v: ArrayD<F>,
}

impl<F: Real> Adam<F> {
    /// Adam before its first step on the parameters of `network` whose names `trains` accepts;
    /// the others stay as they are.
    pub fn new(config: AdamConfig, network: &Network<F>, trains: impl Fn(&str) -> bool) -> Self {
        let moments = network
            .parameters()
            .iter()
            .map(|(name, array)| {
                trains(name).then(|| {
                    let zeros = ArrayD::from_elem(array.raw_dim(), F::zero());
                    Moments { m: zeros.clone(), v: zeros }
                })
            })
            .collect();
        Self { config, steps: 0, powers: [1.0, 1.0], moments }
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The moments, one pair a parameter of the network; none where it is not trained.
    pub fn moments(&self) -> &[Option<Moments<F>>] {
        &self.moments
    }

    /// As [`Self::moments`], to write to. The shapes must stay.
    pub(crate) fn moments_mut(&mut self) -> &mut [Option<Moments<F>>] {
        &mut self.moments
    }

    /// Takes so many steps as taken, as the moments of a checkpoint need it.
    pub(crate) fn set_steps(&mut self, steps: u64) {
        let [beta1, beta2] = self.config.betas;
        self.steps = steps;
        self.powers =
            (0..steps).fold([1.0, 1.0], |powers, _| [powers[0] * beta1, powers[1] * beta2]);
    }

    /// Memory for the gradients that [`Self::step`] reads: those of the trained parameters.
    pub fn memory_for_gradients(&self, network: &Network<F>) -> Gradients<F> {
        let trained = network.parameters().into_iter().zip(&self.moments);
        let names: Vec<String> =
            trained.filter_map(|((name, _), moments)| moments.as_ref().map(|_| name)).collect();
        Gradients::new(network, |name| names.iter().any(|trained| trained == name))
    }

    /// Moves the trained parameters of `network` against their gradients.
    ///
    /// # Errors
    ///
    /// [`TrainError::OtherNetwork`] when the network or the gradients are not of the network that
    /// this was made for; nothing has then changed.
    pub fn step(
        &mut self,
        network: &mut Network<F>,
        gradients: &Gradients<F>,
    ) -> Result<(), TrainError> {
        self.expect_same_network(network, gradients.parameters())?;
        let [beta1, beta2] = self.config.betas;
        self.steps += 1;
        self.powers = [self.powers[0] * beta1, self.powers[1] * beta2];
        let step_size = self.config.learning_rate / (1.0 - self.powers[0]);
        let factors = AdamFactors {
            one_minus_beta1: 1.0 - beta1,
            beta2,
            one_minus_beta2: 1.0 - beta2,
            root_of_correction2: (1.0 - self.powers[1]).sqrt(),
            eps: self.config.eps,
            minus_step_size: -step_size,
        };
        for ((parameter, gradient), moments) in
            network.parameter_arrays_mut().zip(gradients.parameters()).zip(&mut self.moments)
        {
            if let Some(Moments { m, v }) = moments {
                adam::step(parameter, gradient.view(), m.view_mut(), v.view_mut(), &factors)?;
            }
        }
        Ok(())
    }

    fn expect_same_network(
        &self,
        network: &Network<F>,
        gradients: &[ArrayD<F>],
    ) -> Result<(), TrainError> {
        let refuse =
            |expected, got| Err(TrainError::OtherNetwork { operation: "adam", expected, got });
        let expected = self.moments.len();
        for got in [network.parameter_arrays().count(), gradients.len()] {
            if got != expected {
                return refuse(format!("{expected} parameters"), got.to_string());
            }
        }
        for ((parameter, gradient), moments) in
            network.parameter_arrays().zip(gradients).zip(&self.moments)
        {
            let trained = moments.as_ref().map_or(parameter.shape(), |moments| moments.m.shape());
            for got in [parameter.shape(), gradient.shape()] {
                if got != trained {
                    return refuse(format!("a parameter of shape {trained:?}"), format!("{got:?}"));
                }
            }
        }
        Ok(())
    }
}
