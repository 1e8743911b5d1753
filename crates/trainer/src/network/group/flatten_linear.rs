//! Images to rows and the fully connected layer after that, without the batch of rows between them.

use kernels::linear::flattened;
use kernels::{Real, with_rank};
use ndarray::{ArrayView2, ArrayView4, ArrayViewD};

use super::kind::{GroupBackward, LayerGroup, Result, of_other_layers};
use crate::network::layer::{Layer, Linear, lend_parameters};
use crate::network::memory::lend;
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;

/// A flattening and a fully connected layer.
#[derive(Debug)]
pub(super) struct FlattenLinear;

/// The fully connected layer of these layers, if they begin so.
fn linear<F>(layers: &[NamedLayer<F>]) -> Option<&Linear<F>> {
    let mut layers = layers.iter().map(|named| &named.layer);
    if let (Layer::Flatten(_), Layer::Linear(linear)) = (layers.next()?, layers.next()?) {
        Some(linear)
    } else {
        None
    }
}

impl<F: Real> LayerGroup<F> for FlattenLinear {
    fn layers(&self) -> usize {
        2
    }

    fn begins(&self, layers: &[NamedLayer<F>]) -> bool {
        linear(layers).is_some()
    }

    fn forward_eval(
        &self,
        layers: &[NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let (Some(Linear { weight, bias }), [_, Record { out, .. }]) = (linear(layers), records)
        else {
            return of_other_layers();
        };
        let x = with_rank("flatten", "x", x)?;
        lend(out, |out| flattened::forward_into(x, weight.view(), bias.view(), out))
    }

    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        _: &[Record<F>],
        pass: GroupBackward<'_, F>,
    ) -> Result<()> {
        let Some(Linear { weight, .. }) = linear(layers) else { return of_other_layers() };
        let GroupBackward { x, dout, dx, parameters: [parameters, _] } = pass;
        let x: ArrayView4<'_, F> = with_rank("flatten", "x", x)?;
        let dout: ArrayView2<'_, F> = with_rank("linear", "dout", dout.view())?;
        let (_, c, h, w) = x.dim();
        lend_parameters(parameters, |dweight, dbias| {
            flattened::backward_parameters_into(dout, x, dweight, dbias)
        })?;
        match dx {
            Some(dx) => {
                lend(dx, |dx| flattened::backward_input_into(dout, weight.view(), [c, h, w], dx))
            }
            None => Ok(()),
        }
    }
}
