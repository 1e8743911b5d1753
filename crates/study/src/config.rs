//! A study, whole: its file, and what follows from it and from its data set.

use trainer::TrainError;
use trainer::dataset::{DataSet, DataSetEntry, Split, SplitFacts};
use trainer::network::NetworkConfig;

use crate::arm::Arm;
use crate::axis::{Axis, OBSERVE, VARY};
use crate::error::{Result, StudyError};
use crate::figure_name;
use crate::source::Source;
use crate::study_file::{self, AxisValues, GivenArm, PrimaryOutcome, StudyFile};

/// The configuration of a study, in its folder: its file with all values.
pub const CONFIG_FILE: &str = "study.toml";

/// A study: what its file says, and what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyConfig {
    /// What its file says.
    pub file: StudyFile,
    /// The images that each run is validated with after each epoch.
    pub validation_images: u64,
    /// The images that each run is tested with once.
    pub test_images: u64,
    /// What the notebook trains without batch norm, on its data set or the first.
    notebook: Arm,
    arms: Vec<Arm>,
    /// Which value each arm has of each axis of the file.
    chosen: Vec<Vec<usize>>,
}

impl StudyConfig {
    /// The study of this file, with the images of this data set if it names none.
    ///
    /// # Errors
    ///
    /// [`StudyError::Config`] for values that no study can have: the key at fault, what was found and
    /// what is expected.
    pub fn new(mut file: StudyFile, data_set: DataSet) -> Result<Self> {
        let data_set = file.data_sets().first().copied().unwrap_or(data_set);
        let DataSetEntry { training_images, test_images, .. } = *data_set.entry();
        let [training, validation] = Split::sizes_of(training_images).map(|images| images as u64);
        let notebook = Arm::notebook(data_set, training)?;
        if file.quick {
            file.limit_quick_look(&notebook).map_err(StudyError::Config)?;
        }
        let validation_images = file.validation_images.unwrap_or(validation);
        let test_images = file.test_images.unwrap_or(test_images as u64);
        (file.validation_images, file.test_images) = (Some(validation_images), Some(test_images));
        file.complete(&notebook);
        let compared: Vec<&Axis> =
            file.settings.iter().filter(|it| it.is_compared).map(|it| it.axis).collect();
        // One against an axis that is not compared any more has nothing to show.
        file.report.figures.retain(|name| figure_name::expect(name, &compared).is_ok());
        file.report.best_over = file.report.best_over.filter(|axis| compared.contains(axis));
        let given = file.arms(&notebook).map_err(StudyError::Config)?;
        let (arms, chosen) =
            given.into_iter().map(|GivenArm { arm, chosen }| (arm, chosen)).unzip();
        let config = Self { file, validation_images, test_images, notebook, arms, chosen };
        config.expect_images()?;
        config.expect_outcomes()?;
        config.expect_arms()?;
        Ok(config)
    }

    /// Reads a study from the text of its file, which names a data set.
    ///
    /// # Errors
    ///
    /// The line and key at fault, what was found and what is expected.
    pub fn read(text: &str) -> Result<Self, String> {
        let any = Arm::notebook(DataSet::FashionMnist, 1).map_err(|error| error.to_string())?;
        let file = study_file::read(text, &any)?;
        let data_sets = file.data_sets();
        let first = data_sets.first().ok_or("fixed.data_set: found none, expected a data set")?;
        Self::new(file, *first).map_err(|error| error.to_string())
    }

    /// The study as its file, with all values.
    pub fn to_toml(&self) -> String {
        study_file::write(&self.file)
    }

    /// Refuses more images than a data set has.
    fn expect_images(&self) -> Result<()> {
        let refuse = |key: &str, found: u64, most: u64, which: &str| {
            let fault = format!("found {found}, expected 1 to {most}, the {which}");
            Err(self.fault(key, &fault))
        };
        for arm in &self.arms {
            let DataSetEntry { training_images, test_images, .. } = *arm.data_set().entry();
            let [training, validation] =
                Split::sizes_of(training_images).map(|images| images as u64);
            let images = arm.training_images;
            if images > training {
                return refuse("training_images", images, training, "training images");
            }
            if arm.batch_size() > images {
                return refuse("batch_size", arm.batch_size(), images, "training images");
            }
            if self.validation_images > validation {
                let found = self.validation_images;
                return refuse("validation_images", found, validation, "validation images");
            }
            let tests = test_images as u64;
            if self.test_images > tests {
                return refuse("test_images", self.test_images, tests, "test images");
            }
        }
        Ok(())
    }

    /// Refuses seeds that change nothing, an outcome that nothing measures, and a figure of what is not
    /// observed.
    fn expect_outcomes(&self) -> Result<()> {
        if self.arms.iter().any(|arm| arm.vary.is_empty()) && self.file.seeds.len() > 1 {
            let fault = "found nothing for several seeds, expected at least one source";
            return Err(self.fault("vary", fault));
        }
        if self.file.report.primary == PrimaryOutcome::TestAccuracy && self.test_images == 0 {
            let fault = "found 0, expected at least 1 for the primary outcome";
            return Err(self.fault("test_images", fault));
        }
        for figure in &self.file.report.figures {
            let Some(needed) = figure_name::observed_for(figure) else { continue };
            if !self.arms.iter().any(|arm| arm.run.observe.has(needed)) {
                let fault = format!(
                    "found {figure}, for which nothing is observed, expected {} in the axis {}",
                    needed.name(),
                    OBSERVE.key
                );
                return Err(self.fault("figures", &fault));
            }
        }
        Ok(())
    }

    fn fault(&self, key: &str, fault: &str) -> StudyError {
        StudyError::Config(self.file.fault(key, fault))
    }

    /// Refuses two arms that are the same, and networks that cannot be built or trained.
    fn expect_arms(&self) -> Result<()> {
        let mut different = Vec::new();
        for arm in &self.arms {
            let DataSetEntry { image, class_names, .. } = arm.data_set().entry();
            let images = usize::try_from(arm.training_images).unwrap_or(usize::MAX);
            let trained = arm
                .run
                .expect_batches(*image, class_names.len(), images)
                .map_err(|error| self.fault_of_arm(arm, &error))?;
            for evaluated in [self.validation_images, self.test_images] {
                let evaluated = usize::try_from(evaluated).unwrap_or(usize::MAX);
                arm.run
                    .expect_evaluated_batches(*image, class_names.len(), evaluated)
                    .map_err(|error| self.fault_of_arm(arm, &error))?;
            }
            let comes_out = arm.what_comes_out(trained);
            let same = different.iter().position(|known| *known == comes_out);
            if let Some(same) = same.map(|at| &self.arms[at]) {
                let (one, other) = (self.values(same), self.values(arm));
                let differing = one.iter().zip(&other).find(|(one, other)| one.1 != other.1);
                let key = differing.map_or("compare", |((axis, _), _)| axis.key);
                let fault = format!(
                    "found {} and {}, which come out the same, expected arms that differ",
                    self.given(same),
                    self.given(arm)
                );
                return Err(self.fault(key, &fault));
            }
            different.push(comes_out);
        }
        Ok(())
    }

    /// Why an arm cannot be trained, at the key that is at fault where the file has its value.
    fn fault_of_arm(&self, arm: &Arm, error: &TrainError) -> StudyError {
        let (key, fault) = if let TrainError::Config { parameter, expected, got } = error {
            let key = match *parameter {
                "the batch size" => "batch_size",
                "the probability of dropout" => "dropout",
                "the place of dropout" => "dropout_place",
                "the initial scale" => "initial_scale",
                "the image size" => "depth",
                _ => "norm",
            };
            let parameter = parameter.trim_start_matches("the ");
            (key, format!("{parameter}: found {got}, expected {expected}"))
        } else {
            // What a file can say otherwise wrong of an arm is that nothing of it is trained.
            ("trains", error.to_string())
        };
        let fault = format!("{}: {fault}", arm.network().name());
        // A part of a network that is not named is the network's.
        let is_named = self.file.settings.iter().any(|setting| setting.axis.key == key);
        let key = if is_named { key } else { "network" };
        if self.file.places.has(key) { self.fault(key, &fault) } else { StudyError::Config(fault) }
    }

    /// The values of the compared axes as the file has them.
    fn given(&self, arm: &Arm) -> String {
        let given = |(axis, value): (&Axis, &str)| format!("{} = {value}", axis.key);
        self.values(arm).into_iter().map(given).collect::<Vec<_>>().join(", ")
    }

    /// The values that the file gives this arm, of the compared axes in their order.
    pub fn values(&self, arm: &Arm) -> Vec<(&'static Axis, &str)> {
        let Some(at) = self.arms.iter().position(|other| other == arm) else {
            return Vec::new();
        };
        let both = self.file.settings.iter().zip(&self.chosen[at]);
        let compared = both.filter(|(setting, _)| setting.is_compared);
        compared.map(|(setting, &chosen)| (setting.axis, setting.values[chosen].as_str())).collect()
    }

    /// Whether one of these axes is compared.
    pub fn compares(&self, keys: &[&str]) -> bool {
        self.compared().any(|axis| keys.contains(&axis.key))
    }

    /// Whether its report has this figure, if there is data for it.
    pub fn shows(&self, figure: &str) -> bool {
        self.file.report.figures.iter().any(|name| name == figure)
    }

    /// The arms, in the order of the file: its first axis changes slowest.
    pub fn arms(&self) -> &[Arm] {
        &self.arms
    }

    /// The seeds.
    pub fn seeds(&self) -> &[u64] {
        &self.file.seeds
    }

    /// Whether it is a quick look.
    pub fn is_quick(&self) -> bool {
        self.file.quick
    }

    /// How many splits the seeds make.
    pub(crate) fn splits(&self) -> u64 {
        let split_varies = self.arms.iter().any(|arm| arm.vary.contains(&Source::Split));
        if split_varies { self.file.seeds.len() as u64 } else { 1 }
    }

    /// What the notebook trains without batch norm, on this data set.
    pub(crate) fn notebook(&self) -> &Arm {
        &self.notebook
    }

    /// Whether runs are validated with other images than a fifth of the data set's.
    pub(crate) fn has_other_validation_images(&self) -> bool {
        let images = self.notebook.data_set().entry().training_images as u64;
        self.validation_images != images - self.notebook.training_images
    }

    /// The images of a run with this arm and seed, by their numbers.
    pub(crate) fn split_facts(&self, arm: &Arm, seed: u64) -> SplitFacts {
        let count = |images: u64| usize::try_from(images).unwrap_or(usize::MAX);
        SplitFacts {
            training_images: count(arm.training_images),
            validation_images: count(self.validation_images),
            seed: arm.seed_of_split(seed),
        }
    }

    /// The images of a run with this arm and seed, as positions in the data set.
    pub fn split(&self, arm: &Arm, seed: u64) -> Split {
        let images = arm.data_set().entry().training_images;
        let count = |images: u64| usize::try_from(images).unwrap_or(usize::MAX);
        Split::four_fifths_of(images, arm.seed_of_split(seed))
            .truncated(count(arm.training_images), count(self.validation_images))
    }

    /// The axes that make arms.
    pub fn compared(&self) -> impl Iterator<Item = &'static Axis> {
        self.file.settings.iter().filter(|setting| setting.is_compared).map(|setting| setting.axis)
    }

    /// The columns of tables that tell arms apart, and what they hold for this arm.
    pub fn columns(&self, arm: &Arm) -> Vec<(&'static str, String)> {
        self.compared().map(|axis| (axis.key, (axis.text)(arm))).collect()
    }

    /// The networks, each once, in the order of the arms.
    pub fn networks(&self) -> Vec<&NetworkConfig> {
        let mut networks: Vec<&NetworkConfig> = Vec::new();
        for arm in &self.arms {
            if !networks.contains(&arm.network()) {
                networks.push(arm.network());
            }
        }
        networks
    }

    /// What is compared with several values, in the order of the file; what a seed changes comes last, since
    /// arms are held against each other by anything else.
    fn varied(&self) -> impl Iterator<Item = &AxisValues> {
        let settings = self.file.settings.iter();
        let varied = settings.filter(|setting| setting.is_compared && setting.values.len() > 1);
        let (last, first): (Vec<_>, Vec<_>) = varied.partition(|setting| *setting.axis == *VARY);
        first.into_iter().chain(last)
    }

    /// The arms in groups. Those of a group differ in the first axis that the study compares, and the
    /// one with its first value, the baseline, comes first, unless it is left out.
    pub fn groups(&self) -> Vec<Vec<Arm>> {
        let first = self.varied().next().map(|setting| setting.axis);
        let mut groups: Vec<(Vec<&str>, Vec<Arm>)> = Vec::new();
        for arm in &self.arms {
            let others = self.values(arm).into_iter().filter(|(axis, _)| Some(*axis) != first);
            let others: Vec<&str> = others.map(|(_, value)| value).collect();
            match groups.iter_mut().find(|(known, _)| *known == others) {
                Some((_, group)) => group.push(arm.clone()),
                None => groups.push((others, vec![arm.clone()])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Whether arms of a group are held against their baseline: those that differ in what a seed changes
    /// are not, since their means say nothing.
    pub fn compares_arms(&self) -> bool {
        self.varied().next().is_some_and(|first| first.axis != VARY)
    }

    /// The place of the arm's value among those of the first axis that the study compares: 0 for the
    /// baseline, and for every arm if it compares nothing.
    pub fn place(&self, arm: &Arm) -> usize {
        let Some(first) = self.varied().next() else { return 0 };
        let values = self.values(arm);
        let own = values.iter().find(|(axis, _)| *axis == first.axis).map(|(_, value)| *value);
        first.values.iter().position(|value| Some(value.as_str()) == own).unwrap_or_default()
    }

    /// What tells an arm apart from the others of its group, in words, such as `batch norm`; the name of
    /// its network if the study compares nothing.
    pub fn name(&self, arm: &Arm) -> String {
        match self.varied().next() {
            Some(first) => (first.axis.label)(arm),
            None => arm.network().name().into_owned(),
        }
    }

    /// What the arms of a group have in common of what the study compares, in words, such as
    /// `head frozen`; empty if there is one group.
    pub fn label_of_group(&self, arm: &Arm) -> String {
        let others = self.varied().skip(1).map(|setting| (setting.axis.label)(arm));
        others.collect::<Vec<_>>().join(", ")
    }

    /// The arm in words, such as `batch norm, head frozen`.
    pub fn label(&self, arm: &Arm) -> String {
        let (name, group) = (self.name(arm), self.label_of_group(arm));
        if group.is_empty() { name } else { format!("{name}, {group}") }
    }

    /// Whether the primary outcome of each seed is a share of other images; nothing if that is so in some arms
    /// alone.
    pub fn validates_on_other_images(&self) -> Option<bool> {
        if self.file.report.primary != PrimaryOutcome::ValidationAccuracy {
            return Some(false);
        }
        match self.each(|arm| arm.vary.contains(&Source::Split)).as_slice() {
            [all] => Some(*all),
            _ => None,
        }
    }

    /// The data sets, each once, in the order of the arms.
    pub fn data_sets(&self) -> Vec<DataSet> {
        self.each(Arm::data_set)
    }

    /// The names of the data sets.
    pub fn data_sets_in_words(&self) -> String {
        let names: Vec<&str> = self.data_sets().into_iter().map(DataSet::name).collect();
        names.join(" and ")
    }

    /// The most epochs of any arm.
    pub fn last_epoch(&self) -> u64 {
        self.arms.iter().map(|arm| arm.run.epochs).max().unwrap_or_default()
    }

    /// The most optimiser steps of any arm.
    pub fn last_step(&self) -> u64 {
        self.arms.iter().map(Arm::steps).max().unwrap_or_default()
    }

    /// What the arms have of something, each once, in their order.
    pub fn each<T: PartialEq>(&self, of: impl Fn(&Arm) -> T) -> Vec<T> {
        let mut found = Vec::new();
        for value in self.arms.iter().map(of) {
            if !found.contains(&value) {
                found.push(value);
            }
        }
        found
    }

    /// The accuracy of guessing.
    pub fn chance(&self) -> f64 {
        1.0 / self.notebook.data_set().entry().class_names.len() as f64
    }
}

#[cfg(test)]
mod tests;
