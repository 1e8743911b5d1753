//! The evaluation of a run on the test images, which is made once and kept.

use std::path::Path;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::RunConfig;
use super::epoch_files::TESTS;
use super::record::{CellId, identity};
use super::sealed;
use crate::TrainError;
use crate::dataset::LabelledImages;
use crate::evaluation::{Evaluation, Score, evaluate};

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
    /// How well the network does, after the epochs asked for, on the test images at these positions.
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
        let path = TESTS.path(folder, self.epochs);
        let other_run = || TrainError::OtherRun { folder: folder.to_path_buf() };
        let cell = identity(folder)?.ok_or_else(other_run)?;
        let digest = digest(positions);
        if let Some(found) = sealed::read::<Tested>(&path)? {
            if found.cell != cell {
                return Err(other_run());
            }
            if found.positions != digest {
                let (expected, found) = (positions.len(), found.images);
                return Err(TrainError::TestedOnOthers { path, expected, found });
            }
            let confusion = array(&found.confusion).ok_or_else(|| TrainError::Damaged {
                path,
                expected: "as many columns as rows".to_owned(),
                found: "others".to_owned(),
            })?;
            return Ok(Evaluation { score: found.score, confusion });
        }
        let network = self.trained(images, folder)?;
        let evaluation = evaluate(&network, images, positions, self.batch_size)?;
        let Evaluation { score, confusion } = &evaluation;
        let confusion = confusion.outer_iter().map(|row| row.to_vec()).collect();
        let images = positions.len();
        let tested = Tested { cell, images, positions: digest, confusion, score: *score };
        sealed::write(&path, &tested)?;
        Ok(evaluation)
    }
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
