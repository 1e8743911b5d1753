//! A batch norm of images, the ReLU after it and the max pooling after that, without the two batches that
//! lie between them.
//!
//! The ReLU is computed after the pooling, as by [`super::relu_max_pool`].

use kernels::batch_norm::max_pooled;
use kernels::max_pool2d::Pooled;
use kernels::{Real, relu, with_rank};
use ndarray::ArrayViewD;

use super::kind::{GroupBackward, LayerGroup, Result, of_other_layers};
use crate::network::layer::{BatchNorm, BatchNormInput, Layer, MaxPool2d, SavedOf, with_memory};
use crate::network::memory::{lend, nothing};
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;
use crate::random_stream::Stream;

/// A batch norm of images, a ReLU and a max pooling.
#[derive(Debug)]
pub(super) struct BatchNormReluMaxPool;

const OPERATION: &str = "spatial_batch_norm";

/// The batch norm and the max pooling that these layers begin with.
fn parts<F>(layers: &[NamedLayer<F>]) -> Option<(&BatchNorm<F>, &MaxPool2d)> {
    let mut layers = layers.iter().map(|named| &named.layer);
    match (layers.next()?, layers.next()?, layers.next()?) {
        (Layer::BatchNorm(norm), Layer::Relu(_), Layer::MaxPool2d(pool))
            if norm.input == BatchNormInput::Images =>
        {
            Some((norm, pool))
        }
        _ => None,
    }
}

impl<F: Real> LayerGroup<F> for BatchNormReluMaxPool {
    fn layers(&self) -> usize {
        3
    }

    fn begins(&self, layers: &[NamedLayer<F>]) -> bool {
        parts(layers).is_some()
    }

    fn hides_activations(&self) -> bool {
        true
    }

    fn is_backward_in_place(&self, _: &[NamedLayer<F>]) -> bool {
        false
    }

    fn forward_train(
        &self,
        layers: &mut [NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        _: &mut Stream,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let ([norm, _, pool], [of_norm, _, Record { out, saved }]) = (layers, records) else {
            return of_other_layers();
        };
        let (Layer::BatchNorm(norm), Layer::MaxPool2d(pool)) = (&mut norm.layer, &pool.layer)
        else {
            return of_other_layers();
        };
        let x = with_rank(OPERATION, "x", x)?;
        let BatchNorm { gamma, beta, running, config, .. } = norm;
        let (gamma, beta, of_norm) = (gamma.view(), beta.view(), &mut of_norm.saved);
        let statistics = with_memory!(saved, MaxPool2d, |argmax| lend(out, |out| {
            let pooled = Pooled { out, argmax };
            max_pooled::forward_train_into(x, gamma, beta, running, config, &pool.config, pooled)
        }))?;
        with_memory!(of_norm, BatchNorm, |own| *own = Some(statistics));
        relu::forward_in_place(out);
        Ok(())
    }

    fn forward_eval(
        &self,
        layers: &[NamedLayer<F>],
        x: ArrayViewD<'_, F>,
        records: &mut [Record<F>],
    ) -> Result<()> {
        let (Some((norm, pool)), [_, _, Record { out, saved }]) = (parts(layers), records) else {
            return of_other_layers();
        };
        let x = with_rank(OPERATION, "x", x)?;
        let BatchNorm { gamma, beta, running, config, .. } = norm;
        let (gamma, beta) = (gamma.view(), beta.view());
        with_memory!(saved, MaxPool2d, |argmax| lend(out, |out| {
            let pooled = Pooled { out, argmax };
            max_pooled::forward_eval_into(x, gamma, beta, running, config, &pool.config, pooled)
        }))?;
        relu::forward_in_place(out);
        Ok(())
    }

    fn backward(
        &self,
        layers: &[NamedLayer<F>],
        records: &[Record<F>],
        pass: GroupBackward<'_, F>,
    ) -> Result<()> {
        let (Some((norm, pool)), [of_norm, _, of_pool]) = (parts(layers), records) else {
            return of_other_layers();
        };
        let (Some(SavedOf::BatchNorm(Some(statistics))), Some(SavedOf::MaxPool2d(argmax))) =
            (&of_norm.saved.0, &of_pool.saved.0)
        else {
            return of_other_layers();
        };
        let GroupBackward { x, dout, dx, parameters: [parameters, _] } = pass;
        relu::backward_in_place(dout, of_pool.out.view())?;
        let x = with_rank(OPERATION, "x", x)?;
        let dout = with_rank("max_pool2d", "dout", dout.view())?;
        let (argmax, gamma, mut unwanted) = (argmax.view(), norm.gamma.view(), nothing());
        let (dgamma, dbeta) = lend(dx.unwrap_or(&mut unwanted), |dx| {
            max_pooled::backward_train_into(dout, argmax, x, gamma, statistics, &pool.config, dx)
        })?;
        if let Some([to_dgamma, to_dbeta]) = parameters {
            to_dgamma.assign(&dgamma);
            to_dbeta.assign(&dbeta);
        }
        Ok(())
    }
}
