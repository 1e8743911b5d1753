//! The evaluations of a run on its validation images with other statistics than the running ones, which
//! are made once and kept.

use std::ops::ControlFlow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::epoch_files::validations;
use super::sealed;
use super::tested::recorded_cell;
use super::{CellId, Ended, RunConfig, diverged, read_metrics};
use crate::dataset::{LabelledImages, Split};
use crate::evaluation::{
    EvaluationStatistics, NormMoments, Score, evaluate, evaluate_by_batch, population_moments,
};
use crate::fit::steps_per_epoch;
use crate::{Measurement, Phase, TrainError};

/// An evaluation, as its file has it. Which images it is of follows from the run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Validated {
    /// The run.
    cell: CellId,
    score: Score,
    /// The population statistics that it was made with, of each norm; for the test, which needs no
    /// training image so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    moments: Vec<NormMoments>,
}

impl RunConfig {
    /// Evaluates what a finished training left in `folder` after each epoch, with the run's
    /// [`Self::statistics`]: on the validation images, in batches of the run's batch size. Population
    /// statistics are those of all training images of the split, in its order and in batches of this
    /// size, too. `watch` sees the result of each epoch, and may stop after it; the same call goes on
    /// with the next epoch. What is stored already is not evaluated again. With the running statistics
    /// nothing is left to do: the training validated with them.
    ///
    /// A loss that is not finite ends it as [`Ended::Diverged`], as it ends a training. Of a run that
    /// diverged the epochs before that are evaluated.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for weights that are not there any more and have no checkpoint, for a folder that
    /// another process writes into, and for files that cannot be read or written.
    pub fn validate(
        &self,
        images: &LabelledImages,
        split: &Split,
        folder: &Path,
        mut watch: impl FnMut(&Measurement) -> ControlFlow<()>,
    ) -> Result<Ended, TrainError> {
        if self.statistics == EvaluationStatistics::Running {
            return Ok(Ended::Complete);
        }
        let in_use = || TrainError::InUse { folder: folder.to_path_buf() };
        let _lock = files::lock(folder).ok_or_else(in_use)?;
        let steps_per_epoch = steps_per_epoch(split, self.batch_size)?;
        let diverged = diverged(folder)?;
        let epochs = self.epochs.min(diverged.map_or(u64::MAX, |step| step / steps_per_epoch));
        for epoch in 0..epochs {
            let step = (epoch + 1) * steps_per_epoch - 1;
            let score = match self.stored_validation(epoch + 1, folder)? {
                Some(stored) => stored.score,
                None => self.validate_epoch(epoch + 1, steps_per_epoch, images, split, folder)?,
            };
            if !score.mean_loss().is_finite() {
                return Ok(Ended::Diverged { step });
            }
            let stop = watch(&Measurement::new(step, epoch, Phase::Validation, &score)).is_break();
            if stop {
                return Ok(Ended::Interrupted);
            }
        }
        let end = self.epochs.saturating_mul(steps_per_epoch);
        Ok(match diverged.filter(|step| *step < end) {
            Some(step) => Ended::Diverged { step },
            None => Ended::Complete,
        })
    }

    /// Evaluates and stores what was trained after so many epochs.
    fn validate_epoch(
        &self,
        epochs: u64,
        steps_per_epoch: u64,
        images: &LabelledImages,
        split: &Split,
        folder: &Path,
    ) -> Result<Score, TrainError> {
        self.expect_weights(images, epochs, steps_per_epoch, folder)?;
        let mut network = Self { epochs, ..self.clone() }.trained(images, folder)?;
        let (held_out, batch_size) = (&split.validation, self.batch_size);
        let mut moments = Vec::new();
        let evaluation = match self.statistics {
            EvaluationStatistics::Running => evaluate(&network, images, held_out, batch_size),
            EvaluationStatistics::Population => {
                moments = population_moments(&network, images, &split.training, batch_size)?;
                moments.iter().try_for_each(|of| of.give_to(&mut network))?;
                evaluate(&network, images, held_out, batch_size)
            }
            EvaluationStatistics::Batch => {
                evaluate_by_batch(&network, images, held_out, batch_size)
            }
        }?;
        if let Some(validations) = validations(self.statistics) {
            let (cell, score) = (recorded_cell(folder)?, evaluation.score);
            let path = validations.path(folder, epochs);
            sealed::write(&path, &Validated { cell, score, moments })?;
        }
        Ok(evaluation.score)
    }

    /// What [`Self::validate`] stored after each of so many epochs; none if one is missing.
    ///
    /// # Errors
    ///
    /// [`TrainError::Damaged`] for a stored result that is not what was written, and
    /// [`TrainError::OtherRun`] for that of another run.
    pub fn validated(&self, epochs: u64, folder: &Path) -> Result<Option<Vec<Score>>, TrainError> {
        let mut scores = Vec::new();
        for epoch in 1..=epochs {
            match self.stored_validation(epoch, folder)? {
                Some(stored) => scores.push(stored.score),
                None => return Ok(None),
            }
        }
        Ok(Some(scores))
    }

    /// The measurements of the run in this folder, of all epochs that it was ever trained for: those of
    /// the training, with validations by the run's [`Self::statistics`] as far as there are any.
    ///
    /// # Errors
    ///
    /// As for [`read_metrics`] and [`Self::validated`].
    pub fn measurements(&self, folder: &Path) -> Result<Vec<Measurement>, TrainError> {
        let measured = read_metrics(folder)?;
        if self.statistics == EvaluationStatistics::Running {
            return Ok(measured);
        }
        let mut measurements = Vec::with_capacity(measured.len());
        for row in measured {
            match row.phase {
                Phase::Training => measurements.push(row),
                Phase::Validation => {
                    let stored = self.stored_validation(row.epoch + 1, folder)?;
                    let (step, epoch, phase) = (row.step, row.epoch, row.phase);
                    measurements.extend(
                        stored.map(|stored| Measurement::new(step, epoch, phase, &stored.score)),
                    );
                }
            }
        }
        Ok(measurements)
    }

    /// The population statistics after the epochs asked for, which [`Self::validate`] stored.
    pub(super) fn stored_moments(&self, folder: &Path) -> Result<Vec<NormMoments>, TrainError> {
        let stored = self.stored_validation(self.epochs, folder)?;
        stored.map(|stored| stored.moments).ok_or_else(|| TrainError::NotValidated {
            folder: folder.to_path_buf(),
            epochs: self.epochs,
        })
    }

    fn stored_validation(
        &self,
        epochs: u64,
        folder: &Path,
    ) -> Result<Option<Validated>, TrainError> {
        let Some(files) = validations(self.statistics) else { return Ok(None) };
        match sealed::read::<Validated>(&files.path(folder, epochs))? {
            Some(found) if found.cell != recorded_cell(folder)? => {
                Err(TrainError::OtherRun { folder: folder.to_path_buf() })
            }
            found => Ok(found),
        }
    }
}
