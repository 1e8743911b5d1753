//! The hyperbolic tangent of anything; PyTorch's `Tanh`.

use kernels::{Real, copy_into, tanh};
use ndarray::{ArrayD, ArrayViewD};

use super::kind::{Backward, LayerKind, Result, has_no_arrays};
use crate::numerics::Numerics;
use crate::random_stream::Stream;

/// The activation tanh x.
#[derive(Debug, Clone, PartialEq)]
pub struct Tanh;

impl<F: Real> LayerKind<F> for Tanh {
    const NUMERICS: Numerics = Numerics::unseen("tanh-1");
    const IS_BACKWARD_IN_PLACE: bool = true;

    /// The output, of which the gradient is taken.
    type Saved = ArrayD<F>;

    fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        _: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut ArrayD<F>,
    ) -> Result<()> {
        tanh::forward_into(x, out)?;
        copy_into(out.view(), saved)
    }

    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        _: &mut ArrayD<F>,
    ) -> Result<()> {
        tanh::forward_into(x, out)
    }

    fn backward(&self, saved: &ArrayD<F>, pass: Backward<'_, F>) -> Result<()> {
        tanh::backward_in_place(pass.dout, saved.view())
    }

    has_no_arrays!();

    fn pytorch(&self) -> String {
        "nn.Tanh()".to_owned()
    }
}
