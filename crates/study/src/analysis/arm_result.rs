//! What came out of an arm, over its seeds.

use super::confusion::Confusion;
use super::distributions::{Activations, BatchNormStatistic};
use super::spread::Spread;
use super::windows::{self, Window};
use crate::arm::Arm;
use crate::config::StudyConfig;
use crate::published::Published;
use crate::tables::{EpochRow, RunRow, Study};

/// What came out of an arm. Everything goes in the order of the seeds in `study.toml`, whatever the
/// order of the rows, and each sum runs in that order, so that its bits depend on nothing else.
#[derive(Debug)]
pub struct ArmResult<'a> {
    /// The arm.
    pub arm: Arm,
    /// The arm in words, such as `batch norm, head frozen`.
    pub label: String,
    /// What tells it apart in its group, such as `batch norm`.
    pub name: String,
    /// Its place ([`StudyConfig::place`]), which gives it its colour.
    pub place: usize,
    /// Its runs.
    pub runs: Vec<&'a RunRow>,
    /// After each epoch that a run has come to or has diverged before.
    pub epochs: Vec<EpochResult<'a>>,
    /// Validation accuracy at the end of training.
    pub final_accuracy: Option<Spread>,
    /// Accuracy on the test images at the end of training, over the runs that were tested.
    pub test_accuracy: Option<Spread>,
    /// Training by windows, for each run.
    pub windows_of_runs: Vec<Vec<Window>>,
    /// The mean of each window that all runs have.
    pub windows: Vec<Window>,
    /// What goes into ReLU and batch norm.
    pub activations: Vec<Activations>,
    /// The parameters and running statistics of batch norm.
    pub batch_norm: Vec<BatchNormStatistic>,
    /// Test images by class.
    pub confusion: Option<Confusion>,
    /// The published figures that compare with it.
    pub published: Published,
}

/// What an arm had come to after an epoch.
#[derive(Debug)]
pub struct EpochResult<'a> {
    /// The epoch, counted from 1.
    pub epoch: u64,
    /// Each run that came so far.
    pub rows: Vec<&'a EpochRow>,
    /// The seeds of the runs that have diverged by then.
    pub diverged: Vec<u64>,
    /// Validation accuracy; a run that diverged counts as one that guesses.
    pub accuracy: Spread,
    /// Validation loss of the runs that came so far; none if all had diverged.
    pub loss: Option<Spread>,
}

impl EpochResult<'_> {
    /// The validation accuracy of the run with this seed; that of guessing if it has diverged.
    pub fn accuracy_of(&self, seed: u64, chance: f64) -> Option<f64> {
        let measured = self.rows.iter().find(|row| row.key.seed == seed);
        let guessed = self.diverged.contains(&seed).then_some(chance);
        measured.map(|row| row.val_accuracy).or(guessed)
    }
}

impl<'a> ArmResult<'a> {
    /// The primary outcome of each of its runs.
    pub fn outcomes(&self, config: &StudyConfig) -> Vec<f64> {
        self.runs.iter().filter_map(|run| run.outcome(config)).collect()
    }

    /// Whether all of its runs diverged.
    pub fn all_diverged(&self) -> bool {
        !self.runs.is_empty() && self.diverged() == self.runs.len()
    }

    /// How many of its runs diverged.
    pub fn diverged(&self) -> usize {
        self.runs.iter().filter(|run| run.diverged()).count()
    }

    /// The results of an arm of a study.
    pub(super) fn of(study: &'a Study, arm: Arm) -> Self {
        let seeds = study.config.seeds();
        let chance = study.config.chance();
        let tested = (study.config.test_images > 0).then_some(chance);
        let of_seed =
            |seed: &u64| study.runs.iter().find(|row| row.key.arm == arm && row.key.seed == *seed);
        let runs: Vec<&RunRow> = seeds.iter().filter_map(of_seed).collect();
        let rows: Vec<&EpochRow> = study.epochs.iter().filter(|row| row.key.arm == arm).collect();
        let epoch = |epoch: u64| {
            let of_seed = |seed: &u64| {
                rows.iter().find(|row| row.key.seed == *seed && row.epoch == epoch).copied()
            };
            let rows: Vec<&EpochRow> = seeds.iter().filter_map(of_seed).collect();
            let losses: Vec<f64> = rows.iter().map(|row| row.val_loss).collect();
            // A run that has diverged by then counts as one that guesses.
            let diverged = |seed: &&u64| {
                let run = runs.iter().find(|row| row.key.seed == **seed);
                run.is_some_and(|row| row.diverged() && row.epochs_trained < epoch)
            };
            let guesses = seeds.iter().filter(diverged).map(|_| chance);
            let accuracies: Vec<f64> =
                rows.iter().map(|row| row.val_accuracy).chain(guesses).collect();
            let (accuracy, loss) = (Spread::of(&accuracies)?, Spread::of(&losses));
            let diverged: Vec<u64> = seeds.iter().filter(diverged).copied().collect();
            Some(EpochResult { epoch, rows, diverged, accuracy, loss })
        };
        let over = |value: &dyn Fn(&RunRow) -> Option<f64>| {
            Spread::of(&runs.iter().filter_map(|row| value(row)).collect::<Vec<_>>())
        };
        let windows_of_runs = windows::of_runs(&arm, seeds, &study.steps);
        Self {
            label: study.config.label(&arm),
            name: study.config.name(&arm),
            place: study.config.place(&arm),
            epochs: (1..=arm.run.epochs).filter_map(epoch).collect(),
            final_accuracy: over(&|row| row.final_accuracy(chance)),
            test_accuracy: over(&|row| row.final_test_accuracy(tested)),
            windows: windows::mean(&windows_of_runs),
            windows_of_runs,
            activations: Activations::of(&arm, &study.optional.activations),
            batch_norm: BatchNormStatistic::of(&arm, &study.optional.batch_norm),
            confusion: Confusion::of(&arm, &study.confusion),
            published: Published::beside(&study.config, &arm),
            runs,
            arm,
        }
    }
}
