//! Forward and backward through the layers of a network.

use std::ops::Range;

use kernels::batch_norm::BatchStatistics;
use kernels::{KernelError, Real, copy_into};
use ndarray::{Array2, Array4, ArrayView2, ArrayView4, ArrayViewD};

use super::gradients::Gradients;
use super::group::{GroupBackward, LayerGroup, find_groups};
use super::layer::{Layer, Saved};
use super::memory::nothing;
use super::named_layers::{NamedLayer, Network};
use super::record::Record;
use super::tape::Tape;
use crate::TrainError;
use crate::random_stream::Stream;

impl<F: Real> Network<F> {
    /// The logits of a batch in training; batch norms move their running statistics, and dropouts
    /// draw their masks from `random`, the step's stream, first layer first. The tape has all activations.
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
        tape.keep_activations(false);
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

    /// As [`Network::forward_train`], in the memory of `tape`, where the logits stay; with the activations
    /// unless [`Tape::keep_activations`] said otherwise.
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
        tape.is_training = false;
        find_groups(&self.layers, tape.keeps_activations, &mut tape.groups);
        tape.forward(images, |group, layers, x, records| {
            group.forward_train(&mut self.layers[layers], x, random, records)
        })?;
        tape.is_training = true;
        tape.logits()
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
        find_groups(&self.layers, tape.keeps_activations, &mut tape.groups);
        tape.forward(images, |group, layers, x, records| {
            group.forward_eval(&self.layers[layers], x, records)
        })?;
        tape.logits()
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
        let computed = tape.groups.iter().map(|group| group.layers()).sum();
        if computed != layers || !tape.is_training {
            let got = if tape.is_training { computed } else { 0 };
            return refuse(format!("a tape of {layers} layers in training"), got);
        }
        let count = 2 * self.layers.iter().filter(|named| has_parameters(&named.layer)).count();
        if gradients.parameters.len() != count {
            return refuse(format!("{count} gradients"), gradients.parameters.len());
        }
        let first = self.first_wanted(&gradients.wanted);
        let Tape { images, records, groups, gradients: memory, .. } = tape;
        memory.resize_with(layers + 1, nothing);
        copy_into(dlogits.into_dyn(), &mut memory[layers])?;
        let mut parameters = gradients.parameters.as_mut_slice();
        let mut wanted = gradients.wanted.as_slice();
        let (mut at, mut end) = (layers, layers);
        for group in groups.iter().rev() {
            if end <= first {
                break;
            }
            let start = end - group.layers();
            let members = &self.layers[start..end];
            let mut own = [None, None];
            let have_parameters = members.iter().filter(|named| has_parameters(&named.layer));
            for which in (0..have_parameters.count()).rev() {
                let (others, last) = parameters.split_at_mut(parameters.len() - 2);
                let (other_wanted, last_wanted) = wanted.split_at(wanted.len() - 2);
                (parameters, wanted) = (others, other_wanted);
                let Some(own) = own.get_mut(which) else {
                    return refuse("at most two layers with parameters together".into(), which + 1);
                };
                if last_wanted.contains(&true)
                    && let [weight, bias] = last
                {
                    *own = Some([weight, bias]);
                }
            }
            let (below, above) = memory.split_at_mut(at);
            let dout = &mut above[0];
            let x = start.checked_sub(1).map_or(&*images, |before| &records[before].out);
            let is_in_place = group.is_backward_in_place(members);
            let dx = (!is_in_place && start > first).then(|| &mut below[start]);
            let pass = GroupBackward { x: x.view(), dout, dx, parameters: own };
            group.backward(members, &records[start..end], pass)?;
            if !is_in_place {
                at = start;
            }
            end = start;
        }
        Ok(())
    }

    /// What each norm with running statistics normalised in the last forward pass of training, which
    /// `tape` is of: its name, and for each part that it normalised by itself the images of the part
    /// and the statistics of its values.
    pub(crate) fn normalized<'a>(
        &'a self,
        tape: &'a Tape<F>,
    ) -> impl Iterator<Item = (&'a str, Vec<(usize, &'a BatchStatistics)>)> {
        let images = tape.images.shape().first().copied().unwrap_or_default();
        self.layers.iter().zip(&tape.records).filter_map(move |(named, record)| {
            let parts = record.saved.statistics(images);
            (!parts.is_empty()).then_some((named.name.as_str(), parts))
        })
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
    /// Calls `pass` with each group, the indices of its layers, what it reads, and its records.
    fn forward(
        &mut self,
        images: ArrayView4<'_, F>,
        mut pass: impl FnMut(
            &dyn LayerGroup<F>,
            Range<usize>,
            ArrayViewD<'_, F>,
            &mut [Record<F>],
        ) -> Result<(), KernelError>,
    ) -> Result<(), TrainError> {
        copy_into(images.into_dyn(), &mut self.images)?;
        let nothing_yet = || Record { out: nothing(), saved: Saved::default() };
        let layers = self.groups.iter().map(|group| group.layers()).sum();
        self.records.resize_with(layers, nothing_yet);
        let mut start = 0;
        for group in &self.groups {
            let (before, rest) = self.records.split_at_mut(start);
            let x = before.last().map_or(&self.images, |record| &record.out).view();
            let records = &mut rest[..group.layers()];
            for record in records.iter_mut().take(group.layers() - 1).skip(group.keeps_outputs()) {
                record.out = nothing();
            }
            let end = start + group.layers();
            pass(*group, start..end, x, records)?;
            start = end;
        }
        Ok(())
    }
}

/// Whether a layer has a weight and a bias.
fn has_parameters<F: Real>(layer: &Layer<F>) -> bool {
    layer.arrays().weight_and_bias.is_some()
}
