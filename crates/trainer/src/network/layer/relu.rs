//! max(x, 0) of anything; PyTorch's `ReLU`.

use kernels::{KernelError, Real, relu};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use super::kind::{LayerArrays, LayerKind, NormFacts};
use crate::numerics::{self, Numerics};
use crate::random_stream::Stream;

/// The activation max(x, 0).
#[derive(Debug, Clone, PartialEq)]
pub struct Relu;

impl<F: Real> LayerKind<F> for Relu {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = true;

    type Saved = ();

    fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        _: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut (),
    ) -> Result<(), KernelError> {
        LayerKind::<F>::forward_eval(self, x, out, saved)
    }

    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        (): &mut (),
    ) -> Result<(), KernelError> {
        relu::forward_into(x, out)
    }

    fn backward(
        &self,
        x: ArrayViewD<'_, F>,
        (): &(),
        dout: &mut ArrayD<F>,
        _: Option<&mut ArrayD<F>>,
        _: Option<[&mut ArrayD<F>; 2]>,
    ) -> Result<(), KernelError> {
        relu::backward_in_place(dout, x)
    }

    fn arrays(&self) -> LayerArrays<ArrayViewD<'_, F>> {
        LayerArrays::none()
    }

    fn arrays_mut(&mut self) -> LayerArrays<ArrayViewMutD<'_, F>> {
        LayerArrays::none()
    }

    fn norm(&self) -> Option<NormFacts<'_, F>> {
        None
    }
}
