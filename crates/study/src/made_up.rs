//! A study made up for tests: plausible curves by formula, nothing trained.

use crate::axis::Head;
use trainer::network::Preset;

use crate::axis::{Arm, Epochs, Grid};
use crate::config::StudyConfig;
use crate::tables::{
    ActivationRow, BatchNormRow, ConfusionRow, EpochRow, Place, RunKey, RunRow, Statistic, StepRow,
    Study,
};
use trainer::dataset::DataSet;

/// The notebook's configuration, but for 2 seeds of 2 epochs of 40 steps.
pub(crate) fn config() -> StudyConfig {
    StudyConfig {
        data_set: DataSet::FashionMnist,
        quick: false,
        grid: Grid { epochs: vec![Epochs(2)].into(), ..Grid::notebook(false) },
        seeds: vec![0, 1],
        training_images: 48_000,
        validation_images: 12_000,
        test_images: 10_000,
        steps_per_epoch: 40,
    }
}

/// Such a study of these networks.
pub(crate) fn config_of(networks: &[&Preset]) -> StudyConfig {
    let mut config = config();
    let networks = networks.iter().map(|preset| preset.config.clone());
    config.grid.network = networks.collect::<Vec<_>>().into();
    config
}

/// The arm of such a study with this network and head.
pub(crate) fn arm(network: &Preset, head: Head) -> Arm {
    Arm { network: network.config.clone(), head, ..config().arms()[0].clone() }
}

/// Tables of such a study.
pub(crate) fn study(config: StudyConfig) -> Study {
    let mut study = Study::empty(config.clone(), include_str!("made_up/grade.txt").to_owned());
    for arm in config.arms() {
        for &seed in &config.seeds {
            Run { key: RunKey { arm: arm.clone(), seed } }.add_to(&mut study);
        }
        add_confusion(&mut study, &arm);
    }
    study
}

fn has_batch_norm(arm: &Arm) -> bool {
    arm.network.to_string().contains("batch_norm")
}

struct Run {
    key: RunKey,
}

impl Run {
    /// Accuracy after a share of training: rises fast, then slowly.
    fn accuracy(&self, done: f64) -> f64 {
        let (end, half) = match (has_batch_norm(&self.key.arm), self.key.arm.head) {
            (false, Head::Frozen) => (0.86, 0.08),
            (true, Head::Frozen) => (0.875, 0.025),
            (false, Head::Trained) => (0.91, 0.03),
            (true, Head::Trained) => (0.935, 0.02),
        };
        0.1 + (end - 0.1) * done / (done + half) + 0.004 * (self.key.seed as f64 - 1.0)
    }

    fn add_to(&self, study: &mut Study) {
        let config = study.config.clone();
        let seed = self.key.seed;
        let (epochs, steps) = (self.key.arm.epochs.0, config.steps_per_epoch_of(&self.key.arm));
        let total = (epochs * steps) as f64;
        let wobble = |step: u64| ((step * 7 + seed * 3) % 11) as f64 / 11.0 - 0.5;
        let window = (steps / 20).max(1);
        for end in (window..=epochs * steps).step_by(window as usize) {
            let step = end - 1;
            let accuracy = self.accuracy((end as f64 - 0.5 * window as f64) / total);
            let noise = wobble(end / window) * 0.02;
            study.steps.push(StepRow {
                step,
                loss: 2.5 * (1.0 - accuracy) + 0.02 - 2.0 * noise,
                accuracy: accuracy + noise,
                count: window * self.key.arm.batch_size.0,
                ..StepRow::blank(self.key.clone())
            });
            let done = end as f64 / total;
            for block in [1, 2] {
                self.add_observations(study, step, block, done);
            }
        }
        for epoch in 1..=epochs {
            let done = epoch as f64 / epochs as f64;
            let accuracy = self.accuracy(done);
            study.epochs.push(EpochRow {
                epoch,
                step: epoch * steps - 1,
                train_loss: 2.6 * (1.0 - accuracy),
                train_accuracy: accuracy - 0.01,
                val_loss: 2.65 * (1.0 - accuracy),
                val_accuracy: accuracy + 0.003 * wobble(epoch),
                ..EpochRow::blank(self.key.clone())
            });
        }
        let last = study.epochs.last().cloned();
        study.runs.extend(last.map(|last| RunRow {
            epochs,
            steps: epochs * steps,
            train_loss: last.train_loss,
            val_loss: last.val_loss,
            val_accuracy: last.val_accuracy,
            test_loss: Some(last.val_loss + 0.02),
            test_accuracy: Some(last.val_accuracy - 0.006),
            ..RunRow::blank(last.key)
        }));
    }

    fn add_observations(&self, study: &mut Study, step: u64, block: u64, done: f64) {
        let grown = done / (done + 0.1);
        let at = |place, (p15, p50, p85): (f64, f64, f64)| ActivationRow {
            step,
            block,
            place,
            p15: p15 + 0.02 * self.key.seed as f64,
            p50: p50 + 0.02 * self.key.seed as f64,
            p85: p85 + 0.02 * self.key.seed as f64,
            ..ActivationRow::blank(self.key.clone())
        };
        let scale = block as f64 * grown;
        let raw = (-0.2 - 1.2 * scale, -0.1 - 0.5 * scale, 0.1 + 0.4 * scale);
        if !has_batch_norm(&self.key.arm) {
            study.activations.push(at(Place::PreActivation, raw));
            return;
        }
        study.activations.push(at(Place::BeforeBatchNorm, raw));
        let normal = (-1.0 - 0.1 * grown, -0.05 - 0.1 * grown, 0.95 - 0.05 * grown);
        study.activations.push(at(Place::PreActivation, normal));
        let middle = [1.0 - 0.1 * grown, -0.1 * grown, -0.3 * scale, 0.1 + 0.5 * scale];
        let width = [0.1 * grown, 0.08 * grown, 0.3 * scale, 0.05 + 0.2 * scale];
        let quantities =
            [Statistic::Gamma, Statistic::Beta, Statistic::RunningMean, Statistic::RunningVar];
        for ((quantity, p50), width) in quantities.into_iter().zip(middle).zip(width) {
            study.batch_norm.push(BatchNormRow {
                step,
                block,
                quantity,
                min: p50 - 1.5 * width,
                p25: p50 - 0.5 * width,
                p50,
                p75: p50 + 0.6 * width,
                max: p50 + 2.0 * width,
                ..BatchNormRow::blank(self.key.clone())
            });
        }
    }
}

/// What a class that is no top is taken for.
const NEIGHBOUR: [u64; 10] = [0, 3, 0, 0, 0, 7, 0, 9, 1, 5];

/// Of each class, most images on the diagonal; the rest of a top is taken for each other top, that
/// of anything else for its neighbour.
fn add_confusion(study: &mut Study, arm: &Arm) {
    let each = study.config.test_images / 10 * study.config.seeds.len() as u64;
    let tops = [0, 2, 3, 4, 6];
    for true_class in 0..10 {
        for predicted_class in 0..10 {
            let (of_tops, to_tops) = (tops.contains(&true_class), tops.contains(&predicted_class));
            let better = if has_batch_norm(arm) { 2 } else { 1 };
            let neighbour = NEIGHBOUR[true_class as usize];
            let share = match (true_class == predicted_class, of_tops, to_tops) {
                (true, true, _) => 100 - 4 * (12 / better),
                (true, false, _) => 100 - 6 / better,
                (false, true, true) => 12 / better,
                _ if !of_tops && predicted_class == neighbour => 6 / better,
                _ => 0,
            };
            study.confusion.push(ConfusionRow {
                key: arm.clone(),
                true_class,
                predicted_class,
                count: share * each / 100,
            });
        }
    }
}
