//! The training loop.

use std::ops::Range;

use kernels::{Real, softmax_cross_entropy};
use ndarray::{ArrayView1, ArrayView2};

use crate::TrainError;
use crate::dataset::{LabelledImages, Split};
use crate::network::Network;
use crate::optimizer::Adam;
use crate::random::{Purpose, Stream};

/// What is trained of a network. The notebook's optimiser is never given the linear head `fc`:
/// that arm reproduces its figures, and the other is what one would want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Head {
    /// Only the convolutional stack `model` is trained; `fc` keeps its initial weights.
    Frozen,
    /// Everything is trained.
    Trained,
}

impl Head {
    /// Whether the parameter of this name is trained.
    pub fn trains(self, parameter: &str) -> bool {
        match self {
            Self::Frozen => parameter.starts_with("model."),
            Self::Trained => true,
        }
    }
}

/// How to train, apart from the optimiser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitConfig {
    /// The epochs to train, counted from 0. A run that goes on where another ended starts with
    /// that one's network and optimiser, and with its first missing epoch.
    pub epochs: Range<u64>,
    /// N, the images of a batch; an epoch's last batch may be smaller.
    pub batch_size: usize,
    /// The seed of the images' order.
    pub seed: u64,
}

/// Which images a measurement is of, and in which mode the network was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The step's batch, in training mode, before the step.
    Training,
    /// All validation images, in evaluation mode, after the epoch.
    Validation,
}

impl Phase {
    /// The name in the column `split`.
    pub fn split(self) -> &'static str {
        match self {
            Self::Training => "train",
            Self::Validation => "val",
        }
    }
}

/// What was measured of a network at one moment; means over `count` images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// The optimiser step, counted from 0 over all epochs; for validation the epoch's last.
    pub step: u64,
    /// The epoch, counted from 0.
    pub epoch: u64,
    /// What was measured.
    pub phase: Phase,
    /// Mean cross-entropy in nats; lower is better.
    pub loss: f64,
    /// Share of images whose largest logit is their class's; higher is better.
    pub accuracy: f64,
    /// The number of images.
    pub count: usize,
}

/// Trains `network`, and hands each step's and each epoch's [`Measurement`] to `observe` as it is
/// made. An error of the observer ends the training and is returned: a log that cannot be written
/// and a user who wants to stop are the caller's, and of the caller's type.
///
/// The order of an epoch's images follows from the seed and the epoch's number alone.
///
/// # Errors
///
/// [`TrainError`] for an empty batch or split, for images or an optimiser of another network, and
/// when the loss is not finite; and those of the observer.
pub fn fit<F: Real, E: From<TrainError>>(
    network: &mut Network<F>,
    optimizer: &mut Adam<F>,
    images: &LabelledImages,
    split: &Split,
    config: &FitConfig,
    mut observe: impl FnMut(Measurement) -> Result<(), E>,
) -> Result<(), E> {
    expect_batch_size(config.batch_size)?;
    split.expect_not_empty()?;
    let steps_an_epoch = split.training.len().div_ceil(config.batch_size) as u64;
    for epoch in config.epochs.clone() {
        let mut order = split.training.clone();
        Stream::new(config.seed, Purpose::Shuffle, epoch).shuffle(&mut order);
        let first = epoch * steps_an_epoch;
        for (step, positions) in (first..).zip(order.chunks(config.batch_size)) {
            let mut random = Stream::new(config.seed, Purpose::Dropout, step);
            let score = train_step(network, optimizer, images, positions, &mut random)?;
            let loss = score.mean_loss();
            if !loss.is_finite() {
                return Err(TrainError::LossNotFinite { step, epoch, loss }.into());
            }
            observe(score.measurement(step, epoch, Phase::Training))?;
        }
        let score = evaluate(network, images, &split.validation, config.batch_size)?;
        let last = first + steps_an_epoch - 1;
        observe(score.measurement(last, epoch, Phase::Validation))?;
    }
    Ok(())
}

/// Sums over images, from which means follow.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// The sum of the cross-entropies.
    loss: f64,
    /// The images whose largest logit is their class's.
    correct: usize,
    /// All images.
    count: usize,
}

impl Score {
    /// The mean cross-entropy in nats; NaN of no images.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.count as f64
    }

    /// The share of images classified right; NaN of no images.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.count as f64
    }

    fn add(&mut self, mean_loss: f64, correct: usize, count: usize) {
        self.loss += mean_loss * count as f64;
        self.correct += correct;
        self.count += count;
    }

    fn measurement(&self, step: u64, epoch: u64, phase: Phase) -> Measurement {
        let (loss, accuracy) = (self.mean_loss(), self.accuracy());
        Measurement { step, epoch, phase, loss, accuracy, count: self.count }
    }
}

/// Loss and accuracy of a network, in evaluation mode, on the images at these positions.
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
) -> Result<Score, TrainError> {
    expect_batch_size(batch_size)?;
    let mut score = Score::default();
    for positions in positions.chunks(batch_size) {
        let batch = images.batch(positions)?;
        let logits = network.forward_eval(batch.images.view())?;
        let labels = batch.labels.view();
        let (loss, _) = softmax_cross_entropy::forward(logits.view(), labels)?;
        score.add(loss.to_f64(), correct(logits.view(), labels), positions.len());
    }
    Ok(score)
}

/// One step of the optimiser on one batch; the score is that of the parameters before it.
fn train_step<F: Real>(
    network: &mut Network<F>,
    optimizer: &mut Adam<F>,
    images: &LabelledImages,
    positions: &[usize],
    random: &mut Stream,
) -> Result<Score, TrainError> {
    let batch = images.batch(positions)?;
    let labels = batch.labels.view();
    let (logits, tape) = network.forward_train(batch.images, random)?;
    let (loss, probabilities) = softmax_cross_entropy::forward(logits.view(), labels)?;
    let dlogits = softmax_cross_entropy::backward(probabilities.view(), labels)?;
    let gradients = network.backward(tape, dlogits.view())?;
    optimizer.step(network, &gradients)?;
    let mut score = Score::default();
    score.add(loss.to_f64(), correct(logits.view(), labels), positions.len());
    Ok(score)
}

/// The rows whose largest logit, the first of equal ones, is at their label.
fn correct<F: Real>(logits: ArrayView2<'_, F>, labels: ArrayView1<'_, usize>) -> usize {
    let largest = |row: ArrayView1<'_, F>| {
        let mut best = 0;
        for (class, &logit) in row.iter().enumerate() {
            if logit > row[best] {
                best = class;
            }
        }
        best
    };
    logits.outer_iter().zip(labels).filter(|(row, label)| largest(row.view()) == **label).count()
}

fn expect_batch_size(batch_size: usize) -> Result<(), TrainError> {
    if batch_size == 0 {
        return Err(TrainError::Config {
            parameter: "the batch size",
            expected: "at least 1",
            got: "0".to_owned(),
        });
    }
    Ok(())
}
