//! A convolution, the ReLU after it and the max pooling after that, without the two batches that lie between
//! them.
//!
//! The ReLU is computed behind the pooling, for the reason that [`super::relu_max_pool`] gives.

use kernels::conv2d::max_pooled;
use kernels::max_pool2d::{MaxPool2dConfig, Pooled};
use kernels::{Real, with_rank};
use ndarray::ArrayViewD;

use super::kind::{GroupBackward, LayerGroup, Result, of_other_layers};
use crate::network::layer::{Conv2d, Layer, SavedOf, lend_wanted, with_memory};
use crate::network::memory::lend;
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;

/// A convolution, a ReLU and a max pooling.
#[derive(Debug)]
pub(super) struct Conv2dReluMaxPool;

/// The convolution and the max pooling that these layers begin with.
fn parts<F>(layers: &[NamedLayer<F>]) -> Option<(&Conv2d<F>, MaxPool2dConfig)> {
    let mut layers = layers.iter().map(|named| &named.layer);
    let layers = (layers.next()?, layers.next()?, layers.next()?);
    if let (Layer::Conv2d(conv), Layer::Relu(_), Layer::MaxPool2d(pool)) = layers {
        Some((conv, pool.config.with_relu()))
    } else {
        None
    }
}

impl<F: Real> LayerGroup<F> for Conv2dReluMaxPool {
    fn layers(&self) -> usize {
        3
    }

    fn begins(&self, layers: &[NamedLayer<F>]) -> bool {
        parts(layers).is_some()
    }

    fn hides_activations(&self) -> bool {
        true
    }

    fn forward_eval(
        &self,
        layers: &[NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let (Some((conv, pool)), [_, _, Record { out, saved }]) = (parts(layers), records) else {
            return of_other_layers();
        };
        let x = with_rank("conv2d", "x", x)?;
        let Conv2d { weight, bias, config } = conv;
        with_memory!(saved, MaxPool2d, |argmax| lend(out, |out| {
            let pooled = Pooled { out, argmax };
            max_pooled::forward_into(x, weight.view(), bias.view(), config, &pool, pooled)
        }))
    }

    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        records: &[Record<F>],
        pass: GroupBackward<'_, F>,
    ) -> Result<()> {
        let (Some((conv, pool)), [_, _, of_pool]) = (parts(layers), records) else {
            return of_other_layers();
        };
        let Some(SavedOf::MaxPool2d(argmax)) = &of_pool.saved.0 else { return of_other_layers() };
        let GroupBackward { x, dout, dx, parameters: [parameters, _] } = pass;
        let x = with_rank("conv2d", "x", x)?;
        let dout = with_rank("max_pool2d", "dout", dout.view())?;
        let (argmax, weight, config) = (argmax.view(), conv.weight.view(), &conv.config);
        lend_wanted(dx, parameters, |wanted| {
            max_pooled::backward_into(dout, argmax, x, weight, config, &pool, wanted)
        })
    }
}
