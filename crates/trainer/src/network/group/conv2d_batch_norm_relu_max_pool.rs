//! A convolution, the batch norm of images after it, the ReLU after that and a max pooling. Of the batches
//! between them only the convolution's result is kept, and that in training only.
//!
//! The ReLU is computed behind the pooling, for the reason that [`super::relu_max_pool`] gives.

use kernels::conv2d::normalized::{self, Block};
use kernels::max_pool2d::{MaxPool2dConfig, Pooled};
use kernels::{BatchNormConfig, Real, with_rank};
use ndarray::{Array1, ArrayViewD};

use super::kind::{GroupBackward, LayerGroup, Result, of_other_layers};
use crate::network::layer::{
    BatchNorm, BatchNormInput, Conv2d, Layer, SavedOf, lend_wanted, with_memory,
};
use crate::network::memory::lend;
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;
use crate::random_stream::Stream;

/// A convolution, a batch norm of images, a ReLU and a max pooling.
#[derive(Debug)]
pub(super) struct Conv2dBatchNormReluMaxPool;

const OPERATION: &str = "conv2d";

/// The layers that have a part in a pass.
type Parts<'a, F> = (&'a Conv2d<F>, &'a BatchNorm<F>, MaxPool2dConfig);

fn parts<F>(layers: &[NamedLayer<F>]) -> Option<Parts<'_, F>> {
    let mut layers = layers.iter().map(|named| &named.layer);
    let layers = (layers.next()?, layers.next()?, layers.next()?, layers.next()?);
    if let (Layer::Conv2d(conv), Layer::BatchNorm(norm), Layer::Relu(_), Layer::MaxPool2d(pool)) =
        layers
        && norm.input == BatchNormInput::Images
    {
        Some((conv, norm, pool.config.with_relu()))
    } else {
        None
    }
}

fn block<'a, F: Real>(
    conv: &'a Conv2d<F>,
    (gamma, beta, norm): (&'a Array1<F>, &'a Array1<F>, &'a BatchNormConfig),
    pool: &'a MaxPool2dConfig,
) -> Block<'a, F> {
    Block {
        weight: conv.weight.view(),
        bias: conv.bias.view(),
        gamma: gamma.view(),
        beta: beta.view(),
        convolution: &conv.config,
        norm,
        pool,
    }
}

/// [`block`] of layers that are not changed.
fn block_of<'a, F: Real>(
    conv: &'a Conv2d<F>,
    norm: &'a BatchNorm<F>,
    pool: &'a MaxPool2dConfig,
) -> Block<'a, F> {
    block(conv, (&norm.gamma, &norm.beta, &norm.config), pool)
}

impl<F: Real> LayerGroup<F> for Conv2dBatchNormReluMaxPool {
    fn layers(&self) -> usize {
        4
    }

    fn begins(&self, layers: &[NamedLayer<F>]) -> bool {
        parts(layers).is_some()
    }

    fn keeps_outputs(&self) -> usize {
        1
    }

    fn hides_activations(&self) -> bool {
        true
    }

    fn forward_train(
        &self,
        layers: &mut [NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        _: &mut Stream,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let ([conv, norm, _, pool], [of_conv, of_norm, _, Record { out, saved }]) =
            (layers, records)
        else {
            return of_other_layers();
        };
        let (Layer::Conv2d(conv), Layer::BatchNorm(norm), Layer::MaxPool2d(pool)) =
            (&conv.layer, &mut norm.layer, &pool.layer)
        else {
            return of_other_layers();
        };
        let x = with_rank(OPERATION, "x", x)?;
        let BatchNorm { gamma, beta, running, config, .. } = norm;
        let pool = pool.config.with_relu();
        let block = block(conv, (gamma, beta, config), &pool);
        let (convolved, of_norm) = (&mut of_conv.out, &mut of_norm.saved);
        let statistics = with_memory!(saved, MaxPool2d, |argmax| lend(convolved, |convolved| {
            lend(out, |out| {
                let pooled = Pooled { out, argmax };
                normalized::forward_train_into(x, &block, running, convolved, pooled)
            })
        }))?;
        with_memory!(of_norm, BatchNorm, |own| *own = Some(statistics));
        Ok(())
    }

    fn forward_eval(
        &self,
        layers: &[NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let (Some((conv, norm, pool)), [_, _, _, Record { out, saved }]) = (parts(layers), records)
        else {
            return of_other_layers();
        };
        let x = with_rank(OPERATION, "x", x)?;
        let (block, running) = (block_of(conv, norm, &pool), &norm.running);
        with_memory!(saved, MaxPool2d, |argmax| lend(out, |out| {
            normalized::forward_eval_into(x, &block, running, Pooled { out, argmax })
        }))
    }

    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        records: &[Record<F>],
        pass: GroupBackward<'_, F>,
    ) -> Result<()> {
        let (Some((conv, norm, pool)), [of_conv, of_norm, _, of_pool]) = (parts(layers), records)
        else {
            return of_other_layers();
        };
        let (Some(SavedOf::BatchNorm(Some(statistics))), Some(SavedOf::MaxPool2d(argmax))) =
            (&of_norm.saved.0, &of_pool.saved.0)
        else {
            return of_other_layers();
        };
        let GroupBackward { x, dout, dx, parameters: [of_conv_wanted, of_norm_wanted] } = pass;
        let x = with_rank(OPERATION, "x", x)?;
        let convolved = with_rank(OPERATION, "convolved", of_conv.out.view())?;
        let dout = with_rank("max_pool2d", "dout", dout.view())?;
        let (block, pooled) = (block_of(conv, norm, &pool), (dout, argmax.view()));
        let (dgamma, dbeta) = lend_wanted(dx, of_conv_wanted, |wanted| {
            normalized::backward_train_into(pooled, x, convolved, statistics, &block, wanted)
        })?;
        if let Some([to_dgamma, to_dbeta]) = of_norm_wanted {
            to_dgamma.assign(&dgamma);
            to_dbeta.assign(&dbeta);
        }
        Ok(())
    }
}
