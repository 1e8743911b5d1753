//! Images to rows, in the logical order (C, H, W) whatever the memory; PyTorch's `flatten`.

use kernels::{Real, flatten};
use ndarray::{ArrayD, ArrayViewD};

use super::kind::{
    Backward, LayerKind, Result, has_no_arrays, images, rows, trains_as_it_evaluates,
};
use crate::network::memory::lend;
use crate::numerics::{self, Numerics};

/// Images to rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Flatten;

impl<F: Real> LayerKind<F> for Flatten {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = false;

    type Saved = ();

    trains_as_it_evaluates!();

    fn forward_eval(&self, x: ArrayViewD<'_, F>, out: &mut ArrayD<F>, (): &mut ()) -> Result<()> {
        let x = images("flatten", "x", x)?;
        lend(out, |out| flatten::forward_into(x, out))
    }

    fn backward(&self, (): &(), pass: Backward<'_, F>) -> Result<()> {
        let Backward { x, dout, dx, .. } = pass;
        let (_, c, h, w) = images("flatten", "x", x)?.dim();
        let dout = rows("flatten", "dout", dout.view())?;
        match dx {
            Some(dx) => lend(dx, |dx| flatten::backward_into(dout, [c, h, w], dx)),
            None => Ok(()),
        }
    }

    has_no_arrays!();

    fn pytorch(&self) -> String {
        "nn.Flatten()".to_owned()
    }
}
