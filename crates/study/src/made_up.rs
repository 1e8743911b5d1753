//! A study made up for tests: plausible curves by formula, nothing trained.

use trainer::Trains;
use trainer::network::Preset;

use crate::arm::Arm;
use crate::config::StudyConfig;
use crate::figure_name;
use crate::tables::{
    ActivationRow, BatchNormRow, ConfusionRow, EpochRow, LandscapeRow, Place, RunKey, RunRow,
    RunState, Statistic, StepRow, Study, UnitRow,
};

/// The study of this text, of Fashion-MNIST with 2 seeds of 2 epochs unless it says otherwise.
pub(crate) fn config_from(compare: &str, fixed: &str, repeat: &str) -> StudyConfig {
    let or =
        |text: &str, usual: &str| if text.is_empty() { usual.to_owned() } else { text.to_owned() };
    let (fixed, repeat) = (or(fixed, "epochs = 2"), or(repeat, "seeds = 2"));
    let data_set = if compare.contains("data_set") { "" } else { "data_set = \"fashion-mnist\"\n" };
    let text = format!(
        "title = \"With and without batch norm\"\n[compare]\n{compare}\n[fixed]\n\
         {data_set}{fixed}\n[repeat]\n{repeat}\n"
    );
    StudyConfig::read(&text).unwrap()
}

/// The notebook's networks with either head, for 2 seeds of 2 epochs.
pub(crate) fn config() -> StudyConfig {
    config_from("norm = [\"none\", \"batch\"]\ntrains = [\"head-frozen\", \"all\"]", "", "")
}

/// Such a study of these networks.
pub(crate) fn config_of(networks: &[&Preset]) -> StudyConfig {
    let names: Vec<String> =
        networks.iter().map(|preset| format!("{:?}", preset.argument)).collect();
    // Without a head there is nothing to freeze.
    let have_heads = networks.iter().all(|preset| preset.config.has_linear_head());
    let trains = if have_heads { "trains = [\"head-frozen\", \"all\"]" } else { "" };
    config_from(&format!("network = [{}]\n{trains}", names.join(", ")), "", "")
}

/// The study with another text for each of these of its file.
pub(crate) fn changed(config: &StudyConfig, changes: &[(&str, &str)]) -> StudyConfig {
    let mut text = config.to_toml();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} in {text}");
        text = text.replace(from, to);
    }
    StudyConfig::read(&text).unwrap()
}

/// The arm of a study with this network that trains this.
pub(crate) fn arm(config: &StudyConfig, network: &Preset, trains: Trains) -> Arm {
    let is_it = |arm: &&Arm| *arm.network() == network.config && arm.run.trains == trains;
    config.arms().iter().find(is_it).unwrap().clone()
}

/// Tables of such a study.
pub(crate) fn study(config: StudyConfig) -> Study {
    let mut study = Study::empty(config.clone(), include_str!("made_up/grade.txt").to_owned());
    for arm in config.arms() {
        for &seed in config.seeds() {
            Run { key: RunKey { arm: arm.clone(), seed } }.add_to(&mut study);
        }
        add_confusion(&mut study, arm);
    }
    if !study.config.shows(figure_name::ACTIVATION_PERCENTILES) {
        study.optional.activations.clear();
    }
    if !study.config.shows(figure_name::BATCH_NORM_PARAMETERS) {
        study.optional.batch_norm.clear();
    }
    study
}

/// As [`study`], of networks with and without batch norm, with the tables of figures of what is observed.
pub(crate) fn observed() -> Study {
    let config = config_from(
        "norm = [\"none\", \"batch\"]",
        "trains = \"all\"\nepochs = 2\nobserve = \"distributions+landscape+unit\"",
        "seeds = 2\n[report]\nfigures = [\"landscape\", \"unit_percentiles\"]",
    );
    let mut study = study(config);
    for run in study.runs.clone() {
        let width = if has_batch_norm(&run.key.arm) { 0.25 } else { 1.0 };
        let key = run.key;
        let shift = 0.5 * key.seed as f64;
        for step in (0..run.steps).step_by(48) {
            let (key, done) = (key.clone(), step as f64 / run.steps as f64);
            let loss = 2.0 - done + shift;
            study.optional.landscape.push(LandscapeRow {
                key: key.clone(),
                step,
                loss_min: Some(loss),
                loss_max: Some(loss + width),
                change_min: Some(0.5 * width),
                change_max: Some(2.0 * width),
                smoothness: Some(8.0 * width + shift),
            });
            let p50 = 8.0 * width * done + shift;
            let (p15, p85) = (p50 - 1.0, p50 + 1.0 + 2.0 * done);
            study.optional.unit_percentiles.push(UnitRow { key, step, p15, p50, p85 });
        }
    }
    study
}

fn has_batch_norm(arm: &Arm) -> bool {
    arm.network().to_string().contains("batch_norm")
}

struct Run {
    key: RunKey,
}

impl Run {
    /// Accuracy after a share of training: rises fast, then slowly.
    fn accuracy(&self, done: f64) -> f64 {
        let (end, half) = match (has_batch_norm(&self.key.arm), self.key.arm.run.trains) {
            (false, Trains::HeadFrozen) => (0.86, 0.08),
            (true, Trains::HeadFrozen) => (0.875, 0.025),
            (false, _) => (0.91, 0.03),
            (true, _) => (0.935, 0.02),
        };
        0.1 + (end - 0.1) * done / (done + half) + 0.004 * (self.key.seed as f64 - 1.0)
    }

    fn add_to(&self, study: &mut Study) {
        let seed = self.key.seed;
        let (epochs, steps) = (self.key.arm.run.epochs, self.key.arm.steps_per_epoch());
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
                count: window * self.key.arm.batch_size(),
                ..StepRow::blank(self.key.clone())
            });
            // Rows of observations are of all seeds.
            if study.config.seeds().first() == Some(&seed) {
                let done = end as f64 / total;
                for block in [1, 2] {
                    self.add_observations(study, step, block, done);
                }
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
            cell: "0123456789abcdef".to_owned(),
            state: RunState::Trained,
            epochs_trained: epochs,
            steps: epochs * steps,
            train_loss: Some(last.train_loss),
            val_loss: Some(last.val_loss),
            val_accuracy: Some(last.val_accuracy),
            test_loss: Some(last.val_loss + 0.02),
            test_accuracy: Some(last.val_accuracy - 0.006),
            ..RunRow::blank(last.key)
        }));
    }

    fn add_observations(&self, study: &mut Study, step: u64, block: u64, done: f64) {
        let grown = done / (done + 0.1);
        let (key, seeds) = (self.key.arm.clone(), study.config.seeds().len() as u64);
        let at = |place, (p15, p50, p85): (f64, f64, f64)| ActivationRow {
            key: key.clone(),
            step,
            seeds,
            block,
            place,
            p15,
            p50,
            p85,
        };
        let scale = block as f64 * grown;
        let raw = (-0.2 - 1.2 * scale, -0.1 - 0.5 * scale, 0.1 + 0.4 * scale);
        if !has_batch_norm(&self.key.arm) {
            study.optional.activations.push(at(Place::PreActivation, raw));
            return;
        }
        study.optional.activations.push(at(Place::BeforeBatchNorm, raw));
        let normal = (-1.0 - 0.1 * grown, -0.05 - 0.1 * grown, 0.95 - 0.05 * grown);
        study.optional.activations.push(at(Place::PreActivation, normal));
        let middle = [1.0 - 0.1 * grown, -0.1 * grown, -0.3 * scale, 0.1 + 0.5 * scale];
        let width = [0.1 * grown, 0.08 * grown, 0.3 * scale, 0.05 + 0.2 * scale];
        let quantities =
            [Statistic::Gamma, Statistic::Beta, Statistic::RunningMean, Statistic::RunningVar];
        for ((quantity, p50), width) in quantities.into_iter().zip(middle).zip(width) {
            study.optional.batch_norm.push(BatchNormRow {
                key: key.clone(),
                step,
                seeds,
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
fn add_confusion(study: &mut Study, arm: &Arm) {
    let each = study.config.test_images / 10 * study.config.seeds().len() as u64;
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
