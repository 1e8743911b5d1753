//! Optimisers: how a step moves the parameters.
//!
//! An optimiser is added by a file with its `Method`, and a line in the list below.

mod adam;
mod method;
mod momentum;
mod sgd;

use kernels::Real;
use ndarray::{Array1, ArrayD, ArrayViewD, ArrayViewMutD, IxDyn};

use self::method::Method;
use crate::TrainError;
use crate::log::Hparam;
use crate::network::{Gradients, Network};
use crate::numerics::Numerics;
use crate::trained_parameters::{TrainedParameters, TrainedValues};

pub use adam::AdamConfig;
pub use momentum::MomentumConfig;
pub use sgd::SgdConfig;

macro_rules! optimizers {
    ($($(#[$doc:meta])* $variant:ident($config:ty, $method:ty),)*) => {
        /// An optimiser with its hyperparameters.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum OptimizerConfig {
            $($(#[$doc])* $variant($config),)*
        }

        #[derive(Debug, Clone, PartialEq)]
        enum AnyMethod {
            $($variant($method),)*
        }

        $(impl From<$config> for OptimizerConfig {
            fn from(config: $config) -> Self {
                Self::$variant(config)
            }
        })*

        impl OptimizerConfig {
            /// The names of all optimisers, as in files.
            pub const NAMES: &'static [&'static str] = &[$(<$method>::NAME),*];

            /// The optimiser of this name with this learning rate and the usual values of its other
            /// hyperparameters.
            ///
            /// # Errors
            ///
            /// [`TrainError::Config`] for a name that no optimiser has and for a learning rate out of
            /// range.
            pub fn usual(name: &str, learning_rate: f64) -> Result<Self, TrainError> {
                $(if name == <$method>::NAME {
                    return <$method>::usual(learning_rate).map(Self::$variant);
                })*
                Err(TrainError::Config {
                    parameter: "the optimiser",
                    expected: "the name of an optimiser",
                    got: name.to_owned(),
                })
            }

            /// The same with this weight decay λ: λ·w is added to the gradient of each trained value
            /// w, as by `weight_decay=λ` of PyTorch's `Adam` and `SGD`.
            ///
            /// # Errors
            ///
            /// [`TrainError::Config`] unless λ is finite and at least 0.
            pub fn with_weight_decay(self, weight_decay: f64) -> Result<Self, TrainError> {
                match self {
                    $(Self::$variant(config) => {
                        <$method>::with_weight_decay(config, weight_decay).map(Self::$variant)
                    })*
                }
            }

            /// The name in files.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$method>::NAME,)*
                }
            }

            /// The name in texts.
            pub fn title(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$method>::TITLE,)*
                }
            }

            /// The hyperparameters that no study varies, in words, such as `β₁ = 0.9, β₂ = 0.999,
            /// ε = 1e-8`.
            pub fn constants(self) -> String {
                match self {
                    $(Self::$variant(config) => <$method>::constants(config),)*
                }
            }

            fn method(self) -> AnyMethod {
                match self {
                    $(Self::$variant(config) => AnyMethod::$variant(<$method>::new(config)),)*
                }
            }
        }

        impl AnyMethod {
            fn array_names(&self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant(_) => <$method>::ARRAYS,)*
                }
            }

            fn numerics(&self) -> Numerics {
                match self {
                    $(Self::$variant(_) => <$method>::NUMERICS,)*
                }
            }

            fn hparams(&self) -> Vec<(&'static str, Hparam<'static>)> {
                match self {
                    $(Self::$variant(method) => method.hparams(),)*
                }
            }

            fn begin_step(&mut self) {
                match self {
                    $(Self::$variant(method) => method.begin_step(),)*
                }
            }

            fn update<F: Real>(
                &self,
                parameter: ArrayViewMutD<'_, F>,
                gradient: ArrayViewD<'_, F>,
                arrays: &mut [ArrayD<F>],
            ) -> Result<(), TrainError> {
                match self {
                    $(Self::$variant(method) => method.update(parameter, gradient, arrays),)*
                }
            }
        }
    };
}

optimizers! {
    /// Adam, with PyTorch's defaults.
    Adam(AdamConfig, adam::Adam),
    /// Plain gradient descent.
    Sgd(SgdConfig, sgd::Sgd),
    /// Gradient descent with momentum.
    Momentum(MomentumConfig, momentum::Momentum),
}

impl OptimizerConfig {
    /// The number of this hyperparameter, such as `learning_rate`, by its name in a run's `hparams.yaml`;
    /// none for one that the optimiser has not, or that has its usual value.
    pub fn hyperparameter(self, name: &str) -> Option<f64> {
        let found = self.hparams().into_iter().find(|(known, _)| *known == name);
        match found?.1 {
            Hparam::Float(number) => Some(number),
            Hparam::Integer(_) | Hparam::Text(_) | Hparam::Bool(_) => None,
        }
    }

    /// Name and hyperparameters, as a run's `hparams.yaml` has them.
    pub(crate) fn hparams(self) -> Vec<(&'static str, Hparam<'static>)> {
        let mut hparams = vec![("optimizer", Hparam::Text(self.name()))];
        hparams.extend(self.method().hparams());
        hparams
    }
}

/// An optimiser in the course of a training, with its arrays for the parameters that it trains.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer<F> {
    config: OptimizerConfig,
    method: AnyMethod,
    steps: u64,
    /// One per parameter of the network; none where it is not trained.
    trained: Vec<Option<Trained<F>>>,
}

/// What the optimiser keeps of a parameter that it trains.
#[derive(Debug, Clone, PartialEq)]
struct Trained<F> {
    parameter: String,
    shape: Vec<usize>,
    /// The values that are trained, if not all are.
    places: Option<Vec<IxDyn>>,
    /// As many as the method has names for, in the parameter's shape, or with one value for each place.
    arrays: Vec<ArrayD<F>>,
}

impl<F: Real> Optimizer<F> {
    /// The optimiser before its first step on the parameters of `network` whose names `trains`
    /// accepts; the others stay as they are.
    pub fn new(
        config: impl Into<OptimizerConfig>,
        network: &Network<F>,
        trains: impl Fn(&str) -> bool,
    ) -> Self {
        let all = TrainedValues::All;
        Self::of(config.into(), network, |parameter| trains(parameter).then_some(&all))
    }

    /// The optimiser before its first step on these values of the parameters of `network`; the others
    /// stay as they are.
    pub fn of_values(
        config: impl Into<OptimizerConfig>,
        network: &Network<F>,
        trained: &TrainedParameters,
    ) -> Self {
        Self::of(config.into(), network, |parameter| trained.values(parameter))
    }

    fn of<'t>(
        config: OptimizerConfig,
        network: &Network<F>,
        trained: impl Fn(&str) -> Option<&'t TrainedValues>,
    ) -> Self {
        let method = config.method();
        let trained = network.parameters().into_iter().map(|(parameter, array)| {
            let shape = array.shape().to_vec();
            let places = match trained(&parameter)? {
                TrainedValues::All => None,
                TrainedValues::At(places) => {
                    Some(places.iter().map(|&place| index(place, &shape)).collect::<Vec<_>>())
                }
            };
            let dim = places.as_ref().map_or(array.raw_dim(), |places| IxDyn(&[places.len()]));
            let zeros = |_: &&str| ArrayD::from_elem(dim.clone(), F::zero());
            let arrays = method.array_names().iter().map(zeros).collect();
            Some(Trained { parameter, shape, places, arrays })
        });
        Self { config, steps: 0, trained: trained.collect(), method }
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The name of the numbers that it computes.
    pub(crate) fn numerics(&self) -> Numerics {
        self.method.numerics()
    }

    /// Its arrays by their names in checkpoints, such as `adam.m.fc.weight`.
    pub(crate) fn state(&self) -> Vec<(String, ArrayViewD<'_, F>)> {
        let prefixes = self.prefixes();
        let mut state = Vec::new();
        for Trained { parameter, arrays, .. } in self.trained.iter().flatten() {
            let named = prefixes.iter().zip(arrays);
            state.extend(named.map(|(prefix, array)| (prefix.clone() + parameter, array.view())));
        }
        state
    }

    /// As [`Self::state`], to write to.
    pub(crate) fn state_mut(&mut self) -> Vec<(String, ArrayViewMutD<'_, F>)> {
        let prefixes = self.prefixes();
        let mut state = Vec::new();
        for Trained { parameter, arrays, .. } in self.trained.iter_mut().flatten() {
            let named = prefixes.iter().zip(arrays);
            let name = |prefix: &String| prefix.clone() + parameter;
            state.extend(named.map(|(prefix, array)| (name(prefix), array.view_mut())));
        }
        state
    }

    /// What precedes a parameter's name in the names of its arrays.
    fn prefixes(&self) -> Vec<String> {
        let name = self.config.name();
        self.method.array_names().iter().map(|array| format!("{name}.{array}.")).collect()
    }

    /// Sets the number of steps taken, to go with the arrays of a checkpoint.
    pub(crate) fn set_steps(&mut self, steps: u64) {
        self.method = self.config.method();
        for _ in 0..steps {
            let before = self.method.clone();
            self.method.begin_step();
            // All later steps would change nothing either. So a huge number from a file ends too:
            // the powers of Adam's β stop changing after less than a million steps.
            if self.method == before {
                break;
            }
        }
        self.steps = steps;
    }

    /// Memory for the gradients that [`Self::step`] reads: those of the trained parameters.
    pub fn memory_for_gradients(&self, network: &Network<F>) -> Gradients<F> {
        Gradients::new(network, |name| {
            self.trained.iter().flatten().any(|trained| trained.parameter == name)
        })
    }

    /// Sets the gradients of values that are not trained to 0, in parameters of which others are.
    pub(crate) fn clear_untrained(&self, gradients: &mut Gradients<F>) {
        for (gradient, trained) in gradients.parameters_mut().zip(&self.trained) {
            let Some(Trained { places: Some(places), .. }) = trained else { continue };
            let mut kept = ArrayD::zeros(gradient.raw_dim());
            places.iter().for_each(|place| kept[place] = gradient[place]);
            *gradient = kept;
        }
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
        self.steps += 1;
        self.method.begin_step();
        for ((parameter, gradient), trained) in
            network.parameter_arrays_mut().zip(gradients.parameters()).zip(&mut self.trained)
        {
            match trained {
                Some(Trained { places: None, arrays, .. }) => {
                    self.method.update(parameter, gradient.view(), arrays)?;
                }
                Some(Trained { places: Some(places), arrays, .. }) => {
                    self.method.update_at(places, parameter, gradient.view(), arrays)?;
                }
                None => {}
            }
        }
        Ok(())
    }

    fn expect_same_network(
        &self,
        network: &Network<F>,
        gradients: &[ArrayD<F>],
    ) -> Result<(), TrainError> {
        let operation = self.config.name();
        let refuse = |expected, got| Err(TrainError::OtherNetwork { operation, expected, got });
        let expected = self.trained.len();
        for got in [network.parameter_arrays().count(), gradients.len()] {
            if got != expected {
                return refuse(format!("{expected} parameters"), got.to_string());
            }
        }
        for ((parameter, gradient), trained) in
            network.parameter_arrays().zip(gradients).zip(&self.trained)
        {
            let expected = trained.as_ref().map_or(parameter.shape(), |trained| &trained.shape);
            for got in [parameter.shape(), gradient.shape()] {
                if got != expected {
                    return refuse(
                        format!("a parameter of shape {expected:?}"),
                        format!("{got:?}"),
                    );
                }
            }
        }
        Ok(())
    }
}

impl AnyMethod {
    /// Moves the values of a parameter at these places against their gradients, and no other value.
    fn update_at<F: Real>(
        &self,
        places: &[IxDyn],
        mut parameter: ArrayViewMutD<'_, F>,
        gradient: ArrayViewD<'_, F>,
        arrays: &mut [ArrayD<F>],
    ) -> Result<(), TrainError> {
        let chosen = |array: ArrayViewD<'_, F>| -> Array1<F> {
            places.iter().map(|place| array[place]).collect()
        };
        let mut values = chosen(parameter.view());
        let gradient = chosen(gradient);
        self.update(values.view_mut().into_dyn(), gradient.view().into_dyn(), arrays)?;
        places.iter().zip(values).for_each(|(place, value)| parameter[place] = value);
        Ok(())
    }
}

/// The index of a place in row-major order.
fn index(mut place: usize, shape: &[usize]) -> IxDyn {
    let mut index = vec![0; shape.len()];
    for (index, &length) in index.iter_mut().zip(shape).rev() {
        *index = place % length;
        place /= length;
    }
    IxDyn(&index)
}

#[cfg(test)]
mod tests {
    use ndarray::arr1;

    use super::*;

    /// The values after each of three steps of this method, with the gradients of the test below.
    fn steps(config: OptimizerConfig) -> Vec<Vec<f64>> {
        let mut method = config.method();
        let mut parameter = arr1(&[1.0, -2.0, 0.5]).into_dyn();
        let mut arrays: Vec<_> =
            method.array_names().iter().map(|_| ArrayD::zeros(parameter.raw_dim())).collect();
        let step = |t: usize| {
            let mut gradient = parameter.mapv(|p| 2.0 * p * t as f64);
            if t == 1 {
                gradient[2] = 0.0;
            }
            method.begin_step();
            method.update(parameter.view_mut(), gradient.view(), &mut arrays).unwrap();
            parameter.iter().copied().collect()
        };
        (1..=3).map(step).collect()
    }

    /// Expected values from PyTorch 2.15 in float64, as by this script with each of the optimisers:
    ///
    /// ```text
    /// p = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
    /// optimizer = torch.optim.SGD([p], lr=0.01, momentum=0.9, weight_decay=0.3)
    /// for t in (1, 2, 3):
    ///     p.grad = 2 * p.detach() * t
    ///     if t == 1: p.grad[2] = 0.0
    ///     optimizer.step()
    ///     print(p.detach().tolist())
    /// ```
    #[test]
    fn every_optimizer_steps_as_in_pytorch() {
        let adam = OptimizerConfig::from(AdamConfig::new(0.01).unwrap());
        let sgd = OptimizerConfig::from(SgdConfig::new(0.01).unwrap());
        let momentum = OptimizerConfig::from(MomentumConfig::new(0.01, 0.9).unwrap());
        let decayed = |config: OptimizerConfig| config.with_weight_decay(0.3).unwrap();
        for (config, expected) in [
            (
                decayed(adam),
                [
                    [0.9900000000434782, -1.990000000021739, 0.4900000006666666],
                    [0.9802684955503126, -1.9802734809454658, 0.48210181760566906],
                    [0.9706011440459971, -1.9706144218293138, 0.4733717156716272],
                ],
            ),
            (
                sgd,
                [
                    [0.98, -1.96, 0.5],
                    [0.9408, -1.8816, 0.48],
                    [0.8843519999999999, -1.7687039999999998, 0.4512],
                ],
            ),
            (
                decayed(sgd),
                [
                    [0.977, -1.954, 0.4985],
                    [0.934989, -1.869978, 0.4770645],
                    [0.8760846929999999, -1.7521693859999998, 0.4470094365],
                ],
            ),
            (
                momentum,
                [[0.98, -1.96, 0.5], [0.9228, -1.8456, 0.48], [0.815952, -1.631904, 0.4332]],
            ),
            (
                decayed(momentum),
                [
                    [0.977, -1.954, 0.4985],
                    [0.914289, -1.828578, 0.4757145],
                    [0.800248893, -1.600497786, 0.4252375365],
                ],
            ),
        ] {
            for (got, expected) in steps(config).iter().zip(expected) {
                for (got, expected) in got.iter().zip(expected) {
                    assert!((got - expected).abs() < 1e-14, "{config:?}: {got} {expected}");
                }
            }
        }
    }

    #[test]
    fn hyperparameters_out_of_range_are_refused() {
        for name in OptimizerConfig::NAMES {
            let usual = OptimizerConfig::usual(name, 0.1).unwrap();
            assert_eq!(usual.name(), *name);
            for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
                let message = OptimizerConfig::usual(name, rate).unwrap_err().to_string();
                assert!(message.starts_with("the learning rate must be finite"), "{message}");
            }
            for decay in [-1e-9, f64::NAN, f64::INFINITY] {
                let message = usual.with_weight_decay(decay).unwrap_err().to_string();
                assert!(message.starts_with("the weight decay must be finite"), "{message}");
            }
        }
        for momentum in [-0.1, 1.0, f64::NAN] {
            let message = MomentumConfig::new(0.1, momentum).unwrap_err().to_string();
            assert!(message.starts_with("the momentum must be at least 0"), "{message}");
        }
    }
}
