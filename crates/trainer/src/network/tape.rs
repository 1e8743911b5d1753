//! The memory of a forward and a backward pass.

use kernels::{Real, with_rank};
use ndarray::{ArrayD, ArrayView2, ArrayViewD, Ix2};

use super::layer::Saved;
use super::memory::{Held, nothing};
use crate::TrainError;

/// What a network makes of a batch on the way forward, and of gradients on the way back, in memory
/// that the next batch uses again: a training step asks for next to none but the first.
#[derive(Debug, Clone)]
pub struct Tape<F: Real> {
    pub(super) images: ArrayD<F>,
    /// One per layer.
    pub(super) records: Vec<Record<F>>,
    /// The gradient with respect to the input of each layer, then to the logits. Where a layer's
    /// backward pass is in place, the one of a layer after it serves for its own.
    pub(super) gradients: Vec<ArrayD<F>>,
    /// Whether the last forward pass was one of training.
    pub(super) is_training: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Record<F: Real> {
    pub(super) out: ArrayD<F>,
    pub(super) saved: Saved<F>,
}

impl<F: Real> Default for Tape<F> {
    fn default() -> Self {
        let (records, gradients) = (Vec::new(), Vec::new());
        Self { images: nothing(), records, gradients, is_training: false }
    }
}

impl<F: Real> Tape<F> {
    /// The bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        let records = self.records.iter().map(|Record { out, saved }| out.bytes() + saved.bytes());
        self.images.bytes() + records.chain(self.gradients.iter().map(Held::bytes)).sum::<usize>()
    }

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
}
