//! How well a network does on images, in evaluation mode.

use kernels::{Real, softmax_cross_entropy};
use ndarray::{Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::dataset::{ImageBatch, LabelledImages};
use crate::network::{Network, Tape};

/// Sums over images, from which means follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The sum of the cross-entropies.
    loss: f64,
    /// The images whose largest logit is their class's.
    correct: usize,
    /// All images.
    count: usize,
}

impl Score {
    /// The mean cross-entropy in nats; NaN if there are no images.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.count as f64
    }

    /// The share of images classified correctly; NaN if there are no images.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.count as f64
    }

    /// The number of images.
    pub fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn add<F: Real>(
        &mut self,
        mean_loss: f64,
        logits: ArrayView2<'_, F>,
        labels: ArrayView1<'_, usize>,
    ) {
        self.loss += mean_loss * labels.len() as f64;
        self.correct +=
            logits.outer_iter().zip(labels).filter(|(row, label)| largest(*row) == **label).count();
        self.count += labels.len();
    }
}

/// What an evaluation of held-out images says.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Loss and accuracy.
    pub score: Score,
    /// Images by true class (row) and predicted class (column), shape `(K, K)`; the class of the
    /// largest logit is predicted.
    pub confusion: Array2<u64>,
}

/// Evaluates a network, in evaluation mode, on the images at these positions.
///
/// # Errors
///
/// [`TrainError`] for a batch size of 0, a position that the images do not have, or images of
/// another network.
pub fn evaluate<F: Real>(
    network: &Network<F>,
    images: &LabelledImages,
    positions: &[usize],
    batch_size: usize,
) -> Result<Evaluation, TrainError> {
    expect_batch_size(batch_size)?;
    let classes = images.classes();
    let mut score = Score::default();
    let mut confusion = Array2::zeros([classes, classes]);
    // Used again by every batch.
    let (mut batch, mut tape) = (ImageBatch::default(), Tape::default());
    tape.keep_activations(false);
    let mut probabilities = Array2::default([0, 0]);
    for positions in positions.chunks(batch_size) {
        images.batch_into(positions, &mut batch)?;
        let labels = batch.labels.view();
        let logits = network.forward_eval_into(batch.images.view(), &mut tape)?;
        if logits.ncols() != classes {
            return Err(TrainError::OtherNetwork {
                operation: "evaluate",
                expected: format!("{classes} logits per image, one per class"),
                got: logits.ncols().to_string(),
            });
        }
        let loss = softmax_cross_entropy::forward_into(logits, labels, &mut probabilities)?;
        score.add(loss.to_f64(), logits, labels);
        for (row, &label) in logits.outer_iter().zip(labels) {
            confusion[[label, largest(row)]] += 1;
        }
    }
    Ok(Evaluation { score, confusion })
}

/// The class of the largest logit, the first of equal ones.
fn largest<F: Real>(logits: ArrayView1<'_, F>) -> usize {
    let mut best = 0;
    for (class, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = class;
        }
    }
    best
}

pub(crate) fn expect_batch_size(batch_size: usize) -> Result<(), TrainError> {
    if batch_size == 0 {
        return Err(TrainError::Config {
            parameter: "the batch size",
            expected: "at least 1",
            got: "0".to_owned(),
        });
    }
    Ok(())
}
