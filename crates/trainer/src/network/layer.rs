use kernels::batch_norm::BatchStatistics;
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    KernelError, Real, batch_norm, conv2d, dropout, flatten, linear, relu, spatial_batch_norm,
    with_rank,
};
use ndarray::{Array1, Array2, Array4, ArrayD, ArrayView2, ArrayView4, ArrayViewD, Ix2, Ix4};

use super::memory::{copy, lend, reshape};
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

/// What a layer's backward pass needs from its forward pass besides the input, in memory that the
/// next forward pass uses again. Each kind of layer has its own part of it.
#[derive(Debug, Clone, Default)]
pub struct Saved {
    /// A batch norm's statistics of the batch.
    statistics: Option<BatchStatistics>,
    /// Where the maximum of each window of a pooling was.
    argmax: Array4<u32>,
    /// Which values a dropout kept.
    mask: ArrayD<bool>,
}

impl<F: Real> Layer<F> {
    /// Writes the layer's output in training to `out`, whose memory is used again where it has room,
    /// as that of `saved` is; batch norm moves its running statistics.
    ///
    /// Dropout draws one number of `random` a value, in logical order, and keeps the value where
    /// the number is at least p. No other layer draws.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `x` does not fit the layer, or for a `p` out of range.
    pub fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        random: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut Saved,
    ) -> Result<(), KernelError> {
        match self {
            Self::BatchNorm(BatchNorm { gamma, beta, running, config }) => {
                let x = rows("batch_norm", "x", x)?;
                let (gamma, beta) = (gamma.view(), beta.view());
                let statistics = lend(out, |out| {
                    batch_norm::forward_train_into(x, gamma, beta, running, config, out)
                })?;
                saved.statistics = Some(statistics);
            }
            Self::SpatialBatchNorm(BatchNorm { gamma, beta, running, config }) => {
                let x = images("spatial_batch_norm", "x", x)?;
                let (gamma, beta) = (gamma.view(), beta.view());
                let statistics = lend(out, |out| {
                    spatial_batch_norm::forward_train_into(x, gamma, beta, running, config, out)
                })?;
                saved.statistics = Some(statistics);
            }
            Self::Dropout { p } => {
                reshape(&mut saved.mask, x.shape());
                saved.mask.iter_mut().for_each(|keep| *keep = random.uniform() >= *p);
                dropout::forward_into(x, saved.mask.view(), *p, out)?;
            }
            Self::Conv2d(_) | Self::Relu | Self::MaxPool2d(_) | Self::Flatten | Self::Linear(_) => {
                self.forward_eval(x, out, saved)?
            }
        }
        Ok(())
    }

    /// Writes the layer's output in evaluation, for which batch norm uses its running statistics, to
    /// `out`, whose memory is used again where it has room, as that of `saved` is.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `x` does not fit the layer.
    pub fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        saved: &mut Saved,
    ) -> Result<(), KernelError> {
        match self {
            Self::Conv2d(Conv2d { weight, bias, config }) => {
                let x = images("conv2d", "x", x)?;
                let (weight, bias) = (weight.view(), bias.view());
                lend(out, |out| conv2d::forward_into(x, weight, bias, config, out))
            }
            Self::BatchNorm(BatchNorm { gamma, beta, running, config }) => {
                let x = rows("batch_norm", "x", x)?;
                let (gamma, beta) = (gamma.view(), beta.view());
                lend(out, |out| batch_norm::forward_eval_into(x, gamma, beta, running, config, out))
            }
            Self::SpatialBatchNorm(BatchNorm { gamma, beta, running, config }) => {
                let x = images("spatial_batch_norm", "x", x)?;
                let (gamma, beta) = (gamma.view(), beta.view());
                lend(out, |out| {
                    spatial_batch_norm::forward_eval_into(x, gamma, beta, running, config, out)
                })
            }
            Self::Relu => relu::forward_into(x, out),
            Self::Dropout { .. } => {
                copy(x, out);
                Ok(())
            }
            Self::MaxPool2d(config) => {
                let x = images("max_pool2d", "x", x)?;
                lend(out, |out| max_pool2d::forward_into(x, config, out, &mut saved.argmax))
            }
            Self::Flatten => {
                let x = images("flatten", "x", x)?;
                lend(out, |out| flatten::forward_into(x, out))
            }
            Self::Linear(Linear { weight, bias }) => {
                let x = rows("linear", "x", x)?;
                lend(out, |out| linear::forward_into(x, weight.view(), bias.view(), out))
            }
        }
    }

    /// Whether [`Self::backward`] leaves dx where `dout` was.
    pub fn is_backward_in_place(&self) -> bool {
        match self {
            Self::BatchNorm(_) | Self::SpatialBatchNorm(_) | Self::Relu | Self::Dropout { .. } => {
                true
            }
            Self::Conv2d(_) | Self::MaxPool2d(_) | Self::Flatten | Self::Linear(_) => false,
        }
    }

    /// The gradients of [`Self::forward_train`] on `x`: with respect to its input in the place of
    /// `dout` or in `dx`, as [`Self::is_backward_in_place`] says, and with respect to each of
    /// [`Layer::parameters`] in `parameters`, whose arrays have their shapes. What is none is left
    /// out where that saves work: nobody needs the dx of a network's first layer.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `saved` is not from this layer or `dout` not of its output's shape.
    pub fn backward(
        &self,
        x: ArrayViewD<'_, F>,
        saved: &Saved,
        dout: &mut ArrayD<F>,
        dx: Option<&mut ArrayD<F>>,
        parameters: Option<[&mut ArrayD<F>; 2]>,
    ) -> Result<(), KernelError> {
        match self {
            Self::Conv2d(Conv2d { weight, config, .. }) => {
                let (x, dout) = (images("conv2d", "x", x)?, images("conv2d", "dout", dout.view())?);
                let (_, _, h, w) = x.dim();
                if let Some([dweight, dbias]) = parameters {
                    lend(dweight, |dweight: &mut Array4<F>| {
                        lend(dbias, |dbias: &mut Array1<F>| {
                            let (dweight, dbias) = (dweight.view_mut(), dbias.view_mut());
                            conv2d::backward_parameters_into(dout, x, config, dweight, dbias)
                        })
                    })?;
                }
                match dx {
                    Some(dx) => lend(dx, |dx| {
                        conv2d::backward_input_into(dout, [h, w], weight.view(), config, dx)
                    }),
                    None => Ok(()),
                }
            }
            Self::BatchNorm(BatchNorm { gamma, .. }) => {
                let statistics = saved.statistics("batch_norm")?;
                let x = rows("batch_norm", "x", x)?;
                rows("batch_norm", "dout", dout.view())?;
                let gradients = lend(dout, |dout| {
                    batch_norm::backward_train_in_place(dout, x, gamma.view(), statistics)
                })?;
                assign(parameters, gradients);
                Ok(())
            }
            Self::SpatialBatchNorm(BatchNorm { gamma, .. }) => {
                let statistics = saved.statistics("spatial_batch_norm")?;
                let x = images("spatial_batch_norm", "x", x)?;
                images("spatial_batch_norm", "dout", dout.view())?;
                let gradients = lend(dout, |dout| {
                    spatial_batch_norm::backward_train_in_place(dout, x, gamma.view(), statistics)
                })?;
                assign(parameters, gradients);
                Ok(())
            }
            Self::Relu => relu::backward_in_place(dout, x),
            Self::Dropout { p } => dropout::backward_in_place(dout, saved.mask.view(), *p),
            Self::MaxPool2d(config) => {
                let (_, _, h, w) = images("max_pool2d", "x", x)?.dim();
                let dout = images("max_pool2d", "dout", dout.view())?;
                match dx {
                    Some(dx) => lend(dx, |dx| {
                        max_pool2d::backward_into(dout, saved.argmax.view(), [h, w], config, dx)
                    }),
                    None => Ok(()),
                }
            }
            Self::Flatten => {
                let (_, c, h, w) = images("flatten", "x", x)?.dim();
                let dout = rows("flatten", "dout", dout.view())?;
                match dx {
                    Some(dx) => lend(dx, |dx| flatten::backward_into(dout, [c, h, w], dx)),
                    None => Ok(()),
                }
            }
            Self::Linear(Linear { weight, .. }) => {
                let (x, dout) = (rows("linear", "x", x)?, rows("linear", "dout", dout.view())?);
                if let Some([dweight, dbias]) = parameters {
                    lend(dweight, |dweight: &mut Array2<F>| {
                        lend(dbias, |dbias: &mut Array1<F>| {
                            linear::backward_parameters_into(dout, x, dweight, dbias)
                        })
                    })?;
                }
                match dx {
                    Some(dx) => lend(dx, |dx| linear::backward_input_into(dout, weight.view(), dx)),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Saved {
    fn statistics(&self, operation: &'static str) -> Result<&BatchStatistics, KernelError> {
        self.statistics.as_ref().ok_or_else(|| KernelError::Config {
            operation,
            parameter: "saved",
            expected: "from the forward pass of this layer in training",
            got: "no statistics".to_owned(),
        })
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

fn assign<F: Real>(parameters: Option<[&mut ArrayD<F>; 2]>, (a, b): (Array1<F>, Array1<F>)) {
    if let Some([to_a, to_b]) = parameters {
        to_a.assign(&a);
        to_b.assign(&b);
    }
}

/// What normalises the activations of a network's blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Norm {
    /// Nothing does.
    None,
    /// Batch norm, of rows or of images.
    BatchNorm,
}

impl Norm {
    /// Every norm.
    pub const ALL: [Self; 2] = [Self::None, Self::BatchNorm];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::BatchNorm => "batch-norm",
        }
    }

    /// The layer for rows of so many features.
    pub(super) fn of_rows<F: Real>(self, features: usize) -> Option<Layer<F>> {
        match self {
            Self::None => None,
            Self::BatchNorm => Some(Layer::BatchNorm(BatchNorm::new(features))),
        }
    }

    /// The layer for images of so many channels.
    pub(super) fn of_images<F: Real>(self, channels: usize) -> Option<Layer<F>> {
        match self {
            Self::None => None,
            Self::BatchNorm => Some(Layer::SpatialBatchNorm(BatchNorm::new(channels))),
        }
    }
}

/// What makes a network's blocks more than linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activation {
    /// max(x, 0).
    Relu,
}

impl Activation {
    /// Every activation.
    pub const ALL: [Self; 1] = [Self::Relu];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
        }
    }

    pub(super) fn layer<F>(self) -> Layer<F> {
        match self {
            Self::Relu => Layer::Relu,
        }
    }
}
