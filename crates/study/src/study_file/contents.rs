//! What a study's file says.

use trainer::dataset::DataSet;

use super::axis_values::AxisValues;
use super::left_out::{self, LeftOut, once_each};
use super::places::Places;
use crate::arm::Arm;
use crate::axis::{AXES, Axis, DATA_SET, EPOCHS, NETWORK, TRAINING_IMAGES, YOUNGER, place};

/// Batches of an epoch in a quick look.
const QUICK_STEPS: u64 = 60;

/// Epochs of a quick look.
const QUICK_EPOCHS: u64 = 3;

/// Validation images, and test images, of a quick look.
const QUICK_IMAGES: u64 = 1_000;

/// A study as its file says it.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyFile {
    /// What the study is called.
    pub title: String,
    /// What it asks, in a sentence; empty if the file does not say it.
    pub question: String,
    /// Whether it is a quick look.
    pub quick: bool,
    /// The axes that the file names, in its order.
    pub settings: Vec<AxisValues>,
    /// The combinations of values that make no arm.
    pub left_out: Vec<LeftOut>,
    /// The images to validate with after each epoch; none for a fifth of the data set's.
    pub validation_images: Option<u64>,
    /// The images to test with; none for all.
    pub test_images: Option<u64>,
    /// The seeds, each of which every arm is trained with.
    pub seeds: Vec<u64>,
    /// What is reported.
    pub report: ReportPlan,
    /// What was published of the same question.
    pub paper: Option<Paper>,
    /// Where all this stands, for messages.
    pub(crate) places: Places,
}

/// A paper whose question the study asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Authors, title and year.
    pub citation: String,
    /// What it found, in sentences.
    pub found: String,
}

/// What a study reports.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportPlan {
    /// The outcome that was chosen before the training.
    pub primary: PrimaryOutcome,
    /// The figures, in order.
    pub figures: Vec<String>,
    /// How p-values account for the number of comparisons.
    pub family: Family,
    /// The axis of which each combination of the others is shown at its best value; none for most studies.
    pub best_over: Option<&'static Axis>,
}

/// An outcome of a run that a study can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrimaryOutcome {
    /// Validation accuracy after the last epoch.
    ValidationAccuracy,
    /// Accuracy on the test images after the last epoch.
    TestAccuracy,
}

impl PrimaryOutcome {
    /// Every outcome.
    pub const ALL: [Self; 2] = [Self::ValidationAccuracy, Self::TestAccuracy];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::ValidationAccuracy => "validation accuracy after the last epoch",
            Self::TestAccuracy => "test accuracy after the last epoch",
        }
    }
}

/// How p-values account for the number of comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// All comparisons of the study are one family, and Holm's method adjusts its p-values.
    Holm,
    /// Each comparison stands for itself.
    None,
}

impl Family {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Holm, Self::None];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holm => "holm",
            Self::None => "none",
        }
    }
}

impl StudyFile {
    /// The data sets that the file names; none for the one that is at hand.
    pub fn data_sets(&self) -> Vec<DataSet> {
        let named = self.settings.iter().filter(|setting| *setting.axis == *DATA_SET);
        let values = named.flat_map(|setting| &setting.values);
        let of =
            |value: &String| DataSet::ALL.iter().copied().find(|set| set.entry().argument == value);
        values.filter_map(of).collect()
    }

    /// Gives an axis these values in the place of those of the file. Several values are compared. A
    /// network brings its own norm, activation and dropout: with it those of the file go, so that
    /// [`Self::set`] of these comes after.
    pub fn set(&mut self, axis: &'static Axis, values: Vec<String>) {
        let is_compared = values.len() > 1;
        let setting = AxisValues { axis, values, is_compared };
        let replaces = |known: &AxisValues| {
            known.axis == axis || *axis == *NETWORK && known.axis.is_of_network
        };
        // In the place of what it replaces: the first axis is what arms are compared by.
        let place =
            self.settings.iter().position(replaces).unwrap_or_else(|| self.place_of_new(axis));
        self.settings.iter().filter(|known| replaces(known)).for_each(|known| {
            self.places.forget(known.axis.key);
        });
        self.settings.retain(|known| !replaces(known));
        self.settings.insert(place.min(self.settings.len()), setting);
    }

    /// Where [`Self::set`] puts an axis that the file does not have: at the end, unless it belongs to a network
    /// that stands first. That network took the place of the axis by which arms were compared, such as the norm,
    /// and what is given of it comes right after it.
    fn place_of_new(&self, axis: &Axis) -> usize {
        let is_first = |first: &AxisValues| *first.axis == *NETWORK && !first.is_compared;
        if !(axis.is_of_network && self.settings.first().is_some_and(is_first)) {
            return self.settings.len();
        }
        let behind = self.settings[1..].iter();
        1 + behind.take_while(|known| known.axis.is_of_network).count()
    }

    /// Gives the study these seeds in the place of those of the file.
    pub fn set_seeds(&mut self, seeds: Vec<u64>) {
        self.seeds = seeds;
        self.places.forget("seeds");
    }

    /// Turns the study into a quick look at its first seed.
    pub fn look_quickly(&mut self) {
        self.quick = true;
        self.seeds.truncate(1);
    }

    /// Limits a quick look to at most 3 epochs of 60 of the smallest batches, or one of the largest where that
    /// has more images, and to at most 1,000 images to validate and to test with.
    ///
    /// # Errors
    ///
    /// What is expected instead of a value of an axis.
    pub(crate) fn limit_quick_look(&mut self, notebook: &Arm) -> Result<(), String> {
        for images in [&mut self.validation_images, &mut self.test_images] {
            *images = Some(images.map_or(QUICK_IMAGES, |given| given.min(QUICK_IMAGES)));
        }
        let arms = self.arms(notebook)?;
        let sizes = || arms.iter().map(|given| given.arm.batch_size());
        let smallest = sizes().min().unwrap_or_default();
        let images = smallest.saturating_mul(QUICK_STEPS).max(sizes().max().unwrap_or_default());
        let images = notebook.training_images.min(images);
        self.limit(EPOCHS, QUICK_EPOCHS);
        self.limit(TRAINING_IMAGES, images);
        Ok(())
    }

    /// Gives an axis of counts no value above this one.
    fn limit(&mut self, axis: &'static Axis, most: u64) {
        let known = self.settings.iter().position(|setting| setting.axis == axis);
        let Some(at) = known else {
            self.set(axis, vec![most.to_string()]);
            return;
        };
        let limited = |value: &String| {
            let is_above = value.parse().is_ok_and(|count: u64| count > most);
            if is_above { most.to_string() } else { value.clone() }
        };
        let setting = &mut self.settings[at];
        for left_out in &mut self.left_out {
            left_out.change(axis, &setting.values, limited);
        }
        setting.values = once_each(setting.values.iter().map(limited));
    }

    /// Names every axis but the younger ones: those that are compared in their order, then the others with
    /// one value each, which is the notebook's where the file does not name it. A part of a network that the
    /// file does not name is that of the network.
    pub(crate) fn complete(&mut self, notebook: &Arm) {
        let (mut complete, fixed): (Vec<AxisValues>, Vec<AxisValues>) =
            self.settings.drain(..).partition(|setting| setting.is_compared);
        for &axis in AXES {
            if complete.iter().any(|setting| setting.axis == axis) {
                continue;
            }
            let known = fixed.iter().find(|setting| setting.axis == axis);
            if let Some(setting) = known {
                complete.push(setting.clone());
            } else if axis == NETWORK || !axis.is_of_network && !YOUNGER.contains(&axis) {
                let values = vec![(axis.text)(notebook)];
                complete.push(AxisValues { axis, values, is_compared: false });
            }
        }
        self.settings = complete;
        let left_out = self.left_out.drain(..);
        self.left_out = left_out.filter_map(|one| one.among(&self.settings)).collect();
    }

    /// What is wrong with the value of a key, after its line, if the value is of a file, and the key.
    pub(crate) fn fault(&self, key: &str, fault: &str) -> String {
        format!("{}: {fault}", self.places.name(key))
    }

    /// Every combination of values that is not left out, applied to the notebook's arm. The first axis of
    /// the file changes slowest.
    ///
    /// # Errors
    ///
    /// The name of the axis, what was found and what is expected.
    pub(crate) fn arms(&self, notebook: &Arm) -> Result<Vec<GivenArm>, String> {
        let mut choices: Vec<Vec<usize>> = vec![vec![]];
        for setting in &self.settings {
            let chosen = |chosen: Vec<usize>| {
                (0..setting.values.len()).map(move |at| [chosen.as_slice(), &[at]].concat())
            };
            choices = choices.into_iter().flat_map(chosen).collect();
        }
        choices.retain(|chosen| {
            let value = |axis: &Axis| {
                let at = self.settings.iter().position(|setting| setting.axis == axis)?;
                Some(self.settings[at].values[chosen[at]].as_str())
            };
            !self.left_out.iter().any(|left_out| left_out.holds(value))
        });
        if choices.is_empty() {
            let fault = "found every combination, expected at least one that is left";
            return Err(self.fault(left_out::KEY, fault));
        }
        // Whatever the order in the file, a network is set before what changes a part of it.
        let mut order: Vec<usize> = (0..self.settings.len()).collect();
        order.sort_by_key(|&at| place(self.settings[at].axis));
        let arm = |chosen: Vec<usize>| {
            let mut arm = notebook.clone();
            for &at in &order {
                let AxisValues { axis, values, .. } = &self.settings[at];
                let value = &values[chosen[at]];
                (axis.set)(&mut arm, value).map_err(|expected| {
                    self.fault(axis.key, &format!("found {value}, expected {expected}"))
                })?;
            }
            Ok(GivenArm { arm, chosen })
        };
        choices.into_iter().map(arm).collect()
    }
}

/// An arm with what the file gives it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GivenArm {
    pub(crate) arm: Arm,
    /// Which value it has of each axis of the file.
    pub(crate) chosen: Vec<usize>,
}
