use kernels::{KernelError, Real, relu, with_rank};
use ndarray::{ArrayD, ArrayView2, ArrayView4, ArrayViewD, Ix2};

use super::memory::{copy, nothing};
use super::{Gradients, NamedLayer, Network, Saved, Turn};
use crate::TrainError;
use crate::random::Stream;

/// What a network makes of a batch on the way forward, and of gradients on the way back, in memory
/// that the next batch uses again: a training step asks for next to none but the first.
#[derive(Debug, Clone)]
pub struct Tape<F> {
    images: ArrayD<F>,
    /// One a layer.
    records: Vec<Record<F>>,
    /// The gradient with respect to the input of each layer, then to the logits. Where a layer's
    /// backward pass is in place, the one of a layer after it serves for its own.
    gradients: Vec<ArrayD<F>>,
    /// Whether the last forward pass was one of training.
    is_training: bool,
}

#[derive(Debug, Clone)]
struct Record<F> {
    out: ArrayD<F>,
    saved: Saved,
}

impl<F: Real> Default for Tape<F> {
    fn default() -> Self {
        let (records, gradients) = (Vec::new(), Vec::new());
        Self { images: nothing(), records, gradients, is_training: false }
    }
}

impl<F: Real> Tape<F> {
    /// What the layer of this index read in the last forward pass.
    pub(super) fn input_of(&self, layer: usize) -> Option<ArrayViewD<'_, F>> {
        match layer.checked_sub(1) {
            Some(before) => self.records.get(before).map(|record| record.out.view()),
            None => Some(self.images.view()),
        }
    }

    /// The logits of the last forward pass, shape `(N, K)`.
    ///
    /// # Errors
    ///
    /// [`TrainError::Kernel`] before the first pass, and for a network that does not end in rows.
    pub fn logits(&self) -> Result<ArrayView2<'_, F>, TrainError> {
        let out = self.records.last().map_or(&self.images, |record| &record.out);
        Ok(with_rank::<_, Ix2>("network", "logits", out.view())?)
    }

    /// Calls `pass` with what each layer of these reads, its output's memory and its own.
    fn forward<L>(
        &mut self,
        images: ArrayView4<'_, F>,
        layers: impl ExactSizeIterator<Item = (Turn, L)>,
        mut pass: impl FnMut(
            L,
            ArrayViewD<'_, F>,
            &mut ArrayD<F>,
            &mut Saved,
        ) -> Result<(), KernelError>,
    ) -> Result<ArrayView2<'_, F>, TrainError> {
        copy(images.into_dyn(), &mut self.images);
        let nothing_yet = || Record { out: nothing(), saved: Saved::default() };
        self.records.resize_with(layers.len(), nothing_yet);
        for (index, (turn, layer)) in layers.enumerate() {
            let Some(input) = turn.input(index) else { continue };
            let (before, rest) = self.records.split_at_mut(index);
            let x = input.checked_sub(1).map_or(&self.images, |before_it| &before[before_it].out);
            let Record { out, saved } = &mut rest[0];
            pass(layer, x.view(), out, saved)?;
            if turn == Turn::BeforeRelu {
                relu::forward_in_place(out);
            }
        }
        self.logits()
    }
}

impl<F: Real> Network<F> {
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
        let layers = self.layers.iter_mut().map(|named| (named.turn, &mut named.layer));
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
        let layers = self.layers.iter().map(|named| (named.turn, &named.layer));
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
        let count = 2 * self.layers.iter().filter(|named| named.layer.has_parameters()).count();
        if gradients.parameters.len() != count {
            return refuse(format!("{count} gradients"), gradients.parameters.len());
        }
        // Below the first layer with a gradient that is wanted, none is needed.
        let mut rest = gradients.wanted.as_slice();
        let mut first = layers;
        for (index, NamedLayer { layer, .. }) in self.layers.iter().enumerate() {
            if layer.has_parameters() {
                let (own, after) = rest.split_at(2);
                if own.contains(&true) {
                    first = index;
                    break;
                }
                rest = after;
            }
        }
        let Tape { images, records, gradients: memory, .. } = tape;
        memory.resize_with(layers + 1, nothing);
        copy(dlogits.into_dyn(), &mut memory[layers]);
        let mut parameters = gradients.parameters.as_mut_slice();
        let mut wanted = gradients.wanted.as_slice();
        let mut at = layers;
        for (index, NamedLayer { layer, turn, .. }) in self.layers.iter().enumerate().rev() {
            if index < first {
                break;
            }
            let mut own = None;
            if layer.has_parameters() {
                let (others, last) = parameters.split_at_mut(parameters.len() - 2);
                let (other_wanted, last_wanted) = wanted.split_at(wanted.len() - 2);
                (parameters, wanted) = (others, other_wanted);
                if last_wanted.contains(&true)
                    && let [weight, bias] = last
                {
                    own = Some([weight, bias]);
                }
            }
            let Some(input) = turn.input(index) else { continue };
            let (below, above) = memory.split_at_mut(at);
            let dout = &mut above[0];
            let x = input.checked_sub(1).map_or(&*images, |before| &records[before].out);
            let Record { out, saved } = &records[index];
            if *turn == Turn::BeforeRelu {
                relu::backward_in_place(dout, out.view())?;
            }
            let is_in_place = layer.is_backward_in_place();
            let dx = (!is_in_place && index > first).then(|| &mut below[input]);
            layer.backward(x.view(), saved, dout, dx, own)?;
            if !is_in_place {
                at = input;
            }
        }
        Ok(())
    }
}
