use kernels::batch_norm::BatchStatistics;
use kernels::conv2d::{self, Conv2dConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, KernelError, Real, RunningStatistics, linear, relu, spatial_batch_norm,
    with_rank,
};
use ndarray::{
    Array1, Array2, Array4, ArrayD, ArrayView4, ArrayViewD, ArrayViewMutD, Ix2, Ix4, IxDyn,
};

/// A kernel with its parameters. All layers take and return arrays of run-time rank: images
/// `(N, C, H, W)`, in channels-last memory where a kernel made them, or rows `(N, D)`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Layer<F> {
    /// Convolution of images.
    Conv2d(Conv2d<F>),
    /// Batch norm of images, a channel at a time.
    SpatialBatchNorm(SpatialBatchNorm<F>),
    /// max(x, 0) of anything.
    Relu,
    /// Max pooling of images.
    MaxPool2d(MaxPool2dConfig),
    /// Images to rows, in the logical order (C, H, W) whatever the memory, as PyTorch's `flatten`.
    Flatten,
    /// The fully connected layer of rows.
    Linear(Linear<F>),
}

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

/// The parameters and running statistics of a spatial batch norm, each of shape `(C,)`.
#[derive(Debug, Clone, PartialEq)]
pub struct SpatialBatchNorm<F> {
    /// The scale; PyTorch calls it `weight`.
    pub gamma: Array1<F>,
    /// The shift; PyTorch calls it `bias`.
    pub beta: Array1<F>,
    /// What evaluation normalises with.
    pub running: RunningStatistics<F>,
    /// ε, momentum and convention.
    pub config: BatchNormConfig,
}

impl<F: Real> SpatialBatchNorm<F> {
    /// PyTorch's `BatchNorm2d(channels)`: γ = 1, β = 0, running mean 0 and variance 1.
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

/// The parameters of a fully connected layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear<F> {
    /// Shape `(M, D)`.
    pub weight: Array2<F>,
    /// Shape `(M,)`.
    pub bias: Array1<F>,
}

/// What a layer's backward pass needs from its forward pass.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Saved<F> {
    /// The layer's input.
    Input(ArrayD<F>),
    /// The input of a batch norm, and the batch's statistics.
    BatchNorm(ArrayD<F>, BatchStatistics),
    /// The size `[H, W]` of a pooling's input, and where each window's maximum was.
    MaxPool([usize; 2], Array4<usize>),
    /// The shape of the input.
    Shape(Vec<usize>),
}

/// What a layer's backward pass returns.
#[derive(Debug, Clone)]
pub struct LayerGradients<F> {
    /// With respect to the input, in its shape; none where it was not asked for.
    pub dx: Option<ArrayD<F>>,
    /// With respect to each of [`Layer::parameters`], in their order and shapes.
    pub parameters: Vec<ArrayD<F>>,
}

impl<F: Real> Layer<F> {
    /// The layer's output in training; batch norm moves its running statistics.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `x` does not fit the layer.
    pub fn forward_train(&mut self, x: ArrayD<F>) -> Result<(ArrayD<F>, Saved<F>), KernelError> {
        Ok(match self {
            Self::SpatialBatchNorm(SpatialBatchNorm { gamma, beta, running, config }) => {
                let images = images("spatial_batch_norm", "x", x.view())?;
                let (out, statistics) = spatial_batch_norm::forward_train(
                    images,
                    gamma.view(),
                    beta.view(),
                    running,
                    config,
                )?;
                (out.into_dyn(), Saved::BatchNorm(x, statistics))
            }
            Self::MaxPool2d(config) => {
                let images = images("max_pool2d", "x", x.view())?;
                let (_, _, h, w) = images.dim();
                let (out, argmax) = max_pool2d::forward(images, config)?;
                (out.into_dyn(), Saved::MaxPool([h, w], argmax))
            }
            Self::Flatten => {
                let shape = x.shape().to_vec();
                (flatten(x)?, Saved::Shape(shape))
            }
            Self::Conv2d(_) | Self::Relu | Self::Linear(_) => {
                (self.forward_eval(x.view())?, Saved::Input(x))
            }
        })
    }

    /// The layer's output in evaluation, for which batch norm uses its running statistics.
    ///
    /// # Errors
    ///
    /// As for [`Self::forward_train`].
    pub fn forward_eval(&self, x: ArrayViewD<'_, F>) -> Result<ArrayD<F>, KernelError> {
        Ok(match self {
            Self::Conv2d(Conv2d { weight, bias, config }) => {
                conv2d::forward(images("conv2d", "x", x)?, weight.view(), bias.view(), config)?
                    .into_dyn()
            }
            Self::SpatialBatchNorm(SpatialBatchNorm { gamma, beta, running, config }) => {
                let images = images("spatial_batch_norm", "x", x)?;
                spatial_batch_norm::forward_eval(
                    images,
                    gamma.view(),
                    beta.view(),
                    running,
                    config,
                )?
                .into_dyn()
            }
            Self::Relu => relu::forward(x),
            Self::MaxPool2d(config) => {
                max_pool2d::forward(images("max_pool2d", "x", x)?, config)?.0.into_dyn()
            }
            Self::Flatten => flatten(x.into_owned())?,
            Self::Linear(Linear { weight, bias }) => {
                let rows = with_rank::<_, Ix2>("linear", "x", x)?;
                linear::forward(rows, weight.view(), bias.view())?.into_dyn()
            }
        })
    }

    /// The gradients of [`Self::forward_train`]; the one with respect to its input only if
    /// `wants_dx`, since nobody needs a network's first.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `saved` is not from this layer or `dout` not of its output's shape.
    pub fn backward(
        &self,
        saved: &Saved<F>,
        dout: ArrayViewD<'_, F>,
        wants_dx: bool,
    ) -> Result<LayerGradients<F>, KernelError> {
        match (self, saved) {
            (Self::Conv2d(Conv2d { weight, config, .. }), Saved::Input(x)) => {
                let (x, dout) = (images("conv2d", "x", x.view())?, images("conv2d", "dout", dout)?);
                let (_, _, h, w) = x.dim();
                let (_, _, kh, kw) = weight.dim();
                let parameters = conv2d::backward_parameters(dout, x, [kh, kw], config)?;
                let dx = wants_dx
                    .then(|| conv2d::backward_input(dout, [h, w], weight.view(), config))
                    .transpose()?;
                Ok(LayerGradients {
                    dx: dx.map(Array4::into_dyn),
                    parameters: vec![parameters.dweight.into_dyn(), parameters.dbias.into_dyn()],
                })
            }
            (
                Self::SpatialBatchNorm(SpatialBatchNorm { gamma, .. }),
                Saved::BatchNorm(x, statistics),
            ) => {
                let operation = "spatial_batch_norm";
                let (x, dout) =
                    (images(operation, "x", x.view())?, images(operation, "dout", dout)?);
                let gradients =
                    spatial_batch_norm::backward_train(dout, x, gamma.view(), statistics)?;
                Ok(LayerGradients {
                    dx: Some(gradients.dx.into_dyn()),
                    parameters: vec![gradients.dgamma.into_dyn(), gradients.dbeta.into_dyn()],
                })
            }
            (Self::Relu, Saved::Input(x)) => Ok(only_dx(relu::backward(dout, x.view())?)),
            (Self::MaxPool2d(config), Saved::MaxPool(size, argmax)) => {
                let dout = images("max_pool2d", "dout", dout)?;
                let dx = max_pool2d::backward(dout, argmax.view(), *size, config)?;
                Ok(only_dx(dx.into_dyn()))
            }
            (Self::Flatten, Saved::Shape(shape)) => {
                Ok(only_dx(reshape("dout", dout.into_owned(), shape)?))
            }
            (Self::Linear(Linear { weight, .. }), Saved::Input(x)) => {
                let x = with_rank::<_, Ix2>("linear", "x", x.view())?;
                let dout = with_rank::<_, Ix2>("linear", "dout", dout)?;
                let gradients = linear::backward(dout, x, weight.view())?;
                Ok(LayerGradients {
                    dx: Some(gradients.dx.into_dyn()),
                    parameters: vec![gradients.dweight.into_dyn(), gradients.dbias.into_dyn()],
                })
            }
            _ => Err(KernelError::Config {
                operation: "backward",
                parameter: "saved",
                expected: "from the forward pass of this layer",
                got: "that of another kind of layer".to_owned(),
            }),
        }
    }

    /// The parameters that training may change, by their names in PyTorch.
    pub fn parameters(&self) -> Vec<(&'static str, ArrayViewD<'_, F>)> {
        match self {
            Self::Conv2d(Conv2d { weight, bias, .. }) => {
                vec![("weight", weight.view().into_dyn()), ("bias", bias.view().into_dyn())]
            }
            Self::SpatialBatchNorm(SpatialBatchNorm { gamma, beta, .. }) => {
                vec![("weight", gamma.view().into_dyn()), ("bias", beta.view().into_dyn())]
            }
            Self::Linear(Linear { weight, bias }) => {
                vec![("weight", weight.view().into_dyn()), ("bias", bias.view().into_dyn())]
            }
            Self::Relu | Self::MaxPool2d(_) | Self::Flatten => Vec::new(),
        }
    }

    /// As [`Self::parameters`], to write to.
    pub fn parameters_mut(&mut self) -> Vec<(&'static str, ArrayViewMutD<'_, F>)> {
        match self {
            Self::Conv2d(Conv2d { weight, bias, .. }) => {
                vec![("weight", weight.view_mut().into_dyn()), ("bias", bias.view_mut().into_dyn())]
            }
            Self::SpatialBatchNorm(SpatialBatchNorm { gamma, beta, .. }) => {
                vec![("weight", gamma.view_mut().into_dyn()), ("bias", beta.view_mut().into_dyn())]
            }
            Self::Linear(Linear { weight, bias }) => {
                vec![("weight", weight.view_mut().into_dyn()), ("bias", bias.view_mut().into_dyn())]
            }
            Self::Relu | Self::MaxPool2d(_) | Self::Flatten => Vec::new(),
        }
    }

    /// The state that is not a parameter, by its names in PyTorch: running statistics.
    pub fn buffers(&self) -> Vec<(&'static str, ArrayViewD<'_, F>)> {
        match self {
            Self::SpatialBatchNorm(SpatialBatchNorm { running, .. }) => vec![
                ("running_mean", running.mean.view().into_dyn()),
                ("running_var", running.var.view().into_dyn()),
            ],
            _ => Vec::new(),
        }
    }
}

fn images<'a, F>(
    operation: &'static str,
    argument: &'static str,
    array: ArrayViewD<'a, F>,
) -> Result<ArrayView4<'a, F>, KernelError> {
    with_rank::<_, Ix4>(operation, argument, array)
}

fn only_dx<F>(dx: ArrayD<F>) -> LayerGradients<F> {
    LayerGradients { dx: Some(dx), parameters: Vec::new() }
}

/// `(N, …)` to `(N, the rest)` in logical order.
fn flatten<F: Real>(x: ArrayD<F>) -> Result<ArrayD<F>, KernelError> {
    let rows = x.shape().first().copied().unwrap_or(1);
    let columns = x.shape().iter().skip(1).product();
    reshape("x", x, &[rows, columns])
}

fn reshape<F: Real>(
    argument: &'static str,
    x: ArrayD<F>,
    shape: &[usize],
) -> Result<ArrayD<F>, KernelError> {
    let got = x.shape().to_vec();
    let standard = if x.is_standard_layout() { x } else { x.as_standard_layout().into_owned() };
    standard.into_shape_with_order(IxDyn(shape)).map_err(|_| KernelError::Shape {
        operation: "flatten",
        argument,
        expected: shape.to_vec(),
        got,
        because: "as many values as the input has",
    })
}
