//! The tables, column by column.

use super::column::{
    Accuracy, Count, Index, Loss, Name, Optional, Place, Real, RunState, Statistic,
};
use super::key::RunKey;
use crate::arm::Arm;
use crate::config::StudyConfig;
use crate::study_file::PrimaryOutcome;

impl RunRow {
    /// Its validation accuracy after the last epoch. A run that diverged counts as one that guesses.
    pub fn final_accuracy(&self, chance: f64) -> Option<f64> {
        self.val_accuracy.or_else(|| self.diverged().then_some(chance))
    }

    /// As [`Self::final_accuracy`], on the test images; `chance` is none if nothing was tested.
    pub fn final_test_accuracy(&self, chance: Option<f64>) -> Option<f64> {
        self.test_accuracy.or_else(|| chance.filter(|_| self.diverged()))
    }

    /// The primary outcome of its study.
    pub fn outcome(&self, config: &StudyConfig) -> Option<f64> {
        self.outcome_of(config.file.report.primary, config)
    }

    /// This outcome.
    pub fn outcome_of(&self, outcome: PrimaryOutcome, config: &StudyConfig) -> Option<f64> {
        let chance = config.chance();
        match outcome {
            PrimaryOutcome::ValidationAccuracy => self.final_accuracy(chance),
            PrimaryOutcome::TestAccuracy => {
                self.final_test_accuracy((config.test_images > 0).then_some(chance))
            }
        }
    }

    /// Whether its loss was not finite any more in one of its steps.
    pub fn diverged(&self) -> bool {
        self.state == RunState::Diverged
    }
}

/// A table: its row, its file, what its first columns say, whether these are all axes or those that the
/// study compares, and its own columns.
macro_rules! table {
    ($(#[doc = $doc:literal])* $row:ident in $file:literal of $key:ty $(, every $axis:ident)?;
     $($(#[doc = $field_doc:literal])* $field:ident: $column:ty,)*) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $row {
            /// Which run or arm the row belongs to.
            pub key: $key,
            $($(#[doc = $field_doc])* pub $field: <$column as $crate::tables::Column>::Value,)*
        }

        impl $crate::tables::Row for $row {
            type Key = $key;
            const FILE: &'static str = $file;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];
            const MEANING: &'static str = concat!($($doc),*);
            const MEANINGS: &'static [&'static str] = &[$(concat!($($field_doc),*)),*];
            const HAS_EVERY_AXIS: bool = false $(|| !stringify!($axis).is_empty())?;

            fn key(&self) -> &$key {
                &self.key
            }

            fn read<'c>(
                key: $key,
                cell: impl Fn(&str) -> Option<&'c str>,
            ) -> Result<Self, (&'static str, String)> {
                Ok(Self { key, $($field: $crate::tables::read::<$column>(stringify!($field), &cell)?,)* })
            }

            fn write<S: serde::ser::SerializeSeq>(&self, row: &mut S) -> Result<(), S::Error> {
                $(row.serialize_element(&self.$field)?;)*
                Ok(())
            }

            fn is_optional(column: &str) -> bool {
                $((column == stringify!($field) && <$column as $crate::tables::Column>::absent().is_some()))||*
            }
        }

        #[cfg(test)]
        #[allow(dead_code, reason = "not every table is made up")]
        impl $row {
            /// A row of zeros, so that a test names only the columns that it is about.
            pub(crate) fn blank(key: $key) -> Self {
                Self { key, $($field: Default::default(),)* }
            }
        }
    };
}

pub(crate) use table;

table! {
    /// What came out of a run.
    RunRow in "runs.csv" of RunKey, every axis;
    /// The first 16 digits of the identity of the cell.
    cell: Name,
    /// How its training ended.
    state: RunState,
    /// Whole epochs trained.
    epochs_trained: Count,
    /// Optimiser steps taken; of a run that diverged those before the step whose loss was not finite.
    steps: Count,
    /// Mean loss of the last epoch's batches, each measured before its optimiser step; empty for a run
    /// that diverged, as all that follow.
    train_loss: Optional<Loss>,
    /// On the validation images, after the last epoch.
    val_loss: Optional<Loss>,
    /// As `val_loss`.
    val_accuracy: Optional<Accuracy>,
    /// On the test images, after the last epoch; empty if they were not used.
    test_loss: Optional<Loss>,
    /// As `test_loss`.
    test_accuracy: Optional<Accuracy>,
}

table! {
    /// Where a run stood after an epoch.
    EpochRow in "epochs.csv" of RunKey;
    /// From 1.
    epoch: Count,
    /// The last step of the epoch.
    step: Count,
    /// Mean over the epoch's steps weighted by images, each before its step.
    train_loss: Loss,
    /// As `train_loss`.
    train_accuracy: Accuracy,
    /// On the validation images, after the epoch.
    val_loss: Loss,
    /// As `val_loss`.
    val_accuracy: Accuracy,
}

table! {
    /// Means over a window of steps, a twentieth of an epoch, of what a batch gave before its step.
    StepRow in "steps.csv" of RunKey;
    /// The last step of the window.
    step: Count,
    /// Mean loss of the window's batches.
    loss: Loss,
    /// Share of the window's images classified correctly.
    accuracy: Accuracy,
    /// Images in the window.
    count: Count,
}

table! {
    /// Percentiles over all values that one training batch has at a place in the network, means over
    /// seeds.
    ActivationRow in "activations.csv" of Arm;
    /// The step, before which the values were observed.
    step: Count,
    /// The seeds that the row is of: those whose run came to this step.
    seeds: Count,
    /// The block, counted from 1.
    block: Index,
    /// Where in the block.
    place: Place,
    /// The 15th percentile.
    p15: Real,
    /// The median.
    p50: Real,
    /// The 85th percentile.
    p85: Real,
}

table! {
    /// Percentiles over the channels of a parameter or running statistic of batch norm. Quartiles are
    /// means over seeds; the least and the largest value are those of all seeds.
    BatchNormRow in "batch_norm.csv" of Arm;
    /// The step, before which the values were observed.
    step: Count,
    /// The seeds that the row is of: those whose run came to this step.
    seeds: Count,
    /// The block, counted from 1.
    block: Index,
    /// Which parameter or running statistic.
    quantity: Statistic,
    /// The least value.
    min: Real,
    /// The lower quartile.
    p25: Real,
    /// The median.
    p50: Real,
    /// The upper quartile.
    p75: Real,
    /// The largest value.
    max: Real,
}

table! {
    /// How many test images of a class were taken for another, summed over seeds.
    ConfusionRow in "confusion.csv" of Arm;
    /// The class that the images show.
    true_class: Index,
    /// The class that they were taken for.
    predicted_class: Index,
    /// The images.
    count: Count,
}

table! {
    /// How far the variance that a batch norm gets in evaluation is from its running variance, in a
    /// study that has the figure of it.
    VarianceShiftRow in "variance_shift.csv" of RunKey;
    /// Which batch norm, counted from 1 at the input of the network.
    position: Index,
    /// Mean over channels of max(a/b, b/a), where a and b are the variance of the norm's input over the
    /// validation images and its running variance, with ε added to each.
    shift: Real,
}

table! {
    /// The loss of a step's batch and its gradient at points along the gradient, in a study that has the
    /// figure of it. What is not finite at one of the points has empty cells.
    LandscapeRow in "landscape.csv" of RunKey;
    /// The step, before which it was measured.
    step: Count,
    /// The smallest loss at any of the points.
    loss_min: Optional<Real>,
    /// The largest.
    loss_max: Optional<Real>,
    /// The smallest Euclidean distance of the gradient at any of the points from the step's.
    change_min: Optional<Real>,
    /// The largest.
    change_max: Optional<Real>,
    /// The largest such distance per distance of its point, which is called effective smoothness.
    smoothness: Optional<Real>,
}

table! {
    /// Percentiles of what goes into the activation of one unit, over a training batch, in a study that has
    /// the figure of it: of the last block the first unit, of images the first channel.
    UnitRow in "unit_percentiles.csv" of RunKey;
    /// The step, before which the values were observed.
    step: Count,
    /// The 15th percentile.
    p15: Real,
    /// The median.
    p50: Real,
    /// The 85th percentile.
    p85: Real,
}
