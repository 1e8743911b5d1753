//! `summary.csv`: each arm after each epoch, over the seeds that came so far.

use super::arm_result::ArmResult;
use crate::arm::Arm;
use crate::tables::{Accuracy, Count, Loss, Optional, Real, table};

table! {
    /// A row of `summary.csv`: an arm after an epoch, over all seeds that came so far.
    SummaryRow in "summary.csv" of Arm;
    /// Counted from 1.
    epoch: Count,
    /// How many seeds came so far, or diverged before.
    seeds: Count,
    /// Mean validation accuracy.
    val_accuracy_mean: Accuracy,
    /// Its standard deviation with ddof 1; empty for a single seed, as all spreads here.
    val_accuracy_std: Optional<Real>,
    /// The lowest validation accuracy.
    val_accuracy_min: Accuracy,
    /// The highest validation accuracy.
    val_accuracy_max: Accuracy,
    /// How many of them diverged before; these count as guessing in accuracies, and not in losses.
    diverged: Count,
    /// Mean validation loss; empty if all diverged.
    val_loss_mean: Optional<Loss>,
    /// Its standard deviation with ddof 1.
    val_loss_std: Optional<Real>,
    /// Mean accuracy on the test images, in the row of the last epoch only.
    test_accuracy_mean: Optional<Accuracy>,
    /// Its standard deviation with ddof 1.
    test_accuracy_std: Optional<Real>,
    /// The published validation accuracy; empty where none compares.
    published: Optional<Accuracy>,
}

/// The rows of an arm.
pub(super) fn of(result: &ArmResult<'_>) -> Vec<SummaryRow> {
    let row = |epoch: &super::arm_result::EpochResult<'_>| {
        let is_last = epoch.epoch == result.arm.run.epochs;
        let test = result.test_accuracy.filter(|_| is_last);
        SummaryRow {
            key: result.arm.clone(),
            epoch: epoch.epoch,
            seeds: epoch.accuracy.count as u64,
            val_accuracy_mean: epoch.accuracy.mean,
            val_accuracy_std: epoch.accuracy.std,
            val_accuracy_min: epoch.accuracy.min,
            val_accuracy_max: epoch.accuracy.max,
            diverged: (epoch.accuracy.count - epoch.rows.len()) as u64,
            val_loss_mean: epoch.loss.map(|loss| loss.mean),
            val_loss_std: epoch.loss.and_then(|loss| loss.std),
            test_accuracy_mean: test.map(|test| test.mean),
            test_accuracy_std: test.and_then(|test| test.std),
            published: result.published.after(epoch.epoch),
        }
    };
    result.epochs.iter().map(row).collect()
}
