//! What a run is, as a text that has all that changes one of its numbers, and as a hash of it.

use std::fmt::{self, Display, Formatter};
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::RunConfig;
use super::names::HPARAMS;
use crate::TrainError;
use crate::checkpoint::numerics_of;
use crate::dataset::SplitFacts;
use crate::log::{EventFile, Hparam, hparams_yaml};
use crate::optimizer::Optimizer;

/// How many digits [`CellId::short`] has.
const SHORT: usize = 8;

/// The identity of a run: the SHA-256 of its `hparams.yaml`, in 64 hexadecimal digits.
///
/// Two runs have the same exactly if they are the same training: network, what trains of it, seeds,
/// batches, optimiser, data, split, observations and numerics. How many epochs it is trained for, by
/// how many threads and in which folder makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellId(String);

impl CellId {
    fn of(record: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(record)))
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 digits, for names and messages.
    pub fn short(&self) -> &str {
        self.0.get(..SHORT).unwrap_or(&self.0)
    }
}

impl Display for CellId {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl RunConfig {
    /// The identity of the run with such a split of its data set.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for a network that cannot be built for any images.
    pub fn identity(&self, split: &SplitFacts) -> Result<CellId, TrainError> {
        Ok(CellId::of(self.record(split)?.as_bytes()))
    }

    /// The run as its `hparams.yaml`: everything that changes a number in one of its files, each
    /// number in one way of writing.
    pub(super) fn record(&self, split: &SplitFacts) -> Result<String, TrainError> {
        self.with_hparams(split, hparams_yaml)
    }

    /// The beginning of the run's event file, with the parameters that people compare.
    pub(super) fn events(&self, split: &SplitFacts) -> Result<EventFile, TrainError> {
        let fixed = self.data_set.fixed();
        let is_shown =
            |name: &str| name != NUMERICS && fixed.iter().all(|&(other, _)| other != name);
        self.with_hparams(split, |all| {
            let shown: Vec<_> = all.iter().copied().filter(|(name, _)| is_shown(name)).collect();
            EventFile::of_run(&shown)
        })
    }

    /// What `read` makes of the run's parameters, by their names.
    fn with_hparams<T>(
        &self,
        split: &SplitFacts,
        read: impl FnOnce(&[(&str, Hparam<'_>)]) -> T,
    ) -> Result<T, TrainError> {
        let count = |count: usize| Hparam::Integer(count as i128);
        let number = |number: u64| Hparam::Integer(number.into());
        // A preset is known by its parts, as a network that has them without being one is.
        let (network, numerics) = (self.network.parts(), self.numerics()?);
        let mut hparams = vec![
            ("network", Hparam::Text(&network)),
            ("trains", Hparam::Text(self.trains.name())),
            ("weights_seed", number(self.seeds.weights)),
            ("order_seed", number(self.seeds.order)),
            ("batch_size", count(self.batch_size)),
        ];
        hparams.extend(self.optimizer.hparams());
        hparams.push(("data_set", Hparam::Text(self.data_set.name())));
        let fixed = self.data_set.fixed().iter();
        hparams.extend(fixed.map(|&(name, value)| (name, Hparam::Text(value))));
        hparams.extend([
            ("training_images", count(split.training_images)),
            ("validation_images", count(split.validation_images)),
            ("split_seed", number(split.seed)),
            ("observations_per_epoch", number(self.observations_per_epoch)),
            (NUMERICS, Hparam::Text(&numerics)),
        ]);
        for (_, value) in &mut hparams {
            if let Hparam::Float(number) = value {
                *number += 0.0; // of the two zeros the positive one
            }
        }
        Ok(read(&hparams))
    }

    /// The name of the numbers that the run computes.
    fn numerics(&self) -> Result<String, TrainError> {
        let network = self.network.build::<f32>(self.network.smallest_image(), 1, 0)?;
        let optimizer = Optimizer::new(self.optimizer, &network, |_| false);
        Ok(numerics_of(&network, &optimizer))
    }
}

/// The identity of the run in this folder, if there is one.
///
/// # Errors
///
/// [`TrainError::File`] for a record that cannot be read.
pub fn identity(folder: &Path) -> Result<Option<CellId>, TrainError> {
    let path = folder.join(HPARAMS);
    match files::read(&path) {
        Ok(record) => Ok(Some(CellId::of(&record))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TrainError::file(&path, "cannot be read")(error)),
    }
}

/// Writes the record into a new folder, and refuses that of another run.
pub(super) fn expect_record(folder: &Path, record: &str) -> Result<(), TrainError> {
    let path = folder.join(HPARAMS);
    let found = match files::read(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return files::replace(&path, record.as_bytes())
                .map_err(TrainError::file(&path, "cannot be written"));
        }
        Err(error) => return Err(TrainError::file(&path, "cannot be read")(error)),
    };
    let found = String::from_utf8_lossy(&found);
    if found == record {
        return Ok(());
    }
    let ([expected, others], [found, other_others]) = (parted(record), parted(&found));
    if others == other_others && found != expected {
        return Err(TrainError::OtherNumerics { path, expected, found });
    }
    Err(TrainError::OtherRun { folder: folder.to_path_buf() })
}

/// The name of the line of the numerics, which is the last.
const NUMERICS: &str = "numerics";

/// The numerics of a record, and all before them.
fn parted(record: &str) -> [String; 2] {
    let line = format!("\n{NUMERICS}: ");
    let (rest, numerics) = record.rsplit_once(&line).unwrap_or((record, ""));
    [numerics.trim().trim_matches('"').to_owned(), rest.to_owned()]
}
