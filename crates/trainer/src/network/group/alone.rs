//! A layer that is computed by itself.

use kernels::Real;
use ndarray::ArrayViewD;

use super::kind::{GroupBackward, LayerGroup, Result, of_other_layers};
use crate::network::layer::Backward;
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;
use crate::random_stream::Stream;

/// Any layer.
#[derive(Debug)]
pub(super) struct Alone;

impl<F: Real> LayerGroup<F> for Alone {
    fn layers(&self) -> usize {
        1
    }

    fn begins(&self, layers: &[NamedLayer<F>]) -> bool {
        !layers.is_empty()
    }

    fn is_backward_in_place(&self, layers: &[NamedLayer<F>]) -> bool {
        layers.iter().all(|named| named.layer.is_backward_in_place())
    }

    fn forward_train(
        &self,
        layers: &mut [NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        random: &mut Stream,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let ([named], [Record { out, saved }]) = (layers, records) else {
            return of_other_layers();
        };
        named.layer.forward_train(x, random, out, saved)
    }

    fn forward_eval(
        &self,
        layers: &[NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let ([named], [Record { out, saved }]) = (layers, records) else {
            return of_other_layers();
        };
        named.layer.forward_eval(x, out, saved)
    }

    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        records: &[Record<F>],
        pass: GroupBackward<'_, F>,
    ) -> Result<()> {
        let ([named], [record]) = (layers, records) else {
            return of_other_layers();
        };
        let GroupBackward { x, dout, dx, parameters: [parameters, _] } = pass;
        named.layer.backward(&record.saved, Backward { x, dout, dx, parameters })
    }
}
