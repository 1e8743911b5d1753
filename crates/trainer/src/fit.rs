//! The training loop.

use kernels::{Real, softmax_cross_entropy};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::dataset::{ImageBatch, LabelledImages, Split};
use crate::evaluation::{Evaluation, Score, evaluate, expect_batch_size};
use crate::landscape::Landscape;
use crate::network::{Gradients, Network, Tape};
use crate::observation::Observation;
use crate::observe::{Observable, Observe};
use crate::optimizer::Optimizer;
use crate::random_stream::{Purpose, Stream};

/// How to train, apart from the optimiser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitConfig {
    /// The first step to take, counted from 0 over all epochs. A run that continues where another
    /// ended, at a [`Moment::is_resumable`], starts with that one's network and optimiser, after the
    /// steps that the optimiser has taken.
    pub first_step: u64,
    /// The epochs in all, those of earlier parts of the run included.
    pub epochs: u64,
    /// N, the images of a batch; an epoch's last batch may be smaller.
    pub batch_size: usize,
    /// The seed of the images' order and of dropout.
    pub seed: u64,
    /// Steps whose number is a multiple of this are observed, and the last step of each epoch. 0
    /// observes none.
    pub observe_every: u64,
    /// What is observed at these steps.
    pub observe: Observe,
}

/// Which images a measurement is of, and in which mode the network was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// The step's batch, in training mode, before the step.
    #[serde(rename = "train")]
    Training,
    /// All validation images, in evaluation mode, after the epoch.
    #[serde(rename = "val")]
    Validation,
}

/// What was measured of a network at one moment; means over `count` images. The fields are the
/// columns of `metrics.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The optimiser step, counted from 0 over all epochs; for validation the epoch's last.
    pub step: u64,
    /// The epoch, counted from 0.
    pub epoch: u64,
    /// What was measured; the column `split`.
    #[serde(rename = "split")]
    pub phase: Phase,
    /// Mean cross-entropy in nats; lower is better.
    pub loss: f64,
    /// Share of images whose largest logit is their class's; higher is better.
    pub accuracy: f64,
    /// The number of images.
    pub count: usize,
}

impl Measurement {
    pub(crate) fn new(step: u64, epoch: u64, phase: Phase, score: &Score) -> Self {
        let (loss, accuracy, count) = (score.mean_loss(), score.accuracy(), score.count());
        Self { step, epoch, phase, loss, accuracy, count }
    }
}

/// A step or an epoch just ended: what was measured, and the state that training continues from.
#[derive(Debug)]
pub struct Moment<'a, F> {
    /// What was measured.
    pub measurement: Measurement,
    /// What was seen inside the network, at steps that are observed.
    pub observation: Option<Observation<F>>,
    /// The network after the step.
    pub network: &'a Network<F>,
    /// The optimiser after the step.
    pub optimizer: &'a Optimizer<F>,
    /// Whether a run can continue from here, with the optimiser's number of steps as its first step;
    /// not between an epoch's last step and its validation, which would be left out.
    pub is_resumable: bool,
}

/// Trains `network`, and hands each step and each epoch to `observe` as it ends. An error of the
/// observer ends the training and is returned: a log that cannot be written and a user who wants
/// to stop are the caller's, and of the caller's type.
///
/// The order of an epoch's images follows from the seed and the epoch's number alone, and dropout
/// from the seed and the step's, so a run in parts gives the bits of a run in one.
///
/// # Errors
///
/// [`TrainError`] for an empty batch or split, for images or an optimiser of another network, and
/// when the loss is not finite; and those of the observer.
pub fn fit<F: Real, E: From<TrainError>>(
    network: &mut Network<F>,
    optimizer: &mut Optimizer<F>,
    images: &LabelledImages,
    split: &Split,
    config: &FitConfig,
    mut observe: impl FnMut(Moment<'_, F>) -> Result<(), E>,
) -> Result<(), E> {
    let steps_per_epoch = steps_per_epoch(split, config.batch_size)?;
    expect_batches_to_normalize(
        network,
        split.training.len(),
        config.batch_size,
        "training images",
    )?;
    let gradients = optimizer.memory_for_gradients(network);
    let has_landscape = config.observe_every > 0 && config.observe.has(Observable::Landscape);
    let mut steps = Steps {
        images,
        seed: config.seed,
        observe: &config.observe,
        landscape: has_landscape.then(|| Landscape::new(&gradients)),
        batch: ImageBatch::default(),
        tape: Tape::default(),
        probabilities: Array2::default([0, 0]),
        gradients,
    };
    for epoch in config.first_step / steps_per_epoch..config.epochs {
        let mut order = split.training.clone();
        Stream::new(config.seed, Purpose::Shuffle, epoch).shuffle(&mut order);
        let first = epoch * steps_per_epoch;
        let last = first + steps_per_epoch - 1;
        for (step, positions) in (first..).zip(order.chunks(config.batch_size)) {
            if step < config.first_step {
                continue;
            }
            let due = |every| step.is_multiple_of(every) || step == last;
            let observes = config.observe_every > 0 && !config.observe.is_nothing();
            let wants_observation = observes && due(config.observe_every);
            let (score, observation) =
                steps.train(step, positions, network, optimizer, wants_observation)?;
            let measurement = Measurement::new(step, epoch, Phase::Training, &score);
            expect_finite(&measurement)?;
            observe(Moment {
                measurement,
                observation,
                network,
                optimizer,
                is_resumable: step < last,
            })?;
        }
        let Evaluation { score, .. } =
            evaluate(network, images, &split.validation, config.batch_size)?;
        let measurement = Measurement::new(last, epoch, Phase::Validation, &score);
        expect_finite(&measurement)?;
        expect_finite_state(network, last, epoch)?;
        observe(Moment { measurement, observation: None, network, optimizer, is_resumable: true })?;
    }
    Ok(())
}

/// The optimiser steps per epoch: one per batch.
///
/// # Errors
///
/// [`TrainError`] for a batch size of 0 or a split with an empty part.
pub fn steps_per_epoch(split: &Split, batch_size: usize) -> Result<u64, TrainError> {
    expect_batch_size(batch_size)?;
    split.expect_not_empty()?;
    Ok(split.training.len().div_ceil(batch_size) as u64)
}

/// Refuses, before the first step, a batch of a single image that the last of so many would be
/// and that batch norm of rows cannot normalise. `of` says which images they are.
pub(crate) fn expect_batches_to_normalize<F: Real>(
    network: &Network<F>,
    images: usize,
    batch_size: usize,
    of: &str,
) -> Result<(), TrainError> {
    let last = images.saturating_sub(1) % batch_size + 1;
    if last > 1 || !network.norms().any(|(_, norm)| norm.needs_two_rows) {
        return Ok(());
    }
    Err(TrainError::Config {
        parameter: "the batch size",
        expected: "one that leaves no batch of a single image, which batch norm cannot normalise",
        got: format!("{batch_size} with {images} {of}"),
    })
}

fn expect_finite(measurement: &Measurement) -> Result<(), TrainError> {
    let &Measurement { step, epoch, phase, loss, .. } = measurement;
    if loss.is_finite() {
        return Ok(());
    }
    let phase = match phase {
        Phase::Training => "training",
        Phase::Validation => "validation",
    };
    Err(TrainError::LossNotFinite { phase, step, epoch, loss })
}

/// Weights can run away while batch norm keeps the losses finite.
fn expect_finite_state<F: Real>(
    network: &Network<F>,
    step: u64,
    epoch: u64,
) -> Result<(), TrainError> {
    for (name, array) in network.state() {
        if array.iter().any(|value| !value.to_f64().is_finite()) {
            return Err(TrainError::StateNotFinite { name, step, epoch });
        }
    }
    Ok(())
}

/// Steps, and the memory that they use again.
struct Steps<'a, F: Real> {
    images: &'a LabelledImages,
    seed: u64,
    observe: &'a Observe,
    landscape: Option<Landscape<F>>,
    batch: ImageBatch<F>,
    tape: Tape<F>,
    /// After the backward pass of the loss its gradient.
    probabilities: Array2<F>,
    gradients: Gradients<F>,
}

impl<F: Real> Steps<'_, F> {
    /// One step of the optimiser; score and observation are of the parameters before it.
    fn train(
        &mut self,
        step: u64,
        positions: &[usize],
        network: &mut Network<F>,
        optimizer: &mut Optimizer<F>,
        wants_observation: bool,
    ) -> Result<(Score, Option<Observation<F>>), TrainError> {
        let Self { images, seed, observe, landscape, batch, tape, probabilities, gradients } = self;
        images.batch_into(positions, batch)?;
        let labels = batch.labels.view();
        let random = Stream::new(*seed, Purpose::Dropout, step);
        tape.keep_activations(wants_observation && observe.keeps_activations());
        let logits = network.forward_train_into(batch.images.view(), &mut random.clone(), tape)?;
        let loss = softmax_cross_entropy::forward_into(logits, labels, probabilities)?;
        let mut score = Score::default();
        score.add(loss.to_f64(), logits, labels);
        let mut observation = wants_observation.then(|| Observation::of(network, tape, observe));
        softmax_cross_entropy::backward_in_place(probabilities.view_mut(), labels)?;
        network.backward_into(tape, probabilities.view(), gradients)?;
        if let (Some(observation), Some(landscape)) = (&mut observation, landscape) {
            // The optimiser does not read them.
            optimizer.clear_untrained(gradients);
            let measured = landscape.measure(network, optimizer, batch, gradients, &random)?;
            observation.distributions.extend(measured);
        }
        optimizer.step(network, gradients)?;
        Ok((score, observation))
    }
}
