//! Images to rows, in the logical order (C, H, W) whatever the memory; PyTorch's `flatten`.

use kernels::{KernelError, Real, flatten};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use super::kind::{LayerArrays, LayerKind, NormFacts, images, rows};
use crate::network::memory::lend;
use crate::numerics::{self, Numerics};
use crate::random_stream::Stream;

/// Images to rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Flatten;

impl<F: Real> LayerKind<F> for Flatten {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = false;

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
        let x = images("flatten", "x", x)?;
        lend(out, |out| flatten::forward_into(x, out))
    }

    fn backward(
        &self,
        x: ArrayViewD<'_, F>,
        (): &(),
        dout: &mut ArrayD<F>,
        dx: Option<&mut ArrayD<F>>,
        _: Option<[&mut ArrayD<F>; 2]>,
    ) -> Result<(), KernelError> {
        let (_, c, h, w) = images("flatten", "x", x)?.dim();
        let dout = rows("flatten", "dout", dout.view())?;
        match dx {
            Some(dx) => lend(dx, |dx| flatten::backward_into(dout, [c, h, w], dx)),
            None => Ok(()),
        }
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
