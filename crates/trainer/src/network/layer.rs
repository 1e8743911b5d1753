use kernels::batch_norm::BatchStatistics;
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    KernelError, Real, batch_norm, conv2d, dropout, linear, relu, spatial_batch_norm, with_rank,
};
use ndarray::{Array4, ArrayD, ArrayView2, ArrayView4, ArrayViewD, Ix2, Ix4, IxDyn};

use super::{BatchNorm, Conv2d, Linear};
use crate::random::Stream;

/// A kernel with its parameters. All layers take and return arrays of run-time rank: images
/// `(N, C, H, W)`, in channels-last memory where a kernel made them, or rows `(N, D)`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Layer<F> {
    /// Convolution of images.
    Conv2d(Conv2d<F>),
    /// Batch norm of rows, a feature at a time; PyTorch's `BatchNorm1d`.
    BatchNorm(BatchNorm<F>),
    /// Batch norm of images, a channel at a time; PyTorch's `BatchNorm2d`.
    SpatialBatchNorm(BatchNorm<F>),
    /// max(x, 0) of anything.
    Relu,
    /// Inverted dropout of anything: in training each value is dropped with probability `p` and
    /// the kept ones are multiplied by 1/(1 − p); in evaluation nothing happens.
    Dropout {
        /// The probability to drop, at least 0 and below 1.
        p: f64,
    },
    /// Max pooling of images.
    MaxPool2d(MaxPool2dConfig),
    /// Images to rows, in the logical order (C, H, W) whatever the memory, as PyTorch's `flatten`.
    Flatten,
    /// The fully connected layer of rows.
    Linear(Linear<F>),
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
    /// Which values a dropout kept.
    Mask(ArrayD<bool>),
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
    /// Dropout draws one number of `random` a value, in logical order, and keeps the value where
    /// the number is at least p. No other layer draws.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `x` does not fit the layer, or for a `p` out of range.
    pub fn forward_train(
        &mut self,
        x: ArrayD<F>,
        random: &mut Stream,
    ) -> Result<(ArrayD<F>, Saved<F>), KernelError> {
        Ok(match self {
            Self::BatchNorm(BatchNorm { gamma, beta, running, config }) => {
                let rows = rows("batch_norm", "x", x.view())?;
                let (out, statistics) =
                    batch_norm::forward_train(rows, gamma.view(), beta.view(), running, config)?;
                (out.into_dyn(), Saved::BatchNorm(x, statistics))
            }
            Self::SpatialBatchNorm(BatchNorm { gamma, beta, running, config }) => {
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
            Self::Dropout { p } => {
                let mask = ArrayD::from_shape_simple_fn(x.shape(), || random.uniform() >= *p);
                (dropout::forward(x.view(), mask.view(), *p)?, Saved::Mask(mask))
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
    /// [`KernelError`] when `x` does not fit the layer.
    pub fn forward_eval(&self, x: ArrayViewD<'_, F>) -> Result<ArrayD<F>, KernelError> {
        Ok(match self {
            Self::Conv2d(Conv2d { weight, bias, config }) => {
                conv2d::forward(images("conv2d", "x", x)?, weight.view(), bias.view(), config)?
                    .into_dyn()
            }
            Self::BatchNorm(BatchNorm { gamma, beta, running, config }) => {
                let rows = rows("batch_norm", "x", x)?;
                batch_norm::forward_eval(rows, gamma.view(), beta.view(), running, config)?
                    .into_dyn()
            }
            Self::SpatialBatchNorm(BatchNorm { gamma, beta, running, config }) => {
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
            Self::Dropout { .. } => x.into_owned(),
            Self::MaxPool2d(config) => {
                max_pool2d::forward(images("max_pool2d", "x", x)?, config)?.0.into_dyn()
            }
            Self::Flatten => flatten(x.into_owned())?,
            Self::Linear(Linear { weight, bias }) => {
                let rows = rows("linear", "x", x)?;
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
            (Self::BatchNorm(BatchNorm { gamma, .. }), Saved::BatchNorm(x, statistics)) => {
                let operation = "batch_norm";
                let (x, dout) = (rows(operation, "x", x.view())?, rows(operation, "dout", dout)?);
                let gradients = batch_norm::backward_train(dout, x, gamma.view(), statistics)?;
                Ok(LayerGradients {
                    dx: Some(gradients.dx.into_dyn()),
                    parameters: vec![gradients.dgamma.into_dyn(), gradients.dbeta.into_dyn()],
                })
            }
            (Self::SpatialBatchNorm(BatchNorm { gamma, .. }), Saved::BatchNorm(x, statistics)) => {
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
            (Self::Dropout { p }, Saved::Mask(mask)) => {
                Ok(only_dx(dropout::backward(dout, mask.view(), *p)?))
            }
            (Self::MaxPool2d(config), Saved::MaxPool(size, argmax)) => {
                let dout = images("max_pool2d", "dout", dout)?;
                let dx = max_pool2d::backward(dout, argmax.view(), *size, config)?;
                Ok(only_dx(dx.into_dyn()))
            }
            (Self::Flatten, Saved::Shape(shape)) => {
                Ok(only_dx(reshape("dout", dout.into_owned(), shape)?))
            }
            (Self::Linear(Linear { weight, .. }), Saved::Input(x)) => {
                let (x, dout) = (rows("linear", "x", x.view())?, rows("linear", "dout", dout)?);
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
}

fn images<'a, F>(
    operation: &'static str,
    argument: &'static str,
    array: ArrayViewD<'a, F>,
) -> Result<ArrayView4<'a, F>, KernelError> {
    with_rank::<_, Ix4>(operation, argument, array)
}

fn rows<'a, F>(
    operation: &'static str,
    argument: &'static str,
    array: ArrayViewD<'a, F>,
) -> Result<ArrayView2<'a, F>, KernelError> {
    with_rank::<_, Ix2>(operation, argument, array)
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
