//! Forward and backward through the layers of a network.

use kernels::{KernelError, Real, copy_into, relu};
use ndarray::{Array2, Array4, ArrayD, ArrayView2, ArrayView4, ArrayViewD};

use super::commutation::ComputeOrder;
use super::gradients::Gradients;
use super::layer::{Backward, Layer, Saved};
use super::memory::nothing;
use super::named_layers::{NamedLayer, Network};
use super::tape::{Record, Tape};
use crate::TrainError;
use crate::random_stream::Stream;

impl<F: Real> Network<F> {
    /// The logits of a batch in training; batch norms move their running statistics, and dropouts
    /// draw their masks from `random`, the step's stream, first layer first.
    ///
    /// # Shapes
    ///
    /// `images` `(N, C, H, W)`, the logits `(N, K)`.
    ///
    /// # Errors
    ///
    /// [`TrainError::Kernel`] when the images do not fit the network, or when a batch norm gets a
    /// single value per channel.
    pub fn forward_train(
        &mut self,
        images: Array4<F>,
        random: &mut Stream,
    ) -> Result<(Array2<F>, Tape<F>), TrainError> {
        let mut tape = Tape::default();
        let logits = self.forward_train_into(images.view(), random, &mut tape)?.to_owned();
        Ok((logits, tape))
    }

    /// The logits of a batch in evaluation: batch norms use their running statistics, and nothing
    /// changes.
    ///
    /// # Shapes
    ///
    /// `images` `(N, C, H, W)`, the logits `(N, K)`.
    ///
    /// # Errors
    ///
    /// [`TrainError::Kernel`] when the images do not fit the network.
    pub fn forward_eval(&self, images: ArrayView4<'_, F>) -> Result<Array2<F>, TrainError> {
        let mut tape = Tape::default();
        Ok(self.forward_eval_into(images, &mut tape)?.to_owned())
    }

    /// The gradients of the loss with respect to all parameters, from the one with respect to the
    /// logits.
    ///
    /// # Shapes
    ///
    /// `dlogits` `(N, K)`, as [`Self::forward_train`] returned the logits together with `tape`.
    ///
    /// # Errors
    ///
    /// [`TrainError`] when the tape or the gradient is not from this network.
    pub fn backward(
        &self,
        mut tape: Tape<F>,
        dlogits: ArrayView2<'_, F>,
    ) -> Result<Gradients<F>, TrainError> {
        let mut gradients = Gradients::new(self, |_| true);
        self.backward_into(&mut tape, dlogits, &mut gradients)?;
        Ok(gradients)
    }

    /// As [`Network::forward_train`], in the memory of `tape`, where the logits stay.
    ///
    /// # Errors
    ///
    /// As for [`Network::forward_train`]; the tape is then of no use to [`Network::backward_into`].
    pub fn forward_train_into<'a>(
        &mut self,
        images: ArrayView4<'_, F>,
        random: &mut Stream,
        tape: &'a mut Tape<F>,
    ) -> Result<ArrayView2<'a, F>, TrainError> {
        tape.is_training = true;
        let layers = self.layers.iter_mut().map(|named| (named.order, &mut named.layer));
        tape.forward(images, layers, |layer, x, out, saved| {
            layer.forward_train(x, random, out, saved)
        })
    }

    /// As [`Network::forward_eval`], in the memory of `tape`, where the logits stay.
    ///
    /// # Errors
    ///
    /// As for [`Network::forward_eval`].
    pub fn forward_eval_into<'a>(
        &self,
        images: ArrayView4<'_, F>,
        tape: &'a mut Tape<F>,
    ) -> Result<ArrayView2<'a, F>, TrainError> {
        tape.is_training = false;
        let layers = self.layers.iter().map(|named| (named.order, &named.layer));
        tape.forward(images, layers, |layer, x, out, saved| layer.forward_eval(x, out, saved))
    }

    /// As [`Network::backward`], with the gradients that `gradients` was made for in its memory.
    ///
    /// # Errors
    ///
    /// As for [`Network::backward`], and for gradients of another network.
    pub fn backward_into(
        &self,
        tape: &mut Tape<F>,
        dlogits: ArrayView2<'_, F>,
        gradients: &mut Gradients<F>,
    ) -> Result<(), TrainError> {
        let layers = self.layers.len();
        let refuse = |expected: String, got: usize| {
            let got = got.to_string();
            Err(TrainError::OtherNetwork { operation: "backward", expected, got })
        };
        if tape.records.len() != layers || !tape.is_training {
            let got = if tape.is_training { tape.records.len() } else { 0 };
            return refuse(format!("a tape of {layers} layers in training"), got);
        }
        let count = 2 * self.layers.iter().filter(|named| has_parameters(&named.layer)).count();
        if gradients.parameters.len() != count {
            return refuse(format!("{count} gradients"), gradients.parameters.len());
        }
        let first = self.first_wanted(&gradients.wanted);
        let Tape { images, records, gradients: memory, .. } = tape;
        memory.resize_with(layers + 1, nothing);
        copy_into(dlogits.into_dyn(), &mut memory[layers])?;
        let mut parameters = gradients.parameters.as_mut_slice();
        let mut wanted = gradients.wanted.as_slice();
        let mut at = layers;
        for (index, NamedLayer { layer, order, .. }) in self.layers.iter().enumerate().rev() {
            if index < first {
                break;
            }
            let mut own = None;
            if has_parameters(layer) {
                let (others, last) = parameters.split_at_mut(parameters.len() - 2);
                let (other_wanted, last_wanted) = wanted.split_at(wanted.len() - 2);
                (parameters, wanted) = (others, other_wanted);
                if last_wanted.contains(&true)
                    && let [weight, bias] = last
                {
                    own = Some([weight, bias]);
                }
            }
            let Some(input) = order.input(index) else { continue };
            let (below, above) = memory.split_at_mut(at);
            let dout = &mut above[0];
            let x = input.checked_sub(1).map_or(&*images, |before| &records[before].out);
            let Record { out, saved } = &records[index];
            if *order == ComputeOrder::MaxPoolBeforeRelu {
                relu::backward_in_place(dout, out.view())?;
            }
            let is_in_place = layer.is_backward_in_place();
            let dx = (!is_in_place && index > first).then(|| &mut below[input]);
            layer.backward(saved, Backward { x: x.view(), dout, dx, parameters: own })?;
            if !is_in_place {
                at = input;
            }
        }
        Ok(())
    }

    /// The first layer of which a gradient is wanted: below it none is needed.
    fn first_wanted(&self, mut wanted: &[bool]) -> usize {
        for (index, NamedLayer { layer, .. }) in self.layers.iter().enumerate() {
            if has_parameters(layer) {
                let (own, after) = wanted.split_at(2);
                if own.contains(&true) {
                    return index;
                }
                wanted = after;
            }
        }
        self.layers.len()
    }
}

impl<F: Real> Tape<F> {
    /// Calls `pass` with what each layer of these reads, its output's memory and its own.
    fn forward<L>(
        &mut self,
        images: ArrayView4<'_, F>,
        layers: impl ExactSizeIterator<Item = (ComputeOrder, L)>,
        mut pass: impl FnMut(
            L,
            ArrayViewD<'_, F>,
            &mut ArrayD<F>,
            &mut Saved<F>,
        ) -> Result<(), KernelError>,
    ) -> Result<ArrayView2<'_, F>, TrainError> {
        copy_into(images.into_dyn(), &mut self.images)?;
        let nothing_yet = || Record { out: nothing(), saved: Saved::default() };
        self.records.resize_with(layers.len(), nothing_yet);
        for (index, (order, layer)) in layers.enumerate() {
            let Some(input) = order.input(index) else { continue };
            let (before, rest) = self.records.split_at_mut(index);
            let x = input.checked_sub(1).map_or(&self.images, |before_it| &before[before_it].out);
            let Record { out, saved } = &mut rest[0];
            pass(layer, x.view(), out, saved)?;
            if order == ComputeOrder::MaxPoolBeforeRelu {
                relu::forward_in_place(out);
            }
        }
        self.logits()
    }
}

/// Whether a layer has a weight and a bias.
fn has_parameters<F: Real>(layer: &Layer<F>) -> bool {
    layer.arrays().weight_and_bias.is_some()
}
