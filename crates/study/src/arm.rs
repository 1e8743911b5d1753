//! An arm of a study: everything that distinguishes two of its runs but the seed.

use trainer::dataset::DataSet;
use trainer::evaluation::EvaluationStatistics;
use trainer::network::{NetworkConfig, NetworkKind, Norm, preset};
use trainer::optimizer::{AdamConfig, OptimizerConfig};
use trainer::run::RunConfig;
use trainer::{Observe, Seeds, TrainError, TrainedParameters, Trains};

pub use crate::rate_scaling::NOTEBOOK_BATCH_SIZE;
use crate::rate_scaling::RateScaling;
use crate::source::Source;

/// How many times per epoch losses are averaged and networks observed for the study's tables.
pub const WINDOWS_PER_EPOCH: u64 = 20;

/// The steps of a window, ⌈steps per epoch / [`WINDOWS_PER_EPOCH`]⌉; the last window of an epoch may
/// have fewer.
pub fn steps_per_window(steps_per_epoch: u64) -> u64 {
    steps_per_epoch.div_ceil(WINDOWS_PER_EPOCH)
}

/// The notebook's learning rate.
pub const NOTEBOOK_LEARNING_RATE: f64 = 5e-4;

/// The notebook's epochs.
pub const NOTEBOOK_EPOCHS: u64 = 5;

/// Everything that distinguishes two runs of a study but the seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Its run with seed 0.
    pub run: RunConfig,
    /// The images that it is trained with.
    pub training_images: u64,
    /// What a seed changes of its runs; the rest is that of seed 0.
    pub vary: Vec<Source>,
    data_set: DataSet,
    /// The learning rate before it is scaled by the batch size.
    base_rate: f64,
    rate_scaling: RateScaling,
}

impl Arm {
    /// What the notebook trains without batch norm: all of `SimpleNetwork` but its head, with so many
    /// images of this data set.
    ///
    /// # Errors
    ///
    /// None in fact: those of the optimiser, whose learning rate is a constant here.
    pub fn notebook(data_set: DataSet, training_images: u64) -> Result<Self, TrainError> {
        let run = RunConfig {
            network: preset::SIMPLE_NETWORK.config.clone(),
            trains: Trains::HeadFrozen,
            seeds: Seeds::both(0),
            epochs: NOTEBOOK_EPOCHS,
            batch_size: NOTEBOOK_BATCH_SIZE,
            optimizer: AdamConfig::new(NOTEBOOK_LEARNING_RATE)?.into(),
            observations_per_epoch: WINDOWS_PER_EPOCH,
            observe: Observe::default(),
            data_set: data_set.into(),
            statistics: EvaluationStatistics::Running,
        };
        Ok(Self {
            run,
            training_images,
            vary: vec![Source::Weights, Source::Order],
            data_set,
            base_rate: NOTEBOOK_LEARNING_RATE,
            rate_scaling: RateScaling::None,
        })
    }

    /// An arm to try values of axes on.
    ///
    /// # Errors
    ///
    /// As for [`Self::notebook`].
    pub fn any() -> Result<Self, TrainError> {
        Self::notebook(DataSet::FashionMnist, 48_000)
    }

    /// Its data set.
    pub fn data_set(&self) -> DataSet {
        self.data_set
    }

    /// Gives it another data set.
    pub(crate) fn set_data_set(&mut self, data_set: DataSet) {
        self.data_set = data_set;
        self.run.data_set = data_set.into();
    }

    /// The seeds of its run with this seed.
    pub fn seeds(&self, seed: u64) -> Seeds {
        Seeds { weights: self.of(Source::Weights, seed), order: self.of(Source::Order, seed) }
    }

    /// The seed of the split of its run with this seed.
    pub fn seed_of_split(&self, seed: u64) -> u64 {
        self.of(Source::Split, seed)
    }

    fn of(&self, source: Source, seed: u64) -> u64 {
        if self.vary.contains(&source) { seed } else { 0 }
    }

    /// The learning rate that it was given, which [`Self::rate_scaling`] scales.
    pub fn base_rate(&self) -> f64 {
        self.base_rate
    }

    /// How its learning rate follows from its batch size.
    pub fn rate_scaling(&self) -> RateScaling {
        self.rate_scaling
    }

    /// Its learning rate, scaled.
    pub fn learning_rate(&self) -> f64 {
        self.run.optimizer.hyperparameter("learning_rate").unwrap_or_default()
    }

    /// Its weight decay.
    pub fn weight_decay(&self) -> f64 {
        self.run.optimizer.hyperparameter("weight_decay").unwrap_or_default()
    }

    /// Gives it the optimiser of this name with these and otherwise its usual hyperparameters; the learning
    /// rate is that before it is scaled. The error says what is expected instead.
    pub(crate) fn set_optimizer(
        &mut self,
        name: &str,
        base_rate: f64,
        weight_decay: f64,
    ) -> Result<(), String> {
        let names = || OptimizerConfig::NAMES.join(", ");
        let scaled = self.rate_scaling.scaled(base_rate, self.run.batch_size);
        let is_rate = scaled.is_finite() && scaled > 0.0;
        let rate =
            is_rate.then_some(scaled).ok_or("a learning rate that stays finite and above 0")?;
        let usual = OptimizerConfig::usual(name, rate).map_err(|_| names())?;
        let decaying = usual.with_weight_decay(weight_decay);
        self.run.optimizer = decaying.map_err(|error| error.to_string())?;
        self.base_rate = base_rate;
        Ok(())
    }

    /// Gives it batches of this size, and the learning rate that follows.
    pub(crate) fn set_batch_size(&mut self, images: usize) -> Result<(), String> {
        self.run.batch_size = images;
        self.scale_rate(self.rate_scaling)
    }

    /// Scales its learning rate in this way.
    pub(crate) fn scale_rate(&mut self, scaling: RateScaling) -> Result<(), String> {
        self.rate_scaling = scaling;
        self.set_optimizer(self.run.optimizer.name(), self.base_rate, self.weight_decay())
    }

    /// Its network.
    pub fn network(&self) -> &NetworkConfig {
        &self.run.network
    }

    /// The optimiser steps of an epoch: one per batch, the last of which may be smaller.
    pub fn steps_per_epoch(&self) -> u64 {
        self.training_images.div_ceil(self.batch_size().max(1))
    }

    /// The optimiser steps of all epochs.
    pub fn steps(&self) -> u64 {
        self.run.epochs.saturating_mul(self.steps_per_epoch())
    }

    /// The images of a batch.
    pub fn batch_size(&self) -> u64 {
        self.run.batch_size as u64
    }

    /// The arm in one way of writing, and the parameters that are trained: arms that have the same come out
    /// the same.
    pub(crate) fn what_comes_out(&self, trained: TrainedParameters) -> (Self, TrainedParameters) {
        let mut arm = self.clone();
        // Different ways to the same learning rate.
        (arm.base_rate, arm.rate_scaling) = (self.learning_rate(), RateScaling::None);
        let network = &mut arm.run.network;
        let (NetworkKind::Convolutional { widths }
        | NetworkKind::FullyConnected { hidden: widths }) = &network.kind;
        if !network.norm.has_running_statistics() {
            // Other norms compute the same in training and in evaluation.
            arm.run.statistics = EvaluationStatistics::Running;
        }
        // It changes no number of the training.
        arm.run.observe = Observe::default();
        match network.norm {
            // One ghost batch is the whole batch.
            Norm::GhostBatchNorm { images } if images >= arm.run.batch_size => {
                network.norm = Norm::BatchNorm;
            }
            Norm::GroupNorm { groups } if widths.iter().all(|width| *width == groups) => {
                network.norm = Norm::InstanceNorm;
            }
            Norm::None
            | Norm::BatchNorm
            | Norm::GhostBatchNorm { .. }
            | Norm::NoisyBatchNorm
            | Norm::GroupNorm { .. }
            | Norm::InstanceNorm => {}
        }
        // Different words for the same parameters.
        arm.run.trains = Trains::All;
        (arm, trained)
    }

    /// Whether both are evaluations of one training.
    pub(crate) fn shares_training_with(&self, other: &Self) -> bool {
        let trained = |arm: &Self| {
            let mut arm = arm.clone();
            arm.run.statistics = EvaluationStatistics::Running;
            arm
        };
        trained(self) == trained(other)
    }

    /// Whether its runs train as those behind the published figures did, as far as both go: any number
    /// of epochs, and whichever network. `images` are those of the published runs.
    pub fn is_as_published(&self, images: u64) -> bool {
        let published = AdamConfig::new(NOTEBOOK_LEARNING_RATE).map(Into::into);
        self.run.trains == Trains::HeadFrozen
            && self.run.statistics == EvaluationStatistics::Running
            && self.run.batch_size == NOTEBOOK_BATCH_SIZE
            && published.is_ok_and(|published| self.run.optimizer == published)
            && self.training_images == images
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_twentieth_of_an_epoch_rounded_up() {
        assert_eq!([7, 30, 70, 960].map(steps_per_window), [1, 2, 4, 48]);
    }
}
