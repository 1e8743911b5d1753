//! The trait that every layer implements.

use std::fmt::Debug;

use kernels::{KernelError, Real, with_rank};
use ndarray::{
    Array, ArrayD, ArrayView1, ArrayView2, ArrayView4, ArrayViewD, ArrayViewMutD, Dimension, Ix2,
    Ix4,
};

use crate::network::memory::Held;
use crate::network::quantity::ObservedQuantity;
use crate::numerics::Numerics;
use crate::random_stream::Stream;

/// What a pass of a layer gives.
pub(crate) type Result<T> = std::result::Result<T, KernelError>;

/// A layer: its forward pass in training and in evaluation, its backward pass, and its arrays.
///
/// All layers take and return arrays of run-time rank: images `(N, C, H, W)`, in channels-last memory
/// where a kernel made them, or rows `(N, D)`.
pub(crate) trait LayerKind<F: Real> {
    /// The name of the numbers that it computes.
    const NUMERICS: Numerics;

    /// Whether [`Self::backward`] leaves dx where `dout` was.
    const IS_BACKWARD_IN_PLACE: bool;

    /// What the backward pass needs from the forward pass besides the input, in memory that the next
    /// forward pass uses again.
    type Saved: Debug + Clone + Default + Held;

    /// Writes the output in training to `out`, whose memory is used again where it has room, as that
    /// of `saved` is. Running statistics move. Only dropout draws from `random`.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `x` does not fit the layer.
    fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        random: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut Self::Saved,
    ) -> Result<()>;

    /// Writes the output in evaluation to `out`, as [`Self::forward_train`] does in training. The
    /// layer stays as it is.
    ///
    /// # Errors
    ///
    /// As for [`Self::forward_train`].
    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        saved: &mut Self::Saved,
    ) -> Result<()>;

    /// The gradients of [`Self::forward_train`], written to where [`Backward`] says; dx in the place
    /// of `dout` if [`Self::IS_BACKWARD_IN_PLACE`].
    ///
    /// # Errors
    ///
    /// [`KernelError`] when `saved` is not from this layer or `dout` not of its output's shape.
    fn backward(&self, saved: &Self::Saved, pass: Backward<'_, F>) -> Result<()>;

    /// Its parameters and buffers.
    fn arrays(&self) -> LayerArrays<ArrayViewD<'_, F>>;

    /// As [`Self::arrays`], to write to.
    fn arrays_mut(&mut self) -> LayerArrays<ArrayViewMutD<'_, F>>;

    /// What the training loop and logs need to know of a norm; `None` for other layers.
    fn norm(&self) -> Option<NormFacts<'_, F>>;

    /// The Python that makes this layer where `nn` is `torch.nn`, such as `nn.ReLU()`. Its state dict has
    /// the names of [`Self::arrays`].
    fn pytorch(&self) -> String;

    /// The Python that defines the class of [`Self::pytorch`], for a layer that `torch.nn` does not have.
    const PYTORCH_CLASS: Option<&'static str> = None;
}

/// Two numbers `[height, width]` as PyTorch takes them: one if they are equal.
pub(super) fn pytorch_pair([height, width]: [usize; 2]) -> String {
    if height == width { height.to_string() } else { format!("({height}, {width})") }
}

/// What the backward pass of a layer reads and writes. Where `dx` or `parameters` is `None`, that
/// gradient is not computed if this saves work: nobody needs the dx of a network's first layer.
#[derive(Debug)]
pub struct Backward<'a, F> {
    /// The input of the forward pass in training.
    pub x: ArrayViewD<'a, F>,
    /// The gradient with respect to the output, or, after a pass in place, to the input.
    pub dout: &'a mut ArrayD<F>,
    /// For the gradient with respect to the input, unless the pass is in place.
    pub dx: Option<&'a mut ArrayD<F>>,
    /// For the gradients with respect to weight and bias, in their shapes.
    pub parameters: Option<[&'a mut ArrayD<F>; 2]>,
}

/// The arrays of a layer, with the names that PyTorch's state dict gives them.
#[derive(Debug)]
pub struct LayerArrays<A> {
    /// The parameters, which training changes: `weight` and `bias`.
    pub weight_and_bias: Option<[A; 2]>,
    /// The state that is not a parameter, by its names: running statistics.
    pub buffers: Vec<(&'static str, A)>,
}

/// What logs, files of weights and the training loop need to know of a norm.
#[derive(Debug, Clone, PartialEq)]
pub struct NormFacts<'a, F> {
    /// What is observed of it during training.
    pub observed: Vec<(ObservedQuantity, ArrayView1<'a, F>)>,
    /// Whether PyTorch's layer counts its training batches, as `num_batches_tracked`.
    pub counts_batches: bool,
    /// Whether a training batch of a single row leaves it one value per feature, which it refuses.
    pub needs_two_rows: bool,
}

pub(crate) fn images<'a, F>(
    operation: &'static str,
    argument: &'static str,
    array: ArrayViewD<'a, F>,
) -> Result<ArrayView4<'a, F>> {
    with_rank::<_, Ix4>(operation, argument, array)
}

pub(crate) fn rows<'a, F>(
    operation: &'static str,
    argument: &'static str,
    array: ArrayViewD<'a, F>,
) -> Result<ArrayView2<'a, F>> {
    with_rank::<_, Ix2>(operation, argument, array)
}

pub(crate) fn view<F, D: Dimension>(array: &Array<F, D>) -> ArrayViewD<'_, F> {
    array.view().into_dyn()
}

pub(crate) fn view_mut<F, D: Dimension>(array: &mut Array<F, D>) -> ArrayViewMutD<'_, F> {
    array.view_mut().into_dyn()
}

/// The training pass of a layer that computes the same in training and in evaluation.
macro_rules! trains_as_it_evaluates {
    () => {
        fn forward_train(
            &mut self,
            x: ndarray::ArrayViewD<'_, F>,
            _: &mut $crate::random_stream::Stream,
            out: &mut ndarray::ArrayD<F>,
            saved: &mut Self::Saved,
        ) -> Result<()> {
            LayerKind::<F>::forward_eval(self, x, out, saved)
        }
    };
}

/// The arrays of a layer that is no norm and has a weight and a bias, and no buffers.
macro_rules! has_weight_and_bias {
    () => {
        fn arrays(&self) -> $crate::network::LayerArrays<ndarray::ArrayViewD<'_, F>> {
            let weight_and_bias =
                Some([super::kind::view(&self.weight), super::kind::view(&self.bias)]);
            $crate::network::LayerArrays { weight_and_bias, buffers: Vec::new() }
        }

        fn arrays_mut(&mut self) -> $crate::network::LayerArrays<ndarray::ArrayViewMutD<'_, F>> {
            let weight_and_bias = Some([
                super::kind::view_mut(&mut self.weight),
                super::kind::view_mut(&mut self.bias),
            ]);
            $crate::network::LayerArrays { weight_and_bias, buffers: Vec::new() }
        }

        fn norm(&self) -> Option<$crate::network::NormFacts<'_, F>> {
            None
        }
    };
}

/// The arrays of a layer that is no norm and has none.
macro_rules! has_no_arrays {
    () => {
        fn arrays(&self) -> $crate::network::LayerArrays<ndarray::ArrayViewD<'_, F>> {
            $crate::network::LayerArrays { weight_and_bias: None, buffers: Vec::new() }
        }

        fn arrays_mut(&mut self) -> $crate::network::LayerArrays<ndarray::ArrayViewMutD<'_, F>> {
            $crate::network::LayerArrays { weight_and_bias: None, buffers: Vec::new() }
        }

        fn norm(&self) -> Option<$crate::network::NormFacts<'_, F>> {
            None
        }
    };
}

pub(super) use {has_no_arrays, has_weight_and_bias, trains_as_it_evaluates};
