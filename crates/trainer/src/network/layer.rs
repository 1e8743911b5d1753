//! The layers of a network, the norms and the activations.
//!
//! A layer is added by a file with its [`LayerKind`] and a line in the list below; a norm has an entry in
//! [`super::norm`] as well, and an activation in its list.

mod batch_norm;
mod conv2d;
mod dropout;
mod flatten;
mod ghost_batch_norm;
mod group_norm;
mod kind;
mod linear;
mod max_pool2d;
mod noisy_batch_norm;
mod relu;
mod sigmoid;
mod tanh;

use kernels::batch_norm::BatchStatistics;
use kernels::{KernelError, Real};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use self::kind::{LayerKind, Result};
use super::memory::Held;
use crate::numerics::Numerics;
use crate::random_stream::Stream;

pub use self::batch_norm::{BatchNorm, BatchNormInput};
pub use self::conv2d::Conv2d;
pub(super) use self::conv2d::lend_wanted;
pub use self::dropout::Dropout;
pub use self::flatten::Flatten;
pub use self::ghost_batch_norm::GhostBatchNorm;
pub use self::group_norm::GroupNorm;
pub use self::kind::{Backward, LayerArrays, NormFacts};
pub use self::linear::Linear;
pub(super) use self::linear::lend_parameters;
pub use self::max_pool2d::MaxPool2d;
pub use self::noisy_batch_norm::NoisyBatchNorm;
pub use self::relu::Relu;
pub use self::sigmoid::Sigmoid;
pub use self::tanh::Tanh;

/// A pass of a layer with what it saves, in the memory that a layer of the same variant saved in before.
macro_rules! with_memory {
    ($saved:ident, $variant:ident, |$own:ident| $pass:expr) => {{
        let mut own = match $saved.0.take() {
            Some($crate::network::layer::SavedOf::$variant(own)) => own,
            Some(_) | None => Default::default(),
        };
        let $own = &mut own;
        let result = $pass;
        $saved.0 = Some($crate::network::layer::SavedOf::$variant(own));
        result
    }};
}

pub(super) use with_memory;

macro_rules! layers {
    ($($(#[$doc:meta])* $variant:ident($layer:ty),)*) => {
        /// A kernel with its parameters. All layers take and return arrays of run-time rank: images
        /// `(N, C, H, W)`, in channels-last memory where a kernel made them, or rows `(N, D)`.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Layer<F> {
            $($(#[$doc])* $variant($layer),)*
        }

        /// What a layer's backward pass needs from its forward pass besides the input, in memory that
        /// the next forward pass uses again.
        #[derive(Debug, Clone)]
        pub(super) enum SavedOf<F: Real> {
            $($variant(<$layer as LayerKind<F>>::Saved),)*
        }

        impl<F: Real> SavedOf<F> {
            fn bytes(&self) -> usize {
                match self {
                    $(Self::$variant(own) => own.bytes(),)*
                }
            }

            fn bytes_of_backward(&self) -> usize {
                match self {
                    $(Self::$variant(own) => Held::bytes_of_backward(own),)*
                }
            }
        }

        impl<F: Real> Layer<F> {
            /// Writes the layer's output in training to `out`, whose memory is used again where it has
            /// room, as that of `saved` is; batch norm moves its running statistics, and dropout draws
            /// from `random`.
            ///
            /// # Errors
            ///
            /// [`KernelError`] when `x` does not fit the layer, and for a probability of dropout out of
            /// range.
            pub fn forward_train(
                &mut self,
                x: ArrayViewD<'_, F>,
                random: &mut Stream,
                out: &mut ArrayD<F>,
                saved: &mut Saved<F>,
            ) -> Result<()> {
                match self {
                    $(Self::$variant(layer) => {
                        with_memory!(saved, $variant, |own| layer.forward_train(x, random, out, own))
                    })*
                }
            }

            /// Writes the layer's output in evaluation, for which batch norm uses its running
            /// statistics, to `out`, whose memory is used again where it has room, as that of `saved`
            /// is.
            ///
            /// # Errors
            ///
            /// [`KernelError`] when `x` does not fit the layer.
            pub fn forward_eval(
                &self,
                x: ArrayViewD<'_, F>,
                out: &mut ArrayD<F>,
                saved: &mut Saved<F>,
            ) -> Result<()> {
                match self {
                    $(Self::$variant(layer) => {
                        with_memory!(saved, $variant, |own| layer.forward_eval(x, out, own))
                    })*
                }
            }

            /// Whether [`Self::backward`] leaves dx where `dout` was.
            pub fn is_backward_in_place(&self) -> bool {
                match self {
                    $(Self::$variant(_) => <$layer as LayerKind<F>>::IS_BACKWARD_IN_PLACE,)*
                }
            }

            /// The gradients of [`Self::forward_train`], written to where [`Backward`] says; dx in the
            /// place of `dout` if [`Self::is_backward_in_place`].
            ///
            /// # Errors
            ///
            /// [`KernelError`] when `saved` is not from this layer or `dout` not of its output's shape.
            pub fn backward(&self, saved: &Saved<F>, pass: Backward<'_, F>) -> Result<()> {
                match (self, &saved.0) {
                    $((Self::$variant(layer), Some(SavedOf::$variant(own))) => {
                        layer.backward(own, pass)
                    })*
                    (_, Some(_) | None) => Err(KernelError::Config {
                        operation: "backward",
                        parameter: "saved",
                        expected: "from the forward pass of this layer",
                        got: "that of another layer, or of none".to_owned(),
                    }),
                }
            }

            /// Its parameters and buffers.
            pub fn arrays(&self) -> LayerArrays<ArrayViewD<'_, F>> {
                match self {
                    $(Self::$variant(layer) => LayerKind::<F>::arrays(layer),)*
                }
            }

            /// As [`Self::arrays`], to write to.
            pub(crate) fn arrays_mut(&mut self) -> LayerArrays<ArrayViewMutD<'_, F>> {
                match self {
                    $(Self::$variant(layer) => LayerKind::<F>::arrays_mut(layer),)*
                }
            }

            /// What the training loop and logs need to know of a norm; `None` for other layers.
            pub(crate) fn norm(&self) -> Option<NormFacts<'_, F>> {
                match self {
                    $(Self::$variant(layer) => layer.norm(),)*
                }
            }

            /// The Python that makes it, where `nn` is `torch.nn`.
            pub(super) fn pytorch(&self) -> String {
                match self {
                    $(Self::$variant(layer) => LayerKind::<F>::pytorch(layer),)*
                }
            }

            /// The Python that defines the class of [`Self::pytorch`] if `torch.nn` does not have it.
            pub(super) fn pytorch_class(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant(_) => <$layer as LayerKind<F>>::PYTORCH_CLASS,)*
                }
            }

            /// The name of the numbers that it computes.
            pub(crate) fn numerics(&self) -> Numerics {
                match self {
                    $(Self::$variant(_) => <$layer as LayerKind<F>>::NUMERICS,)*
                }
            }
        }
    };
}

layers! {
    /// Convolution of images.
    Conv2d(Conv2d<F>),
    /// Batch norm of rows or of images.
    BatchNorm(BatchNorm<F>),
    /// Batch norm of rows or of images, with the statistics of parts of the batch.
    GhostBatchNorm(GhostBatchNorm<F>),
    /// Batch norm of rows or of images, with noise behind it in training.
    NoisyBatchNorm(NoisyBatchNorm<F>),
    /// Group norm of rows or of images.
    GroupNorm(GroupNorm<F>),
    /// max(x, 0) of anything.
    Relu(Relu),
    /// The logistic function of anything.
    Sigmoid(Sigmoid),
    /// The hyperbolic tangent of anything.
    Tanh(Tanh),
    /// Inverted dropout of anything.
    Dropout(Dropout),
    /// Max pooling of images.
    MaxPool2d(MaxPool2d),
    /// Images to rows.
    Flatten(Flatten),
    /// The fully connected layer of rows.
    Linear(Linear<F>),
}

/// What a layer's backward pass needs from its forward pass besides the input, in memory that the next
/// forward pass uses again.
#[derive(Debug, Clone)]
pub struct Saved<F: Real>(pub(super) Option<SavedOf<F>>);

impl<F: Real> Saved<F> {
    /// The bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, SavedOf::bytes)
    }

    /// The bytes that the layer's backward pass works with.
    pub(super) fn bytes_of_backward(&self) -> usize {
        self.0.as_ref().map_or(0, SavedOf::bytes_of_backward)
    }

    /// The statistics that a norm of batches normalised a batch of so many images with: of each part
    /// that has its own, the number of its images and the statistics. None of other layers.
    pub(super) fn statistics(&self, images: usize) -> Vec<(usize, &BatchStatistics)> {
        match &self.0 {
            Some(SavedOf::BatchNorm(Some(statistics))) => vec![(images, statistics)],
            Some(SavedOf::GhostBatchNorm(Some(ghosts))) => {
                let parts = ghosts.ghost_batches().iter();
                parts.map(|(images, statistics)| (images.len(), statistics)).collect()
            }
            Some(_) | None => Vec::new(),
        }
    }
}

impl<F: Real> Default for Saved<F> {
    fn default() -> Self {
        Self(None)
    }
}

macro_rules! choices {
    ($(#[$doc:meta])* $choice:ident: $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $choice {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $choice {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

choices! {
    /// What makes a network's blocks more than linear.
    Activation:
    /// max(x, 0).
    Relu = "relu",
    /// 1/(1 + e⁻ˣ).
    Sigmoid = "sigmoid",
    /// tanh x.
    Tanh = "tanh",
}

impl<F> Layer<F> {
    /// Whether it is what an [`Activation`] names.
    pub(super) fn is_activation(&self) -> bool {
        match self {
            Self::Relu(_) | Self::Sigmoid(_) | Self::Tanh(_) => true,
            Self::Conv2d(_)
            | Self::BatchNorm(_)
            | Self::GhostBatchNorm(_)
            | Self::NoisyBatchNorm(_)
            | Self::GroupNorm(_)
            | Self::Dropout(_)
            | Self::MaxPool2d(_)
            | Self::Flatten(_)
            | Self::Linear(_) => false,
        }
    }

    /// The batch norm that it is in evaluation; none for other layers.
    pub(super) fn batch_norm(&self) -> Option<&BatchNorm<F>> {
        match self {
            Self::BatchNorm(norm)
            | Self::GhostBatchNorm(GhostBatchNorm { norm, .. })
            | Self::NoisyBatchNorm(NoisyBatchNorm { norm }) => Some(norm),
            Self::Conv2d(_)
            | Self::GroupNorm(_)
            | Self::Relu(_)
            | Self::Sigmoid(_)
            | Self::Tanh(_)
            | Self::Dropout(_)
            | Self::MaxPool2d(_)
            | Self::Flatten(_)
            | Self::Linear(_) => None,
        }
    }
}

impl Activation {
    pub(super) fn layer<F>(self) -> Layer<F> {
        match self {
            Self::Relu => Layer::Relu(Relu),
            Self::Sigmoid => Layer::Sigmoid(Sigmoid),
            Self::Tanh => Layer::Tanh(Tanh),
        }
    }
}
