//! The fully connected layer of rows; PyTorch's `Linear`. Formulas: [`kernels::linear`].

use kernels::{Real, linear};
use ndarray::{Array1, Array2, ArrayD, ArrayViewD};

use super::kind::{Backward, LayerKind, Result, has_weight_and_bias, rows, trains_as_it_evaluates};
use crate::network::memory::lend;
use crate::numerics::{self, Numerics};

/// A fully connected layer with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear<F> {
    /// Shape `(M, D)`.
    pub weight: Array2<F>,
    /// Shape `(M,)`.
    pub bias: Array1<F>,
}

/// Lends the memory of dweight and dbias to a kernel, if they are wanted.
pub(in crate::network) fn lend_parameters<F: Real>(
    parameters: Option<[&mut ArrayD<F>; 2]>,
    write: impl FnOnce(&mut Array2<F>, &mut Array1<F>) -> Result<()>,
) -> Result<()> {
    let Some([dweight, dbias]) = parameters else { return Ok(()) };
    lend(dweight, |dweight| lend(dbias, |dbias| write(dweight, dbias)))
}

impl<F: Real> LayerKind<F> for Linear<F> {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = false;

    type Saved = ();

    trains_as_it_evaluates!();

    fn forward_eval(&self, x: ArrayViewD<'_, F>, out: &mut ArrayD<F>, (): &mut ()) -> Result<()> {
        let x = rows("linear", "x", x)?;
        lend(out, |out| linear::forward_into(x, self.weight.view(), self.bias.view(), out))
    }

    fn backward(&self, (): &(), pass: Backward<'_, F>) -> Result<()> {
        let Backward { x, dout, dx, parameters } = pass;
        let (x, dout) = (rows("linear", "x", x)?, rows("linear", "dout", dout.view())?);
        lend_parameters(parameters, |dweight, dbias| {
            linear::backward_parameters_into(dout, x, dweight, dbias)
        })?;
        match dx {
            Some(dx) => lend(dx, |dx| linear::backward_input_into(dout, self.weight.view(), dx)),
            None => Ok(()),
        }
    }

    has_weight_and_bias!();

    fn pytorch(&self) -> String {
        let (outputs, features) = self.weight.dim();
        format!("nn.Linear({features}, {outputs})")
    }
}
