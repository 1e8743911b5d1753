//! A ReLU and the max pooling after it, in the other order.
//!
//! The two commute: max(x, 0) of the largest is the largest of max(x, 0), and where that is 0, so is the
//! gradient, whichever pixel gets it. So the ReLU is computed behind the pooling, on a fraction of the values.

use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{Real, with_rank};
use ndarray::ArrayViewD;

use super::kind::{GroupBackward, LayerGroup, Result, of_other_layers};
use crate::network::layer::{Backward, Layer, with_memory};
use crate::network::memory::lend;
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;

/// A ReLU and a max pooling.
#[derive(Debug)]
pub(super) struct ReluMaxPool;

/// The max pooling that these layers begin with, and its ReLU.
fn pool<F>(layers: &[NamedLayer<F>]) -> Option<MaxPool2dConfig> {
    let mut layers = layers.iter().map(|named| &named.layer);
    if let (Layer::Relu(_), Layer::MaxPool2d(pool)) = (layers.next()?, layers.next()?) {
        Some(pool.config.with_relu())
    } else {
        None
    }
}

impl<F: Real> LayerGroup<F> for ReluMaxPool {
    fn layers(&self) -> usize {
        2
    }

    fn begins(&self, layers: &[NamedLayer<F>]) -> bool {
        pool(layers).is_some()
    }

    fn forward_eval(
        &self,
        layers: &[NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let (Some(pool), [_, Record { out, saved }]) = (pool(layers), records) else {
            return of_other_layers();
        };
        let x = with_rank("max_pool2d", "x", x)?;
        with_memory!(saved, MaxPool2d, |argmax| {
            lend(out, |out| max_pool2d::forward_into(x, &pool, out, argmax))
        })
    }

    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        records: &[Record<F>],
        pass: GroupBackward<'_, F>,
    ) -> Result<()> {
        let ([_, pool], [_, Record { saved, .. }]) = (layers, records) else {
            return of_other_layers();
        };
        let GroupBackward { x, dout, dx, .. } = pass;
        // The indices hold the gradient of the ReLU.
        pool.layer.backward(saved, Backward { x, dout, dx, parameters: None })
    }
}
