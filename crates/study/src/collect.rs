//! The tables of a study, collected from what its runs left in their folders and from their
//! evaluation on the test images.

mod observed;

use std::collections::{BTreeMap, BTreeSet};

use trainer::evaluation::{Evaluation, VarianceShift};
use trainer::log::DistributionRow;
use trainer::network::ObservedQuantity;
use trainer::run::{CellId, fingerprint, read_distributions, read_metrics};
use trainer::{Measurement, Phase};

use crate::arm::{Arm, steps_per_window};
use crate::cell::Cell;
use crate::config::StudyConfig;
use crate::error::{Result, StudyError};
use crate::figure_name;
use crate::found::Found;
use crate::tables::{
    ActivationRow, BatchNormRow, ConfusionRow, EpochRow, Place, RunRow, RunState, Statistic,
    StepRow, Study, VarianceShiftRow,
};

/// The digits of a cell's identity in tables.
pub(crate) const DIGITS: usize = 16;

/// What there is of a cell.
#[derive(Debug)]
pub enum Trained {
    /// It is trained, and this is its evaluation on the test images, if there are any.
    Yes(Option<Evaluation>),
    /// Its loss was not finite any more in this step.
    Diverged {
        /// The step, counted from 0.
        step: u64,
    },
    /// It is not trained yet: the tables have no row of it.
    No,
}

/// What the trainings of a study gave.
#[derive(Debug)]
pub struct Collected {
    /// The tables.
    pub study: Study,
    /// What each cell computed, once.
    pub fingerprints: Vec<CellFingerprint>,
}

/// What a cell computed until the end of its epochs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFingerprint {
    /// Which run it is.
    pub cell: CellId,
    /// The epochs that the study asks for.
    pub epochs: u64,
    /// One hash of every step's loss, of what was observed, and of the weights and running statistics at
    /// the end; none if the weights were removed.
    pub fingerprint: Option<String>,
}

/// Collects the tables of a study from what its cells left in the folders that were found. `trained` says
/// of each cell what there is, and `grade` is the transcript of the kernels' grade.
///
/// # Errors
///
/// Logs that cannot be read, and a trained run without its last epoch.
pub fn collect(
    config: &StudyConfig,
    cells: &[Cell],
    found: &[Found],
    trained: Vec<Trained>,
    grade: String,
) -> Result<Collected> {
    let mut study = Study::empty(config.clone(), grade);
    let mut fingerprints: Vec<CellFingerprint> = Vec::new();
    let mut observed: Vec<Observed> = config.arms().iter().map(|_| Observed::default()).collect();
    for ((cell, found), trained) in cells.iter().zip(found).zip(trained) {
        let end = match trained {
            Trained::Yes(_) => cell.key.arm.steps(),
            Trained::Diverged { step } => step,
            Trained::No => continue,
        };
        let folder = &found.folder;
        // The run may have gone on for a study with more epochs.
        let until_end = |mut rows: Vec<Measurement>| {
            rows.retain(|row| row.step < end);
            rows
        };
        let measurements = until_end(cell.run.measurements(folder)?);
        let mut distributions = read_distributions(folder)?;
        distributions.retain(|row| row.step < end);
        let (id, epochs) = (&cell.id, cell.run.epochs);
        if !fingerprints.iter().any(|known| known.cell == *id && known.epochs == epochs) {
            let trained = matches!(trained, Trained::Yes(_)).then_some(epochs);
            let logged = until_end(read_metrics(folder)?);
            let fingerprint = fingerprint(folder, &logged, &distributions, trained)?;
            fingerprints.push(CellFingerprint { cell: id.clone(), epochs, fingerprint });
        }
        let before = study.epochs.len();
        add_epochs(&mut study, cell, &measurements);
        let epochs = &study.epochs[before..];
        let mut row = RunRow {
            key: cell.key.clone(),
            cell: cell.id.as_str().chars().take(DIGITS).collect(),
            state: RunState::Diverged,
            epochs_trained: epochs.len() as u64,
            steps: end,
            train_loss: None,
            val_loss: None,
            val_accuracy: None,
            test_loss: None,
            test_accuracy: None,
        };
        if let Trained::Yes(evaluation) = &trained {
            let last = epochs.last().filter(|last| last.epoch == cell.key.arm.run.epochs);
            let last = last.ok_or_else(|| StudyError::Folder {
                path: folder.clone(),
                fault: " has no measurement of its last epoch; move it away to train it again"
                    .to_owned(),
            })?;
            row.state = RunState::Trained;
            row.train_loss = Some(last.train_loss);
            row.val_loss = Some(last.val_loss);
            row.val_accuracy = Some(last.val_accuracy);
            if let Some(evaluation) = evaluation {
                row.test_loss = Some(evaluation.score.mean_loss());
                row.test_accuracy = Some(evaluation.score.accuracy());
                add_confusion(&mut study, cell, evaluation);
            }
            if cell.measures_variance_shift {
                let norms = cell.run.measured_variance_shift(folder)?.unwrap_or_default();
                let row = |(position, of): (u64, VarianceShift)| VarianceShiftRow {
                    key: cell.key.clone(),
                    position,
                    shift: of.ratio,
                };
                study.optional.variance_shift.extend((1..).zip(norms).map(row));
            }
        }
        study.runs.push(row);
        add_steps(&mut study, cell, &measurements);
        observed::add(&mut study, &cell.key, &distributions);
        let place = config.arms().iter().position(|arm| *arm == cell.key.arm).unwrap_or_default();
        observed[place].add(&distributions);
    }
    for (observed, arm) in observed.iter().zip(config.arms()) {
        observed.write(&mut study, arm);
    }
    Ok(Collected { study, fingerprints })
}

fn add_epochs(study: &mut Study, cell: &Cell, measurements: &[Measurement]) {
    let validations = measurements.iter().filter(|row| row.phase == Phase::Validation);
    for validation in validations {
        let of_epoch = measurements
            .iter()
            .filter(|row| row.phase == Phase::Training && row.epoch == validation.epoch);
        let training = Mean::of(of_epoch);
        study.epochs.push(EpochRow {
            key: cell.key.clone(),
            epoch: validation.epoch + 1,
            step: validation.step,
            train_loss: training.loss,
            train_accuracy: training.accuracy,
            val_loss: validation.loss,
            val_accuracy: validation.accuracy,
        });
    }
}

fn add_steps(study: &mut Study, cell: &Cell, measurements: &[Measurement]) {
    let steps_per_epoch = cell.key.arm.steps_per_epoch();
    let window = steps_per_window(steps_per_epoch);
    let training: Vec<&Measurement> =
        measurements.iter().filter(|row| row.phase == Phase::Training).collect();
    let windows = training.chunk_by(|one, next| {
        let place = |row: &Measurement| (row.epoch, row.step % steps_per_epoch / window);
        place(one) == place(next)
    });
    for rows in windows {
        let Some(last) = rows.last() else { continue };
        let mean = Mean::of(rows.iter().copied());
        study.steps.push(StepRow {
            key: cell.key.clone(),
            step: last.step,
            loss: mean.loss,
            accuracy: mean.accuracy,
            count: mean.count,
        });
    }
}

/// What was observed of an arm, summed over its runs.
#[derive(Default)]
struct Observed {
    activations: BTreeMap<(u64, u64, Place), Sum>,
    /// The quartiles, and the extremes.
    batch_norm: BTreeMap<(u64, u64, Statistic), (Sum, [f64; 2])>,
}

/// Sums over runs, in the order of their seeds.
#[derive(Default)]
struct Sum {
    runs: u64,
    values: [f64; 3],
}

impl Sum {
    fn add(&mut self, values: [f64; 3]) {
        self.runs += 1;
        self.values.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }

    fn means(&self) -> [f64; 3] {
        self.values.map(|sum| sum / self.runs as f64)
    }
}

/// What the tables of arms have of what was observed.
#[derive(Clone, Copy)]
enum Seen {
    Norm(Statistic),
    Activation(Place),
}

impl Seen {
    /// What they have of this quantity; none for what optional tables have of each run.
    fn of(quantity: ObservedQuantity) -> Option<Self> {
        Some(match quantity {
            ObservedQuantity::Gamma => Self::Norm(Statistic::Gamma),
            ObservedQuantity::Beta => Self::Norm(Statistic::Beta),
            ObservedQuantity::RunningMean => Self::Norm(Statistic::RunningMean),
            ObservedQuantity::RunningVar => Self::Norm(Statistic::RunningVar),
            ObservedQuantity::BeforeBatchNorm => Self::Activation(Place::BeforeBatchNorm),
            ObservedQuantity::PreActivation => Self::Activation(Place::PreActivation),
            ObservedQuantity::UnitPreActivation
            | ObservedQuantity::LossAlongGradient
            | ObservedQuantity::GradientChange
            | ObservedQuantity::Smoothness => return None,
        })
    }
}

impl Observed {
    /// Adds what was observed of a run.
    fn add(&mut self, rows: &[DistributionRow]) {
        // A block is a norm with its activation; both count from 1 in the network's order.
        let mut batch_norms = Vec::new();
        let mut activations = Vec::new();
        let ordinal = |layers: &mut Vec<String>, layer: &String| {
            let position = layers.iter().position(|known| known == layer).unwrap_or_else(|| {
                layers.push(layer.clone());
                layers.len() - 1
            });
            position as u64 + 1
        };
        let of_arm = || rows.iter().filter_map(|row| Some((row, Seen::of(row.quantity)?)));
        // What a run that diverges has just before is no part of a mean.
        let is_finite = |row: &DistributionRow| {
            [row.min, row.p15, row.p50, row.p85, row.max, row.p25, row.p75]
                .iter()
                .all(|value| value.is_finite())
        };
        let is_left_out: BTreeSet<u64> =
            of_arm().filter(|(row, _)| !is_finite(row)).map(|(row, _)| row.step).collect();
        for (row, seen) in of_arm().filter(|(row, _)| !is_left_out.contains(&row.step)) {
            let &DistributionRow { step, min, p15, p25, p50, p75, p85, max, .. } = row;
            match seen {
                Seen::Norm(quantity) => {
                    let key = (step, ordinal(&mut batch_norms, &row.layer), quantity);
                    let none = || (Sum::default(), [f64::INFINITY, f64::NEG_INFINITY]);
                    let (quartiles, [least, most]) =
                        self.batch_norm.entry(key).or_insert_with(none);
                    quartiles.add([p25, p50, p75]);
                    (*least, *most) = (least.min(min), most.max(max));
                }
                Seen::Activation(place) => {
                    let key = (step, ordinal(&mut activations, &row.layer), place);
                    self.activations.entry(key).or_default().add([p15, p50, p85]);
                }
            }
        }
    }

    /// Adds the means to the tables.
    fn write(&self, study: &mut Study, arm: &Arm) {
        if study.config.shows(figure_name::ACTIVATION_PERCENTILES) {
            study.optional.activations.extend(self.activations.iter().map(
                |(&(step, block, place), sum)| {
                    let ([p15, p50, p85], seeds, key) = (sum.means(), sum.runs, arm.clone());
                    ActivationRow { key, step, seeds, block, place, p15, p50, p85 }
                },
            ));
        }
        if study.config.shows(figure_name::BATCH_NORM_PARAMETERS) {
            study.optional.batch_norm.extend(self.batch_norm.iter().map(
                |(&(step, block, quantity), found)| {
                    let &(ref quartiles, [min, max]) = found;
                    let ([p25, p50, p75], seeds) = (quartiles.means(), quartiles.runs);
                    let key = arm.clone();
                    BatchNormRow { key, step, seeds, block, quantity, min, p25, p50, p75, max }
                },
            ));
        }
    }
}

/// Adds the run's counts to those of the other seeds.
fn add_confusion(study: &mut Study, cell: &Cell, evaluation: &Evaluation) {
    for ((true_class, predicted_class), &count) in evaluation.confusion.indexed_iter() {
        let (true_class, predicted_class) = (true_class as u64, predicted_class as u64);
        let row = study.confusion.iter_mut().find(|row| {
            row.key == cell.key.arm
                && (row.true_class, row.predicted_class) == (true_class, predicted_class)
        });
        match row {
            Some(row) => row.count += count,
            None => study.confusion.push(ConfusionRow {
                key: cell.key.arm.clone(),
                true_class,
                predicted_class,
                count,
            }),
        }
    }
}

/// Means over all images of several batches.
struct Mean {
    loss: f64,
    accuracy: f64,
    count: u64,
}

impl Mean {
    fn of<'a>(rows: impl Iterator<Item = &'a Measurement>) -> Self {
        let (mut loss, mut accuracy, mut count) = (0.0, 0.0, 0);
        for row in rows {
            loss += row.loss * row.count as f64;
            accuracy += row.accuracy * row.count as f64;
            count += row.count as u64;
        }
        Self { loss: loss / count as f64, accuracy: accuracy / count as f64, count }
    }
}
