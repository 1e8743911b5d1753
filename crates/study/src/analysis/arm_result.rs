//! What came out of an arm, over its seeds.

use trainer::network::NetworkConfig;

use super::confusion::Confusion;
use super::distributions::{Activations, BatchNormStatistic};
use super::spread::Spread;
use super::windows::{self, Window};
use crate::axis::Arm;
use crate::published::Published;
use crate::tables::{EpochRow, RunRow, Study};

/// What came out of an arm. Everything goes in the order of the seeds in `study.toml`, whatever the
/// order of the rows, and each sum runs in that order, so that its bits depend on nothing else.
#[derive(Debug)]
pub struct ArmResult<'a> {
    /// The arm.
    pub arm: Arm,
    /// The arm in words, such as `SimpleNetwork, head frozen`.
    pub label: String,
    /// The name of its network, such as `SimpleNetwork`.
    pub network: String,
    /// Its runs.
    pub runs: Vec<&'a RunRow>,
    /// After each epoch that a run has come to.
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
    /// Validation accuracy.
    pub accuracy: Spread,
    /// Validation loss.
    pub loss: Spread,
}

impl<'a> ArmResult<'a> {
    /// The results of an arm of a study.
    pub(super) fn of(study: &'a Study, arm: Arm) -> Self {
        let seeds = &study.config.seeds;
        let of_seed =
            |seed: &u64| study.runs.iter().find(|row| row.key.arm == arm && row.key.seed == *seed);
        let runs: Vec<&RunRow> = seeds.iter().filter_map(of_seed).collect();
        let rows: Vec<&EpochRow> = study.epochs.iter().filter(|row| row.key.arm == arm).collect();
        let epoch = |epoch: u64| {
            let of_seed = |seed: &u64| {
                rows.iter().find(|row| row.key.seed == *seed && row.epoch == epoch).copied()
            };
            let rows: Vec<&EpochRow> = seeds.iter().filter_map(of_seed).collect();
            let over = |value: fn(&EpochRow) -> f64| {
                Spread::of(&rows.iter().map(|row| value(row)).collect::<Vec<_>>())
            };
            let (accuracy, loss) = (over(|row| row.val_accuracy)?, over(|row| row.val_loss)?);
            Some(EpochResult { epoch, rows, accuracy, loss })
        };
        let over = |value: fn(&RunRow) -> Option<f64>| {
            Spread::of(&runs.iter().filter_map(|row| value(row)).collect::<Vec<_>>())
        };
        let windows_of_runs = windows::of_runs(&arm, seeds, &study.steps);
        Self {
            label: study.config.label(&arm),
            network: arm.network.name().into_owned(),
            epochs: (1..=arm.epochs.0).filter_map(epoch).collect(),
            final_accuracy: over(|row| Some(row.val_accuracy)),
            test_accuracy: over(|row| row.test_accuracy),
            windows: windows::mean(&windows_of_runs),
            windows_of_runs,
            activations: Activations::of(&arm, &study.activations),
            batch_norm: BatchNormStatistic::of(&arm, &study.batch_norm),
            confusion: Confusion::of(&arm, &study.confusion),
            published: Published::beside(&study.config, &arm),
            runs,
            arm,
        }
    }

    /// The network without norm that its network is compared with.
    pub(super) fn partner(&self) -> Option<&'static NetworkConfig> {
        self.arm.network.preset()?.without_norm.map(|without| &without.config)
    }
}
