//! What a run is, as a text that has all that changes one of its numbers.

use super::RunConfig;
use super::record::{CellId, NUMERICS};
use crate::checkpoint::numerics_of;
use crate::dataset::SplitFacts;
use crate::log::{EventFile, Hparam, hparams_yaml};
use crate::optimizer::Optimizer;
use crate::{Observe, TrainError};

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
        let observe = self.observe.name();
        hparams.extend([
            ("training_images", count(split.training_images)),
            ("validation_images", count(split.validation_images)),
            ("split_seed", number(split.seed)),
            ("observations_per_epoch", number(self.observations_per_epoch)),
        ]);
        // Records of runs from before there was a choice say nothing of what is observed.
        if self.observe != Observe::default() {
            hparams.push(("observe", Hparam::Text(&observe)));
        }
        hparams.push((NUMERICS, Hparam::Text(&numerics)));
        for (_, value) in &mut hparams {
            if let Hparam::Float(number) = value {
                *number += 0.0; // of the two zeros the positive one
            }
        }
        Ok(read(&hparams))
    }

    /// The name of the numbers that the run computes.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for a network that cannot be built for any images.
    pub fn numerics(&self) -> Result<String, TrainError> {
        let network = self.network.outline(self.network.smallest_image(), 1)?;
        let optimizer = Optimizer::new(self.optimizer, &network, |_| false);
        Ok(numerics_of(&network, &optimizer))
    }
}
