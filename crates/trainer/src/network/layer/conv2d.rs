//! Convolution of images; PyTorch's `Conv2d`. Formulas: [`kernels::conv2d`].

use kernels::Real;
use kernels::conv2d::{self, Conv2dConfig, Wanted};
use ndarray::{Array1, Array4, ArrayD, ArrayViewD, ArrayViewMut1, ArrayViewMut4};

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

/// Lends the arrays that gradients of a convolution are wanted in to a kernel that writes them.
pub(in crate::network) fn lend_wanted<F: Real, R>(
    dx: Option<&mut ArrayD<F>>,
    parameters: Option<[&mut ArrayD<F>; 2]>,
    write: impl FnOnce(Wanted<'_, F>) -> R,
) -> R {
    let with_dx = |parameters: Option<(ArrayViewMut4<'_, F>, ArrayViewMut1<'_, F>)>| match dx {
        Some(dx) => lend(dx, |dx| write(Wanted { dx: Some(dx), parameters })),
        None => write(Wanted { dx: None, parameters }),
    };
    match parameters {
        Some([dweight, dbias]) => lend(dweight, |dweight: &mut Array4<F>| {
            lend(dbias, |dbias: &mut Array1<F>| {
                with_dx(Some((dweight.view_mut(), dbias.view_mut())))
            })
        }),
        None => with_dx(None),
    }
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
        lend_wanted(dx, parameters, |wanted| {
            conv2d::backward_into(dout, x, weight.view(), config, wanted)
        })
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
