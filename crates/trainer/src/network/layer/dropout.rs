//! Inverted dropout of anything; PyTorch's `Dropout`.

use kernels::{Real, copy_into, dropout};
use ndarray::{ArrayD, ArrayViewD};

use super::kind::{Backward, LayerKind, Result, has_no_arrays};
use crate::network::memory::reshape;
use crate::numerics::{self, Numerics};
use crate::random_stream::Stream;

/// Inverted dropout: in training each value is dropped with probability `p` and the kept ones are
/// multiplied by 1/(1 − p); in evaluation nothing happens.
///
/// It draws one number of its stream per value, in logical order, and keeps the value where the number
/// is at least p.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropout {
    /// The probability to drop, at least 0 and below 1.
    pub p: f64,
}

impl<F: Real> LayerKind<F> for Dropout {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = true;

    /// Which values were kept.
    type Saved = ArrayD<bool>;

    fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        random: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut ArrayD<bool>,
    ) -> Result<()> {
        reshape(saved, x.shape());
        saved.iter_mut().for_each(|keep| *keep = random.uniform() >= self.p);
        dropout::forward_into(x, saved.view(), self.p, out)
    }

    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        _: &mut ArrayD<bool>,
    ) -> Result<()> {
        copy_into(x, out)
    }

    fn backward(&self, saved: &ArrayD<bool>, pass: Backward<'_, F>) -> Result<()> {
        let Backward { dout, .. } = pass;
        dropout::backward_in_place(dout, saved.view(), self.p)
    }

    has_no_arrays!();

    fn pytorch(&self) -> String {
        format!("nn.Dropout(p={:?})", self.p)
    }
}
