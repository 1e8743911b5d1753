//! One hash of what a run computed.

use std::path::Path;

use super::epoch_files::WEIGHTS;
use super::read_weights;
use crate::fingerprint::Fingerprint;
use crate::log::DistributionRow;
use crate::{Measurement, TrainError};

/// The [`Fingerprint`] of a training: of its measurements, of what was observed of its layers, and of the
/// weights and running statistics after so many epochs, which are in the run's folder. A run that diverged
/// has no epochs whose weights count. None if the weights are not there any more.
///
/// # Errors
///
/// [`TrainError::File`] and [`TrainError::Weights`] for weights that cannot be read.
pub fn fingerprint(
    folder: &Path,
    measurements: &[Measurement],
    distributions: &[DistributionRow],
    epochs: Option<u64>,
) -> Result<Option<String>, TrainError> {
    let mut fingerprint = Fingerprint::default();
    measurements.iter().for_each(|measurement| fingerprint.add_measurement(measurement));
    // So that no row of one kind can be taken for one of the other.
    fingerprint.add_text("distributions");
    distributions.iter().for_each(|row| fingerprint.add_distribution(row));
    if let Some(epochs) = epochs {
        fingerprint.add_text("weights");
        let Some(weights) = read_weights(folder, epochs)? else { return Ok(None) };
        let path = WEIGHTS.path(folder, epochs);
        fingerprint.add_weights(&weights).map_err(|source| TrainError::Weights { path, source })?;
    }
    Ok(Some(fingerprint.finish()))
}
