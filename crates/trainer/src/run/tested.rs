//! The evaluation of a run on the test images, which is made once and kept.

use std::path::Path;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::RunConfig;
use super::epoch_files::tests;
use super::record::{CellId, identity};
use super::sealed;
use crate::TrainError;
use crate::dataset::LabelledImages;
use crate::evaluation::{Evaluation, EvaluationStatistics, Score, evaluate, evaluate_by_batch};

/// An evaluation, as its file has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tested {
    /// The run.
    cell: CellId,
    /// The number of images.
    images: usize,
    /// The SHA-256 of the images' positions, as little-endian numbers of 8 bytes.
    positions: String,
    /// Images by true class and predicted class, a row per true class.
    confusion: Vec<Vec<u64>>,
    score: Score,
}

impl RunConfig {
    /// How well the network does, after the epochs asked for, on the test images at these positions, with
    /// the run's [`Self::statistics`].
    /// It is evaluated once; a later call reads what the first one stored in the run's folder.
    ///
    /// # Errors
    ///
    /// Those of [`Self::trained`] and of [`evaluate`]; [`TrainError::Damaged`] for a stored result that
    /// is not what was written, and [`TrainError::TestedOnOthers`] for one on other images.
    pub fn test(
        &self,
        images: &LabelledImages,
        positions: &[usize],
        folder: &Path,
    ) -> Result<Evaluation, TrainError> {
        let digest = digest(positions);
        if let Some(found) = self.stored(folder)? {
            if found.positions == digest {
                return self.evaluation(found, folder);
            }
            let (path, expected) =
                (tests(self.statistics).path(folder, self.epochs), positions.len());
            return Err(TrainError::TestedOnOthers { path, expected, found: found.images });
        }
        let evaluation = self.evaluate(images, positions, folder)?;
        let Evaluation { score, confusion } = &evaluation;
        let confusion = confusion.outer_iter().map(|row| row.to_vec()).collect();
        let (cell, images) = (recorded_cell(folder)?, positions.len());
        let tested = Tested { cell, images, positions: digest, confusion, score: *score };
        sealed::write(&tests(self.statistics).path(folder, self.epochs), &tested)?;
        Ok(evaluation)
    }

    /// The same, whatever is stored, and storing nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Self::trained`] and of [`evaluate`], and for population statistics those of
    /// [`Self::validate`], which stores them.
    pub fn evaluate(
        &self,
        images: &LabelledImages,
        positions: &[usize],
        folder: &Path,
    ) -> Result<Evaluation, TrainError> {
        let mut network = self.trained(images, folder)?;
        match self.statistics {
            EvaluationStatistics::Running => {}
            EvaluationStatistics::Population => {
                self.stored_moments(folder)?.iter().try_for_each(|of| of.give_to(&mut network))?;
            }
            EvaluationStatistics::Batch => {
                return evaluate_by_batch(&network, images, positions, self.batch_size);
            }
        }
        evaluate(&network, images, positions, self.batch_size)
    }

    /// What [`Self::test`] stored of the images at these positions; none where it stored nothing or
    /// of others. It needs no image.
    ///
    /// # Errors
    ///
    /// [`TrainError::Damaged`] for a stored result that is not what was written.
    pub fn tested(
        &self,
        positions: &[usize],
        folder: &Path,
    ) -> Result<Option<Evaluation>, TrainError> {
        let found = self.stored(folder)?.filter(|found| found.positions == digest(positions));
        found.map(|found| self.evaluation(found, folder)).transpose()
    }

    /// The stored result, which is of the run in its folder.
    fn stored(&self, folder: &Path) -> Result<Option<Tested>, TrainError> {
        let cell = recorded_cell(folder)?;
        match sealed::read::<Tested>(&tests(self.statistics).path(folder, self.epochs))? {
            Some(found) if found.cell != cell => {
                Err(TrainError::OtherRun { folder: folder.to_path_buf() })
            }
            found => Ok(found),
        }
    }

    fn evaluation(&self, found: Tested, folder: &Path) -> Result<Evaluation, TrainError> {
        let confusion = array(&found.confusion).ok_or_else(|| TrainError::Damaged {
            path: tests(self.statistics).path(folder, self.epochs),
            expected: "as many columns as rows".to_owned(),
            found: "others".to_owned(),
        })?;
        Ok(Evaluation { score: found.score, confusion })
    }
}

pub(super) fn recorded_cell(folder: &Path) -> Result<CellId, TrainError> {
    identity(folder)?.ok_or_else(|| TrainError::OtherRun { folder: folder.to_path_buf() })
}

fn digest(positions: &[usize]) -> String {
    let mut hasher = Sha256::new();
    positions.iter().for_each(|&position| hasher.update((position as u64).to_le_bytes()));
    hex::encode(hasher.finalize())
}

/// The square array with these rows.
fn array(rows: &[Vec<u64>]) -> Option<Array2<u64>> {
    Array2::from_shape_vec([rows.len(), rows.len()], rows.concat()).ok()
}
