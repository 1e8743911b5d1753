//! A ReLU and the max pooling after it, in the other order.
//!
//! The two commute: max(x, 0) of the largest is the largest of max(x, 0), and where that is 0, so is the
//! gradient, whichever pixel gets it. So the ReLU is computed after the pooling, on a fraction of the
//! values and in place.

use kernels::{Real, relu};
use ndarray::ArrayViewD;

use super::kind::{GroupBackward, LayerGroup, Result, of_other_layers};
use crate::network::layer::{Backward, Layer};
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;

/// A ReLU and a max pooling.
#[derive(Debug)]
pub(super) struct ReluMaxPool;

impl<F: Real> LayerGroup<F> for ReluMaxPool {
    fn layers(&self) -> usize {
        2
    }

    fn begins(&self, layers: &[NamedLayer<F>]) -> bool {
        let mut layers = layers.iter().map(|named| &named.layer);
        matches!((layers.next(), layers.next()), (Some(Layer::Relu(_)), Some(Layer::MaxPool2d(_))))
    }

    fn forward_eval(
        &self,
        layers: &[NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let ([_, pool], [_, Record { out, saved }]) = (layers, records) else {
            return of_other_layers();
        };
        pool.layer.forward_eval(x, out, saved)?;
        relu::forward_in_place(out);
        Ok(())
    }

    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        records: &[Record<F>],
        pass: GroupBackward<'_, F>,
    ) -> Result<()> {
        let ([_, pool], [_, Record { out, saved }]) = (layers, records) else {
            return of_other_layers();
        };
        let GroupBackward { x, dout, dx, .. } = pass;
        relu::backward_in_place(dout, out.view())?;
        pool.layer.backward(saved, Backward { x, dout, dx, parameters: None })
    }
}
