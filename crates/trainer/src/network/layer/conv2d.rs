//! Convolution of images; PyTorch's `Conv2d`. Formulas: [`kernels::conv2d`].

use kernels::Real;
use kernels::conv2d::{self, Conv2dConfig};
use ndarray::{Array1, Array4, ArrayD, ArrayViewD};

use super::kind::{
    Backward, LayerKind, Result, has_weight_and_bias, images, pytorch_pair, trains_as_it_evaluates,
};
use crate::network::memory::lend;
use crate::numerics::{self, Numerics};

/// A convolution with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2d<F> {
    /// Shape `(F, C, KH, KW)`.
    pub weight: Array4<F>,
    /// Shape `(F,)`.
    pub bias: Array1<F>,
    /// Stride and padding.
    pub config: Conv2dConfig,
}

impl<F: Real> LayerKind<F> for Conv2d<F> {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = false;

    type Saved = ();

    trains_as_it_evaluates!();

    fn forward_eval(&self, x: ArrayViewD<'_, F>, out: &mut ArrayD<F>, (): &mut ()) -> Result<()> {
        let x = images("conv2d", "x", x)?;
        let (weight, bias) = (self.weight.view(), self.bias.view());
        lend(out, |out| conv2d::forward_into(x, weight, bias, &self.config, out))
    }

    fn backward(&self, (): &(), pass: Backward<'_, F>) -> Result<()> {
        let Backward { x, dout, dx, parameters } = pass;
        let Self { weight, config, .. } = self;
        let (x, dout) = (images("conv2d", "x", x)?, images("conv2d", "dout", dout.view())?);
        let (_, _, h, w) = x.dim();
        if let Some([dweight, dbias]) = parameters {
            lend(dweight, |dweight: &mut Array4<F>| {
                lend(dbias, |dbias: &mut Array1<F>| {
                    let (dweight, dbias) = (dweight.view_mut(), dbias.view_mut());
                    conv2d::backward_parameters_into(dout, x, config, dweight, dbias)
                })
            })?;
        }
        match dx {
            Some(dx) => {
                lend(dx, |dx| conv2d::backward_input_into(dout, [h, w], weight.view(), config, dx))
            }
            None => Ok(()),
        }
    }

    has_weight_and_bias!();

    fn pytorch(&self) -> String {
        let (filters, channels, height, width) = self.weight.dim();
        let kernel = pytorch_pair([height, width]);
        let mut arguments = format!("{channels}, {filters}, kernel_size={kernel}");
        for (name, usual, value) in
            [("stride", [1, 1], self.config.stride()), ("padding", [0, 0], self.config.padding())]
        {
            if value != usual {
                arguments.push_str(&format!(", {name}={}", pytorch_pair(value)));
            }
        }
        format!("nn.Conv2d({arguments})")
    }
}
