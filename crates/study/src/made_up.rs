//! A study made up for tests: plausible curves by formula, nothing trained.

use super::tables::{
    ActivationRow, BatchNormRow, ConfusionRow, DataSetName, EpochRow, Head, Place, Quantity,
    RunRow, StepRow, Study, StudyConfig,
};

/// The notebook's configuration, but for 2 seeds of 2 epochs of 40 steps.
pub fn config() -> StudyConfig {
    StudyConfig {
        data_set: DataSetName::FashionMnist,
        quick: false,
        networks: vec!["simple_network".to_owned(), "spatial_batch_norm_network".to_owned()],
        heads: vec![Head::Frozen, Head::Trained],
        seeds: vec![0, 1],
        epochs: 2,
        batch_size: 50,
        learning_rate: 5e-4,
        training_images: 48_000,
        validation_images: 12_000,
        test_images: 10_000,
        steps_per_epoch: 40,
    }
}

/// Tables of such a study.
pub fn study(config: StudyConfig) -> Study {
    let mut study = Study {
        config: config.clone(),
        runs: Vec::new(),
        epochs: Vec::new(),
        steps: Vec::new(),
        activations: Vec::new(),
        batch_norm: Vec::new(),
        confusion: Vec::new(),
        grade: include_str!("made_up/grade.txt").to_owned(),
    };
    for network in &config.networks {
        for &head in &config.heads {
            for &seed in &config.seeds {
                Run { network, head, seed }.add_to(&mut study);
            }
            add_confusion(&mut study, network, head);
        }
    }
    study
}

struct Run<'a> {
    network: &'a str,
    head: Head,
    seed: u64,
}

impl Run<'_> {
    fn batch_norm(&self) -> bool {
        self.network.contains("batch_norm")
    }

    /// Accuracy after a share of training: rises fast, then slowly.
    fn accuracy(&self, done: f64) -> f64 {
        let (end, half) = match (self.batch_norm(), self.head) {
            (false, Head::Frozen) => (0.86, 0.08),
            (true, Head::Frozen) => (0.875, 0.025),
            (false, Head::Trained) => (0.91, 0.03),
            (true, Head::Trained) => (0.935, 0.02),
        };
        0.1 + (end - 0.1) * done / (done + half) + 0.004 * (self.seed as f64 - 1.0)
    }

    fn add_to(&self, study: &mut Study) {
        let config = study.config.clone();
        let (network, head, seed) = (self.network.to_owned(), self.head, self.seed);
        let total = (config.epochs * config.steps_per_epoch) as f64;
        let wobble = |step: u64| ((step * 7 + seed * 3) % 11) as f64 / 11.0 - 0.5;
        let window = (config.steps_per_epoch / 20).max(1);
        for end in (window..=config.epochs * config.steps_per_epoch).step_by(window as usize) {
            let step = end - 1;
            let accuracy = self.accuracy((end as f64 - 0.5 * window as f64) / total);
            let noise = wobble(end / window) * 0.02;
            study.steps.push(StepRow {
                network: network.clone(),
                head,
                seed,
                step,
                loss: 2.5 * (1.0 - accuracy) + 0.02 - 2.0 * noise,
                accuracy: accuracy + noise,
                count: window * config.batch_size,
            });
            let done = end as f64 / total;
            for block in [1, 2] {
                self.add_looks(study, step, block, done);
            }
        }
        for epoch in 1..=config.epochs {
            let done = epoch as f64 / config.epochs as f64;
            let accuracy = self.accuracy(done);
            study.epochs.push(EpochRow {
                network: network.clone(),
                head,
                seed,
                epoch,
                step: epoch * config.steps_per_epoch - 1,
                train_loss: 2.6 * (1.0 - accuracy),
                train_accuracy: accuracy - 0.01,
                val_loss: 2.65 * (1.0 - accuracy),
                val_accuracy: accuracy + 0.003 * wobble(epoch),
            });
        }
        let last = study.epochs.last().cloned();
        study.runs.extend(last.map(|last| RunRow {
            network,
            head,
            seed,
            epochs: config.epochs,
            steps: config.epochs * config.steps_per_epoch,
            train_loss: last.train_loss,
            val_loss: last.val_loss,
            val_accuracy: last.val_accuracy,
            test_loss: Some(last.val_loss + 0.02),
            test_accuracy: Some(last.val_accuracy - 0.006),
        }));
    }

    fn add_looks(&self, study: &mut Study, step: u64, block: u64, done: f64) {
        let grown = done / (done + 0.1);
        let at = |place, (p15, p50, p85): (f64, f64, f64)| ActivationRow {
            network: self.network.to_owned(),
            head: self.head,
            seed: self.seed,
            step,
            block,
            place,
            p15: p15 + 0.02 * self.seed as f64,
            p50: p50 + 0.02 * self.seed as f64,
            p85: p85 + 0.02 * self.seed as f64,
        };
        let scale = block as f64 * grown;
        let raw = (-0.2 - 1.2 * scale, -0.1 - 0.5 * scale, 0.1 + 0.4 * scale);
        if !self.batch_norm() {
            study.activations.push(at(Place::PreActivation, raw));
            return;
        }
        study.activations.push(at(Place::BeforeBatchNorm, raw));
        let normal = (-1.0 - 0.1 * grown, -0.05 - 0.1 * grown, 0.95 - 0.05 * grown);
        study.activations.push(at(Place::PreActivation, normal));
        let middle = [1.0 - 0.1 * grown, -0.1 * grown, -0.3 * scale, 0.1 + 0.5 * scale];
        let width = [0.1 * grown, 0.08 * grown, 0.3 * scale, 0.05 + 0.2 * scale];
        let quantities =
            [Quantity::Gamma, Quantity::Beta, Quantity::RunningMean, Quantity::RunningVar];
        for ((quantity, p50), width) in quantities.into_iter().zip(middle).zip(width) {
            study.batch_norm.push(BatchNormRow {
                network: self.network.to_owned(),
                head: self.head,
                seed: self.seed,
                step,
                block,
                quantity,
                min: p50 - 1.5 * width,
                p25: p50 - 0.5 * width,
                p50,
                p75: p50 + 0.6 * width,
                max: p50 + 2.0 * width,
            });
        }
    }
}

/// What a class that is no top is taken for.
const NEIGHBOUR: [u64; 10] = [0, 3, 0, 0, 0, 7, 0, 9, 1, 5];

/// Of each class, most images on the diagonal; the rest of a top is taken for each other top, that
/// of anything else for its neighbour.
fn add_confusion(study: &mut Study, network: &str, head: Head) {
    let each = study.config.test_images / 10 * study.config.seeds.len() as u64;
    let tops = [0, 2, 3, 4, 6];
    for true_class in 0..10 {
        for predicted_class in 0..10 {
            let (of_tops, to_tops) = (tops.contains(&true_class), tops.contains(&predicted_class));
            let better = if network.contains("batch_norm") { 2 } else { 1 };
            let neighbour = NEIGHBOUR[true_class as usize];
            let share = match (true_class == predicted_class, of_tops, to_tops) {
                (true, true, _) => 100 - 4 * (12 / better),
                (true, false, _) => 100 - 6 / better,
                (false, true, true) => 12 / better,
                _ if !of_tops && predicted_class == neighbour => 6 / better,
                _ => 0,
            };
            study.confusion.push(ConfusionRow {
                network: network.to_owned(),
                head,
                true_class,
                predicted_class,
                count: share * each / 100,
            });
        }
    }
}
