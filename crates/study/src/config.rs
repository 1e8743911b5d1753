//! The configuration of a study, as `study.toml` holds it.

use serde::{Deserialize, Serialize};
use trainer::TrainError;
use trainer::dataset::{DataSetEntry, Split};
use trainer::fit;

use crate::axis::{Arm, Axis, BatchSize, Grid, Head, StudyFile, expect_count, expect_distinct};
use crate::error::{Result, StudyError};
use trainer::dataset::DataSet;

/// The configuration of a study, in its folder.
pub const CONFIG_FILE: &str = "study.toml";

/// Steps of an epoch in a quick look.
const QUICK_STEPS: usize = 60;

/// Validation images, and test images, of a quick look.
const QUICK_IMAGES: usize = 1_000;

/// The arms of a study, its seeds, and what all its runs have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StudyFile", into = "StudyFile")]
pub struct StudyConfig {
    /// The data set of all runs.
    pub data_set: DataSet,
    /// Whether it is a quick look, with few batches per epoch.
    pub quick: bool,
    /// The values of each axis.
    pub grid: Grid,
    /// The seeds, each of which every arm is trained with.
    pub seeds: Vec<u64>,
    /// The images that each run trains with.
    pub training_images: u64,
    /// The images that each run is validated with after each epoch.
    pub validation_images: u64,
    /// The images that each run is tested with once.
    pub test_images: u64,
    /// The optimiser steps of an epoch, with the first of the batch sizes.
    pub steps_per_epoch: u64,
}

impl TryFrom<StudyFile> for StudyConfig {
    type Error = String;

    fn try_from(file: StudyFile) -> Result<Self, String> {
        let config = Self {
            data_set: file.data_set,
            quick: file.quick,
            seeds: file.seeds.clone(),
            training_images: file.training_images,
            validation_images: file.validation_images,
            test_images: file.test_images,
            steps_per_epoch: file.steps_per_epoch,
            grid: file.into(),
        };
        config.check().map(|()| config)
    }
}

impl From<StudyConfig> for StudyFile {
    fn from(config: StudyConfig) -> Self {
        let StudyConfig { data_set, quick, grid, seeds, .. } = config;
        let images = [config.training_images, config.validation_images, config.test_images];
        Self::new(data_set, quick, grid, seeds, images, config.steps_per_epoch)
    }
}

/// What a study is asked to be, as the command line says it.
#[derive(Debug, Clone, Default)]
pub struct StudyRequest {
    /// Whether it is a quick look.
    pub quick: bool,
    /// The seeds; none for the three of the notebook's study, or the one of a quick look.
    pub seeds: Option<Vec<u64>>,
    /// The values of axes, by the names of their options; an axis that is not named has the values
    /// of the notebook's study.
    pub axes: Vec<(&'static str, Vec<String>)>,
}

impl StudyRequest {
    /// The values of all axes.
    ///
    /// # Errors
    ///
    /// [`StudyError::Config`] for values that no study can have.
    pub fn grid(&self) -> Result<Grid> {
        let refuse = |flag: &str, fault: String| StudyError::Config(format!("--{flag}: {fault}"));
        let mut grid = Grid::notebook(self.quick);
        for (flag, texts) in &self.axes {
            grid.set(flag, texts).map_err(|fault| refuse(flag, fault))?;
        }
        let names_heads = self.axes.iter().any(|(flag, _)| *flag == Head::FLAG);
        if let Some(headless) = grid.network.iter().find(|network| !network.has_linear_head()) {
            if names_heads && grid.head.contains(&Head::Frozen) {
                let name = headless.name();
                let fault = format!(
                    "found frozen, expected trained with {name}, which has no linear head apart \
                     from its model"
                );
                return Err(refuse(Head::FLAG, fault));
            }
            grid.head = vec![Head::Trained].into();
        }
        let mut heads = grid.head.to_vec();
        heads.sort();
        grid.head = heads.into();
        grid.check(|flag, _| format!("--{flag}")).map_err(StudyError::Config)?;
        Ok(grid)
    }

    /// The configuration of this study of a data set with this whole split and so many test images,
    /// and the part of the split that its runs use.
    ///
    /// # Errors
    ///
    /// As for [`Self::grid`], and for a batch that the data set cannot fill.
    pub fn config(
        &self,
        data_set: DataSet,
        whole: Split,
        test_images: usize,
    ) -> Result<(StudyConfig, Split)> {
        let grid = self.grid()?;
        let all = whole.training.len() as u64;
        if let Some(size) = grid.batch_size.iter().find(|size| size.0 > all) {
            let flag = BatchSize::FLAG;
            let fault = format!("found {}, expected 1 to {all}, the training images", size.0);
            return Err(StudyError::Config(format!("--{flag}: {fault}")));
        }
        let largest = grid.batch_size.iter().map(|size| size.0).max().unwrap_or_default();
        let largest = usize::try_from(largest).unwrap_or(usize::MAX);
        let (split, test_images) = match self.quick {
            true => {
                (whole.truncated(QUICK_STEPS.saturating_mul(largest), QUICK_IMAGES), QUICK_IMAGES)
            }
            false => (whole, test_images),
        };
        let first = grid.batch_size.first().map_or(0, |size| size.0);
        let config = StudyConfig {
            data_set,
            quick: self.quick,
            seeds: self.seeds.clone().unwrap_or_else(|| default_seeds(self.quick)),
            training_images: split.training.len() as u64,
            validation_images: split.validation.len() as u64,
            test_images: test_images as u64,
            steps_per_epoch: fit::steps_per_epoch(
                &split,
                usize::try_from(first).unwrap_or(usize::MAX),
            )?,
            grid,
        };
        let DataSetEntry { image, class_names, .. } = data_set.entry();
        for arm in config.arms() {
            let run = arm.run(0, data_set.into(), 0)?;
            let refused = run.expect_batches(*image, class_names.len(), split.training.len());
            if let Err(TrainError::Config { expected, got, .. }) = &refused {
                let fault = format!("--{}: found {got}, expected {expected}", BatchSize::FLAG);
                return Err(StudyError::Config(fault));
            }
            refused?;
        }
        Ok((config, split))
    }
}

/// The seeds of a study that names none.
pub(crate) fn default_seeds(quick: bool) -> Vec<u64> {
    if quick { vec![0] } else { vec![0, 1, 2] }
}

impl StudyConfig {
    /// All arms: network by network, for each head by head.
    pub fn arms(&self) -> Vec<Arm> {
        self.grid.arms()
    }

    /// The arms by what they have in common but the network: one group per panel of a figure.
    pub fn groups(&self) -> Vec<Vec<Arm>> {
        let mut groups: Vec<Vec<Arm>> = Vec::new();
        for arm in self.arms() {
            let same = |group: &&mut Vec<Arm>| {
                group.first().is_some_and(|first| first.differs_in_network_only(&arm))
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(arm),
                None => groups.push(vec![arm]),
            }
        }
        groups
    }

    /// The arm in words, such as `SimpleNetwork, head frozen`.
    pub fn label(&self, arm: &Arm) -> String {
        self.grid.labels(arm).join(", ")
    }

    /// The arm in words without its network, such as `head frozen`.
    pub fn label_of_group(&self, arm: &Arm) -> String {
        // The first label is the network's.
        self.grid.labels(arm).into_iter().skip(1).collect::<Vec<_>>().join(", ")
    }

    /// The most epochs of any arm.
    pub fn last_epoch(&self) -> u64 {
        self.grid.epochs.iter().map(|epochs| epochs.0).max().unwrap_or_default()
    }

    /// The optimiser steps of an epoch of this arm.
    pub fn steps_per_epoch_of(&self, arm: &Arm) -> u64 {
        self.steps_per_epoch_with(arm.batch_size)
    }

    /// The optimiser steps of an epoch with batches of this size.
    pub(crate) fn steps_per_epoch_with(&self, size: BatchSize) -> u64 {
        match self.grid.batch_size.first() {
            Some(first) if *first == size => self.steps_per_epoch,
            Some(_) | None => self.training_images.div_ceil(size.0),
        }
    }

    /// The optimiser steps of all epochs of this arm.
    pub fn steps_of(&self, arm: &Arm) -> u64 {
        arm.epochs.0 * self.steps_per_epoch_of(arm)
    }

    /// The most optimiser steps of any arm.
    pub fn last_step(&self) -> u64 {
        self.arms().iter().map(|arm| self.steps_of(arm)).max().unwrap_or_default()
    }

    /// The study as `study.toml`.
    ///
    /// # Errors
    ///
    /// [`StudyError::Toml`] for what TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        Ok(toml::to_string(self)?)
    }

    /// Whether a report can be made of such a study.
    fn check(&self) -> Result<(), String> {
        self.grid.check(|_, key| key.to_owned())?;
        expect_distinct("seeds", &self.seeds)?;
        let sizes = [
            ("training_images", self.training_images),
            ("validation_images", self.validation_images),
            ("steps_per_epoch", self.steps_per_epoch),
        ];
        sizes.into_iter().try_for_each(|(key, size)| {
            expect_count(size)
                .map_err(|expected| format!("{key}: found {size}, expected {expected}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the notebook trains, for three seeds and with either head.
    #[test]
    fn the_study_without_any_option_is_the_notebooks() {
        let whole = Split::four_fifths_of(60_000, 0);
        let data_set = DataSet::Synthetic;
        let (study, split) =
            StudyRequest::default().config(data_set, whole.clone(), 10_000).unwrap();
        assert_eq!(split, whole);
        let expected = "data_set = \"Built-in synthetic garments\"\nquick = false\n\
            networks = [\"simple_network\", \"spatial_batch_norm_network\"]\n\
            heads = [\"frozen\", \"trained\"]\nseeds = [0, 1, 2]\nepochs = 5\nbatch_size = 50\n\
            learning_rate = 0.0005\ntraining_images = 48000\nvalidation_images = 12000\n\
            test_images = 10000\nsteps_per_epoch = 960\n";
        assert_eq!(study.to_toml().unwrap(), expected);
        assert_eq!(toml::from_str::<StudyConfig>(expected).unwrap(), study);
    }

    #[test]
    fn an_axis_with_several_values_is_a_list() {
        let rates = ["1e-3", "0.01"].map(str::to_owned).to_vec();
        let request =
            StudyRequest { axes: vec![("learning-rate", rates)], ..StudyRequest::default() };
        let whole = Split::four_fifths_of(60_000, 0);
        let (study, _) = request.config(DataSet::FashionMnist, whole, 10_000).unwrap();
        let text = study.to_toml().unwrap();
        assert!(text.contains("learning_rate = [0.001, 0.01]"), "{text}");
        assert_eq!(toml::from_str::<StudyConfig>(&text).unwrap(), study);
        assert_eq!((study.arms().len(), study.groups().len()), (8, 4));
    }
}
