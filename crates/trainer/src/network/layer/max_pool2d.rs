//! Max pooling of images; PyTorch's `MaxPool2d`. Formulas: [`kernels::max_pool2d`].

use kernels::Real;
use kernels::max_pool2d::{self, MaxPool2dConfig};
use ndarray::{Array4, ArrayD, ArrayViewD};

use super::kind::{
    Backward, LayerKind, Result, has_no_arrays, images, pytorch_pair, trains_as_it_evaluates,
};
use crate::network::memory::lend;
use crate::numerics::{self, Numerics};

/// Max pooling with its windows.
#[derive(Debug, Clone, PartialEq)]
pub struct MaxPool2d {
    /// The size and stride of the windows.
    pub config: MaxPool2dConfig,
}

impl<F: Real> LayerKind<F> for MaxPool2d {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = false;

    /// Where the maximum of each window was.
    type Saved = Array4<u32>;

    trains_as_it_evaluates!();

    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        saved: &mut Array4<u32>,
    ) -> Result<()> {
        let x = images("max_pool2d", "x", x)?;
        lend(out, |out| max_pool2d::forward_into(x, &self.config, out, saved))
    }

    fn backward(&self, saved: &Array4<u32>, pass: Backward<'_, F>) -> Result<()> {
        let Backward { x, dout, dx, .. } = pass;
        let (_, _, h, w) = images("max_pool2d", "x", x)?.dim();
        let dout = images("max_pool2d", "dout", dout.view())?;
        match dx {
            Some(dx) => lend(dx, |dx| {
                max_pool2d::backward_into(dout, saved.view(), [h, w], &self.config, dx)
            }),
            None => Ok(()),
        }
    }

    has_no_arrays!();

    fn pytorch(&self) -> String {
        let (window, stride) = (self.config.window(), self.config.stride());
        let mut arguments = pytorch_pair(window);
        if stride != window {
            arguments.push_str(&format!(", stride={}", pytorch_pair(stride)));
        }
        format!("nn.MaxPool2d({arguments})")
    }
}
