//! What layers hold: parameters, which training may change, and running statistics.

use kernels::conv2d::Conv2dConfig;
use kernels::{BatchNormConfig, Real, RunningStatistics};
use ndarray::{Array, Array1, Array2, Array4, ArrayViewD, ArrayViewMutD, Dimension};

use super::Layer;

/// The parameters of a convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2d<F> {
    /// Shape `(F, C, KH, KW)`.
    pub weight: Array4<F>,
    /// Shape `(F,)`.
    pub bias: Array1<F>,
    /// Stride and padding.
    pub config: Conv2dConfig,
}

/// The parameters of a fully connected layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear<F> {
    /// Shape `(M, D)`.
    pub weight: Array2<F>,
    /// Shape `(M,)`.
    pub bias: Array1<F>,
}

/// The parameters and running statistics of a batch norm, each of shape `(C,)`: one value a
/// feature of rows, or a channel of images.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNorm<F> {
    /// The scale; PyTorch calls it `weight`.
    pub gamma: Array1<F>,
    /// The shift; PyTorch calls it `bias`.
    pub beta: Array1<F>,
    /// What evaluation normalises with.
    pub running: RunningStatistics<F>,
    /// ε, momentum and convention.
    pub config: BatchNormConfig,
}

impl<F: Real> BatchNorm<F> {
    /// PyTorch's `BatchNorm1d(channels)` and `BatchNorm2d(channels)`: γ = 1, β = 0, running mean 0
    /// and variance 1.
    pub fn new(channels: usize) -> Self {
        let config = BatchNormConfig::pytorch();
        Self {
            gamma: Array1::from_elem(channels, F::one()),
            beta: Array1::from_elem(channels, F::zero()),
            running: RunningStatistics::new(channels, config.convention()),
            config,
        }
    }
}

impl<F: Real> Layer<F> {
    /// The batch norm that this layer is, of either kind.
    pub fn batch_norm(&self) -> Option<&BatchNorm<F>> {
        match self {
            Self::BatchNorm(norm) | Self::SpatialBatchNorm(norm) => Some(norm),
            _ => None,
        }
    }

    /// The parameters that training may change, by their names in PyTorch.
    pub fn parameters(&self) -> Vec<(&'static str, ArrayViewD<'_, F>)> {
        self.weight_and_bias().into_iter().flat_map(name_both).collect()
    }

    /// Whether it has parameters, which are then two.
    pub(super) fn has_parameters(&self) -> bool {
        self.weight_and_bias().is_some()
    }

    /// The two parameters of a layer that has any.
    pub(super) fn weight_and_bias(&self) -> Option<[ArrayViewD<'_, F>; 2]> {
        match self {
            Self::Conv2d(Conv2d { weight, bias, .. }) => {
                Some([weight.view().into_dyn(), bias.view().into_dyn()])
            }
            Self::BatchNorm(norm) | Self::SpatialBatchNorm(norm) => {
                Some([norm.gamma.view().into_dyn(), norm.beta.view().into_dyn()])
            }
            Self::Linear(Linear { weight, bias }) => {
                Some([weight.view().into_dyn(), bias.view().into_dyn()])
            }
            Self::Relu | Self::Dropout { .. } | Self::MaxPool2d(_) | Self::Flatten => None,
        }
    }

    /// As [`Self::weight_and_bias`], to write to.
    pub(super) fn weight_and_bias_mut(&mut self) -> Option<[ArrayViewMutD<'_, F>; 2]> {
        match self {
            Self::Conv2d(Conv2d { weight, bias, .. }) => {
                Some([weight.view_mut().into_dyn(), bias.view_mut().into_dyn()])
            }
            Self::BatchNorm(BatchNorm { gamma, beta, .. })
            | Self::SpatialBatchNorm(BatchNorm { gamma, beta, .. }) => {
                Some([gamma.view_mut().into_dyn(), beta.view_mut().into_dyn()])
            }
            Self::Linear(Linear { weight, bias }) => {
                Some([weight.view_mut().into_dyn(), bias.view_mut().into_dyn()])
            }
            Self::Relu | Self::Dropout { .. } | Self::MaxPool2d(_) | Self::Flatten => None,
        }
    }

    /// The state that is not a parameter, by its names in PyTorch: running statistics.
    pub fn buffers(&self) -> Vec<(&'static str, ArrayViewD<'_, F>)> {
        match self {
            Self::BatchNorm(BatchNorm { running, .. })
            | Self::SpatialBatchNorm(BatchNorm { running, .. }) => vec![
                ("running_mean", running.mean.view().into_dyn()),
                ("running_var", running.var.view().into_dyn()),
            ],
            _ => Vec::new(),
        }
    }

    /// [`Self::parameters`] and [`Self::buffers`], to write to.
    pub fn state_mut(&mut self) -> (NamedMut<'_, F>, NamedMut<'_, F>) {
        match self {
            Self::Conv2d(Conv2d { weight, bias, .. }) => {
                (vec![("weight", writable(weight)), ("bias", writable(bias))], Vec::new())
            }
            Self::BatchNorm(BatchNorm { gamma, beta, running, .. })
            | Self::SpatialBatchNorm(BatchNorm { gamma, beta, running, .. }) => (
                vec![("weight", writable(gamma)), ("bias", writable(beta))],
                vec![
                    ("running_mean", writable(&mut running.mean)),
                    ("running_var", writable(&mut running.var)),
                ],
            ),
            Self::Linear(Linear { weight, bias }) => {
                (vec![("weight", writable(weight)), ("bias", writable(bias))], Vec::new())
            }
            Self::Relu | Self::Dropout { .. } | Self::MaxPool2d(_) | Self::Flatten => {
                (Vec::new(), Vec::new())
            }
        }
    }
}

/// Arrays to write to, by their names in PyTorch.
type NamedMut<'a, F> = Vec<(&'static str, ArrayViewMutD<'a, F>)>;

fn writable<F, D: Dimension>(array: &mut Array<F, D>) -> ArrayViewMutD<'_, F> {
    array.view_mut().into_dyn()
}

fn name_both<A>([weight, bias]: [A; 2]) -> [(&'static str, A); 2] {
    [("weight", weight), ("bias", bias)]
}
