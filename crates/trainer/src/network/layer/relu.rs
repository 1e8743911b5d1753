//! max(x, 0) of anything; PyTorch's `ReLU`.

use kernels::{Real, relu};
use ndarray::{ArrayD, ArrayViewD};

use super::kind::{Backward, LayerKind, Result, has_no_arrays, trains_as_it_evaluates};
use crate::numerics::{self, Numerics};

/// The activation max(x, 0).
#[derive(Debug, Clone, PartialEq)]
pub struct Relu;

impl<F: Real> LayerKind<F> for Relu {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = true;

    type Saved = ();

    trains_as_it_evaluates!();

    fn forward_eval(&self, x: ArrayViewD<'_, F>, out: &mut ArrayD<F>, (): &mut ()) -> Result<()> {
        relu::forward_into(x, out)
    }

    fn backward(&self, (): &(), pass: Backward<'_, F>) -> Result<()> {
        let Backward { x, dout, .. } = pass;
        relu::backward_in_place(dout, x)
    }

    has_no_arrays!();

    fn pytorch(&self) -> String {
        "nn.ReLU()".to_owned()
    }
}
