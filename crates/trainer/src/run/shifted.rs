//! The shift of variance of a run's batch norms, which is measured once and kept.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::epoch_files::SHIFTS;
use super::sealed;
use super::tested::recorded_cell;
use super::{CellId, RunConfig};
use crate::TrainError;
use crate::dataset::{LabelledImages, Split};
use crate::evaluation::{VarianceShift, variance_shift};
use crate::fit::steps_per_epoch;

/// The shifts, as their file has them. Which images they are of follows from the run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    /// The run.
    cell: CellId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    norms: Vec<VarianceShift>,
}

impl RunConfig {
    /// Measures the [`variance_shift`] of what was trained in `folder` after the epochs asked for, on
    /// the validation images, and stores it. What is stored already is not measured again.
    ///
    /// # Errors
    ///
    /// Those of [`Self::trained`], [`TrainError::InUse`] for a folder that another process writes into,
    /// and files that cannot be read or written.
    pub fn measure_variance_shift(
        &self,
        images: &LabelledImages,
        split: &Split,
        folder: &Path,
    ) -> Result<(), TrainError> {
        let in_use = || TrainError::InUse { folder: folder.to_path_buf() };
        let _lock = files::lock(folder).ok_or_else(in_use)?;
        if self.measured_variance_shift(folder)?.is_some() {
            return Ok(());
        }
        let steps_per_epoch = steps_per_epoch(split, self.batch_size)?;
        self.expect_weights(images, self.epochs, steps_per_epoch, folder)?;
        let network = self.trained(images, folder)?;
        let norms = variance_shift(&network, images, &split.validation, self.batch_size)?;
        let cell = recorded_cell(folder)?;
        sealed::write(&SHIFTS.path(folder, self.epochs), &Measured { cell, norms })
    }

    /// What [`Self::measure_variance_shift`] stored, of each norm in order; none if it stored nothing.
    ///
    /// # Errors
    ///
    /// [`TrainError::Damaged`] for a stored result that is not what was written, and
    /// [`TrainError::OtherRun`] for that of another run.
    pub fn measured_variance_shift(
        &self,
        folder: &Path,
    ) -> Result<Option<Vec<VarianceShift>>, TrainError> {
        match sealed::read::<Measured>(&SHIFTS.path(folder, self.epochs))? {
            Some(found) if found.cell != recorded_cell(folder)? => {
                Err(TrainError::OtherRun { folder: folder.to_path_buf() })
            }
            found => Ok(found.map(|found| found.norms)),
        }
    }
}
