//! The tables of a study, collected from what its runs left in their folders and from their
//! evaluation on the test images.

use std::path::Path;

use trainer::evaluation::Evaluation;
use trainer::log::DistributionRow;
use trainer::network::ObservedQuantity;
use trainer::run::{read_distributions, read_metrics};
use trainer::{Measurement, Phase};

use crate::cell::{Cell, steps_per_window};
use crate::config::StudyConfig;
use crate::error::{Result, StudyError};
use crate::tables::{
    ActivationRow, BatchNormRow, ConfusionRow, EpochRow, Place, RunRow, Statistic, StepRow, Study,
};

/// Collects the tables of these runs, which have all been trained in the study's `folder`. `tested`
/// has the evaluation of each on the test images, and `grade` is the transcript of the kernels'
/// grade.
///
/// # Errors
///
/// Logs that cannot be read, and a run without an epoch that ended.
pub fn collect(
    config: StudyConfig,
    cells: &[Cell],
    folder: &Path,
    tested: &[Evaluation],
    grade: String,
) -> Result<Study> {
    let mut study = Study::empty(config, grade);
    for (cell, evaluation) in cells.iter().zip(tested) {
        let folder = cell.folder_in(folder);
        let measurements = read_metrics(&folder)?;
        let before = study.epochs.len();
        add_epochs(&mut study, cell, &measurements);
        let last = study.epochs[before..].last().ok_or_else(|| StudyError::Folder {
            path: folder.clone(),
            fault: " has no epoch that ended; --anew trains it again".to_owned(),
        })?;
        study.runs.push(run_row(last, evaluation));
        add_steps(&mut study, cell, &measurements);
        add_distributions(&mut study, cell, &read_distributions(&folder)?);
        add_confusion(&mut study, cell, evaluation);
    }
    Ok(study)
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
    let steps_per_epoch = study.config.steps_per_epoch_of(&cell.key.arm);
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

/// The run's row, from that of its last epoch.
fn run_row(last: &EpochRow, evaluation: &Evaluation) -> RunRow {
    RunRow {
        key: last.key.clone(),
        epochs: last.epoch,
        steps: last.step + 1,
        train_loss: last.train_loss,
        val_loss: last.val_loss,
        val_accuracy: last.val_accuracy,
        test_loss: Some(evaluation.score.mean_loss()),
        test_accuracy: Some(evaluation.score.accuracy()),
    }
}

fn add_distributions(study: &mut Study, cell: &Cell, rows: &[DistributionRow]) {
    // A block is a batch norm with its ReLU; both count from 1 in the network's order.
    let mut batch_norms = Vec::new();
    let mut relus = Vec::new();
    let ordinal = |layers: &mut Vec<String>, layer: &String| {
        let position = layers.iter().position(|known| known == layer).unwrap_or_else(|| {
            layers.push(layer.clone());
            layers.len() - 1
        });
        position as u64 + 1
    };
    for row in rows {
        let &DistributionRow { step, min, p15, p25, p50, p75, p85, max, .. } = row;
        let mut add_parameter = |quantity| {
            let block = ordinal(&mut batch_norms, &row.layer);
            study.batch_norm.push(BatchNormRow {
                key: cell.key.clone(),
                step,
                block,
                quantity,
                min,
                p25,
                p50,
                p75,
                max,
            });
        };
        let mut add_activation = |place| {
            let block = ordinal(&mut relus, &row.layer);
            study.activations.push(ActivationRow {
                key: cell.key.clone(),
                step,
                block,
                place,
                p15,
                p50,
                p85,
            });
        };
        match row.quantity {
            ObservedQuantity::Gamma => add_parameter(Statistic::Gamma),
            ObservedQuantity::Beta => add_parameter(Statistic::Beta),
            ObservedQuantity::RunningMean => add_parameter(Statistic::RunningMean),
            ObservedQuantity::RunningVar => add_parameter(Statistic::RunningVar),
            ObservedQuantity::BeforeBatchNorm => add_activation(Place::BeforeBatchNorm),
            ObservedQuantity::PreActivation => add_activation(Place::PreActivation),
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
