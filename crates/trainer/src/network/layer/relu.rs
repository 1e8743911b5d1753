//! max(x, 0) of anything; PyTorch's `ReLU`.

use kernels::{KernelError, Real, relu};
use ndarray::{ArrayD, ArrayViewD};

use super::kind::{LayerArrays, LayerKind, has_no_arrays, is_no_norm, trains_as_it_evaluates};
use crate::numerics::{self, Numerics};

/// The activation max(x, 0).
#[derive(Debug, Clone, PartialEq)]
pub struct Relu;

impl<F: Real> LayerKind<F> for Relu {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = true;

    type Saved = ();

    trains_as_it_evaluates!();

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

    has_no_arrays!();
    is_no_norm!();
}
