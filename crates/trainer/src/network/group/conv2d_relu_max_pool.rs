//! A convolution, the ReLU after it and the max pooling after that, without the two batches that lie between
//! them.
//!
//! The ReLU is computed after the pooling, as by [`super::relu_max_pool`].

use kernels::conv2d::max_pooled::{self, Wanted};
use kernels::max_pool2d::Pooled;
use kernels::{Real, relu, with_rank};
use ndarray::{Array1, Array4, ArrayViewD, ArrayViewMut1, ArrayViewMut4};

use super::kind::{GroupBackward, LayerGroup, Result, of_other_layers};
use crate::network::layer::{Conv2d, Layer, MaxPool2d, SavedOf, with_memory};
use crate::network::memory::lend;
use crate::network::named_layers::NamedLayer;
use crate::network::record::Record;
use crate::random_stream::Stream;

/// A convolution, a ReLU and a max pooling.
#[derive(Debug)]
pub(super) struct Conv2dReluMaxPool;

/// The convolution and the max pooling that these layers begin with.
fn parts<F>(layers: &[NamedLayer<F>]) -> Option<(&Conv2d<F>, &MaxPool2d)> {
    let mut layers = layers.iter().map(|named| &named.layer);
    match (layers.next()?, layers.next()?, layers.next()?) {
        (Layer::Conv2d(conv), Layer::Relu(_), Layer::MaxPool2d(pool)) => Some((conv, pool)),
        _ => None,
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
        self.forward_eval(layers, x, records)
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
            max_pooled::forward_into(x, weight.view(), bias.view(), config, &pool.config, pooled)
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
        let (Some((conv, pool)), [_, _, of_pool]) = (parts(layers), records) else {
            return of_other_layers();
        };
        let Some(SavedOf::MaxPool2d(argmax)) = &of_pool.saved.0 else { return of_other_layers() };
        let GroupBackward { x, dout, dx, parameters: [parameters, _] } = pass;
        relu::backward_in_place(dout, of_pool.out.view())?;
        let x = with_rank("conv2d", "x", x)?;
        let dout = with_rank("max_pool2d", "dout", dout.view())?;
        let gradients = |wanted: Wanted<'_, F>| {
            let (argmax, weight, config) = (argmax.view(), conv.weight.view(), &conv.config);
            max_pooled::backward_into(dout, argmax, x, weight, config, &pool.config, wanted)
        };
        let with_dx = |parameters: Option<(ArrayViewMut4<'_, F>, ArrayViewMut1<'_, F>)>| match dx {
            Some(dx) => lend(dx, |dx| gradients(Wanted { dx: Some(dx), parameters })),
            None => gradients(Wanted { dx: None, parameters }),
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
}
