//! The logistic function 1/(1 + e⁻ˣ) of anything; PyTorch's `Sigmoid`.

use kernels::{Real, copy_into, sigmoid};
use ndarray::{ArrayD, ArrayViewD};

use super::kind::{Backward, LayerKind, Result, has_no_arrays};
use crate::numerics::Numerics;
use crate::random_stream::Stream;

/// The activation 1/(1 + e⁻ˣ).
#[derive(Debug, Clone, PartialEq)]
pub struct Sigmoid;

impl<F: Real> LayerKind<F> for Sigmoid {
    const NUMERICS: Numerics = Numerics::unseen("sigmoid-1");
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
        sigmoid::forward_into(x, out)?;
        copy_into(out.view(), saved)
    }

    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        _: &mut ArrayD<F>,
    ) -> Result<()> {
        sigmoid::forward_into(x, out)
    }

    fn backward(&self, saved: &ArrayD<F>, pass: Backward<'_, F>) -> Result<()> {
        sigmoid::backward_in_place(pass.dout, saved.view())
    }

    has_no_arrays!();

    fn pytorch(&self) -> String {
        "nn.Sigmoid()".to_owned()
    }
}
