//! The memory of a forward and a backward pass.

use kernels::{Real, with_rank};
use ndarray::{ArrayD, ArrayView2, ArrayViewD, Ix2};

use super::group::LayerGroup;
use super::memory::{Held, nothing};
use super::record::Record;
use crate::TrainError;

/// What a network makes of a batch on the way forward, and of gradients on the way back, in memory
/// that the next batch uses again: a training step asks for next to none but the first.
#[derive(Debug, Clone)]
pub struct Tape<F: Real> {
    pub(super) images: ArrayD<F>,
    /// One per layer. The output of a layer that is computed together with the one after it is empty, unless
    /// the group keeps it.
    pub(super) records: Vec<Record<F>>,
    /// The gradient with respect to the input of each layer, then to the logits. Where a layer's
    /// backward pass is in place, the one of a layer after it serves for its own.
    pub(super) gradients: Vec<ArrayD<F>>,
    /// What computed the last forward pass.
    pub(super) groups: Vec<&'static dyn LayerGroup<F>>,
    /// Whether the last forward pass was one of training, and ended well.
    pub(super) is_training: bool,
    /// Whether forward passes keep the inputs of all activations.
    pub(super) keeps_activations: bool,
}

impl<F: Real> Default for Tape<F> {
    fn default() -> Self {
        Self {
            images: nothing(),
            records: Vec::new(),
            gradients: Vec::new(),
            groups: Vec::new(),
            is_training: false,
            keeps_activations: true,
        }
    }
}

impl<F: Real> Tape<F> {
    /// Says whether the next forward passes are to keep what [`Self::activations`] shows, as they do unless
    /// told otherwise. Without it they take less time and memory; every bit of the results is the same.
    pub fn keep_activations(&mut self, keep: bool) {
        self.keeps_activations = keep;
    }

    /// The bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        let records = self.records.iter().map(|Record { out, saved }| out.bytes() + saved.bytes());
        self.images.bytes() + records.chain(self.gradients.iter().map(Held::bytes)).sum::<usize>()
    }

    /// The most bytes that a layer's backward pass works with; the next one uses them again.
    pub(crate) fn bytes_of_backward(&self) -> usize {
        let of_layers = self.records.iter().map(|record| record.saved.bytes_of_backward());
        of_layers.max().unwrap_or_default()
    }

    /// What the layer of this index read in the last forward pass; none where that was not kept.
    pub(crate) fn input_of(&self, layer: usize) -> Option<ArrayViewD<'_, F>> {
        let input = match layer.checked_sub(1) {
            Some(before) => &self.records.get(before)?.out,
            None => &self.images,
        };
        (!input.is_empty()).then(|| input.view())
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
}

#[cfg(test)]
mod tests {
    use kernels::group_norm::{self, GroupNormConfig, GroupStatistics};
    use ndarray::{Array1, Array4};

    use super::*;
    use crate::dataset::FASHION_MNIST_IMAGE;
    use crate::network::NetworkConfig;
    use crate::random_stream::{Purpose, Stream};

    /// Those of a group norm of three images and two groups.
    fn of_group_norm(channels: usize) -> GroupStatistics {
        let (x, ones) = (Array4::<f32>::ones([3, channels, 1, 2]), Array1::ones(channels));
        let config = GroupNormConfig::new(2, 1e-5).unwrap();
        group_norm::forward(x.view(), ones.view(), ones.view(), &config).unwrap().1
    }

    #[test]
    fn the_backward_passes_of_layers_work_in_the_same_memory() {
        let config: NetworkConfig = "conv-20-40_group-norm-2_relu".parse().unwrap();
        let mut network = config.build::<f32>(FASHION_MNIST_IMAGE, 10, 0).unwrap();
        let (mut tape, mut random) = (Tape::default(), Stream::new(0, Purpose::Dropout, 0));
        assert_eq!(tape.bytes_of_backward(), 0);
        let images = Array4::zeros([3, 1, 28, 28]);
        network.forward_train_into(images.view(), &mut random, &mut tape).unwrap();
        let [few, many] = [20, 40].map(of_group_norm);
        assert!(few.bytes_of_backward() < many.bytes_of_backward());
        assert_eq!(tape.bytes_of_backward(), many.bytes_of_backward());
        let saved: usize = tape.records.iter().map(|record| record.saved.bytes()).sum();
        let argmax = 4 * 3 * (20 * 14 * 14 + 40 * 7 * 7);
        assert_eq!(saved, few.bytes() + many.bytes() + argmax);
    }
}
