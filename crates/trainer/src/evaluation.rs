//! How well a network does on images, in evaluation mode, and what its batch norms normalise with there.

mod pooled;
mod population;
mod statistics;
mod variance_shift;

use kernels::{Real, softmax_cross_entropy};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayView4};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::dataset::{ImageBatch, LabelledImages};
use crate::network::{Network, Tape};
use crate::random_stream::{Purpose, Stream};

pub use self::population::{NormMoments, population_moments};
pub use self::statistics::EvaluationStatistics;
pub use self::variance_shift::{VarianceShift, variance_shift};

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
    evaluate_by(images, positions, batch_size, |batch, tape| network.forward_eval_into(batch, tape))
}

/// [`evaluate`] of a network in `f32`. It is not generic, so that it is compiled in this crate, optimised, and
/// not in that of the caller.
///
/// # Errors
///
/// As for [`evaluate`].
pub fn evaluate_f32(
    network: &Network<f32>,
    images: &LabelledImages,
    positions: &[usize],
    batch_size: usize,
) -> Result<Evaluation, TrainError> {
    evaluate(network, images, positions, batch_size)
}

/// As [`evaluate`], but batch norms normalise each batch, in the order of the positions, with the
/// batch's own mean and variance (ddof 0), ghost batch norms each ghost batch, as in training. Dropout
/// and noise are off, and the network stays as it is. [`EvaluationStatistics::Batch`].
///
/// # Errors
///
/// As for [`evaluate`], and for a last batch of a single image that batch norm cannot normalise.
pub fn evaluate_by_batch<F: Real>(
    network: &Network<F>,
    images: &LabelledImages,
    positions: &[usize],
    batch_size: usize,
) -> Result<Evaluation, TrainError> {
    let mut network = network.without_randomness();
    let mut random = unused_stream();
    evaluate_by(images, positions, batch_size, |batch, tape| {
        network.forward_train_into(batch, &mut random, tape)
    })
}

/// For the training pass of a network without randomness, which draws nothing.
fn unused_stream() -> Stream {
    Stream::new(0, Purpose::Dropout, 0)
}

/// Evaluates what `forward` makes of each batch.
fn evaluate_by<F: Real>(
    images: &LabelledImages,
    positions: &[usize],
    batch_size: usize,
    mut forward: impl for<'t> FnMut(
        ArrayView4<'_, F>,
        &'t mut Tape<F>,
    ) -> Result<ArrayView2<'t, F>, TrainError>,
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
        let logits = forward(batch.images.view(), &mut tape)?;
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
