//! The axes: what a study may vary. An axis is a file of its own and a line in the list below.

mod batch_size;
mod definition;
mod epochs;
mod head;
mod learning_rate;
mod network;

use serde::{Deserialize, Serialize};
use trainer::dataset::{DataSet, DataSetContents};
use trainer::network::{NetworkConfig, preset};
use trainer::optimizer::{AdamConfig, OptimizerConfig};
use trainer::run::RunConfig;
use trainer::{Seeds, TrainError, Trains};

pub use batch_size::BatchSize;
pub(crate) use definition::expect_count;
pub use definition::{Axis, Listed, Values};
pub use epochs::Epochs;
pub use head::Head;
pub use learning_rate::LearningRate;

/// An axis as the command line needs to know it.
#[derive(Debug)]
pub struct AxisOption {
    /// The name of the option, without dashes.
    pub flag: &'static str,
    /// What a value is called in its help.
    pub value_name: &'static str,
    /// The help.
    pub help: &'static str,
    /// Whether tables and sentences show the axis even where a study compares a single value of it.
    pub always_shown: bool,
    /// All values with the help of each, where there are only a few.
    pub choices: fn() -> Vec<(&'static str, &'static str)>,
    /// What is wrong with a text that is no value: what was expected.
    pub check: fn(&str) -> Result<(), String>,
}

/// The value of this text, if a study can have it.
fn parse<A: Axis>(text: &str) -> Result<A, String> {
    let value = A::parse(text)?;
    value.check().map(|()| value)
}

macro_rules! axes {
    ($($(#[$doc:meta])* $axis:ident in $key:ident: $kind:ty,)*) => {
        /// Everything that distinguishes two runs of a study but the seed.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Arm {
            $($(#[$doc])* pub $axis: $kind,)*
        }

        /// The values that a study compares, each combination of which is an arm.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Grid {
            $($(#[$doc])* pub $axis: Values<$kind>,)*
        }

        /// All axes, in their order on the command line.
        pub static AXES: &[AxisOption] = &[$(AxisOption {
            flag: <$kind>::FLAG,
            value_name: <$kind>::VALUE_NAME,
            help: <$kind>::HELP,
            always_shown: <$kind>::ALWAYS_SHOWN,
            choices: <$kind>::choices,
            check: |text| parse::<$kind>(text).map(|_| ()),
        }),*];

        impl Arm {
            /// Whether runs of this arm train as those behind the published figures did.
            pub fn is_as_published(&self) -> bool {
                $(self.$axis.is_as_published())&&*
            }

            fn apply(&self, run: &mut RunConfig) -> Result<(), TrainError> {
                $(self.$axis.apply(run)?;)*
                Ok(())
            }
        }

        impl Grid {
            /// The values of the notebook's own study.
            pub fn notebook(quick: bool) -> Self {
                Self { $($axis: <$kind>::default_values(quick).into(),)* }
            }

            /// Gives the axis of this option these values.
            ///
            /// # Errors
            ///
            /// What is expected of a text that is no value of the axis, with the text.
            pub fn set(&mut self, flag: &str, texts: &[String]) -> Result<(), String> {
                $(if flag == <$kind>::FLAG {
                    let values = texts.iter().map(|text| {
                        parse(text).map_err(|expected| format!("found {text}, expected {expected}"))
                    });
                    self.$axis = values.collect::<Result<Vec<$kind>, String>>()?.into();
                    return Ok(());
                })*
                Err(format!("found the axis {flag}, expected one of the list"))
            }

            /// The options of the command line that give these values.
            pub fn options(&self) -> Vec<(&'static str, String)> {
                vec![$((<$kind>::FLAG, self.$axis.arguments())),*]
            }

            /// Every combination of values. The first axis changes slowest.
            pub fn arms(&self) -> Vec<Arm> {
                let first = || Some(Arm { $($axis: self.$axis.first()?.clone(),)* });
                let mut arms: Vec<Arm> = first().into_iter().collect();
                $(arms = arms
                    .iter()
                    .flat_map(|arm| {
                        let with = |value: &$kind| Arm { $axis: value.clone(), ..arm.clone() };
                        self.$axis.iter().map(with).collect::<Vec<_>>()
                    })
                    .collect();)*
                arms
            }

            /// The columns of tables that tell arms apart, and what they hold for this arm.
            pub fn cells(&self, arm: &Arm) -> Vec<(&'static str, String)> {
                let mut cells = Vec::new();
                $(if self.$axis.are_shown() {
                    cells.push((<$kind>::NAME, arm.$axis.text()));
                })*
                cells
            }

            /// What tells the arm apart, in words, such as `["SimpleNetwork", "head frozen"]`.
            pub fn labels(&self, arm: &Arm) -> Vec<String> {
                let mut labels = Vec::new();
                $(if self.$axis.are_shown() {
                    labels.push(arm.$axis.label());
                })*
                labels
            }

            /// Whether a study can have these values: of each axis at least one, each once, and none
            /// that is out of range. The error begins with the name of the axis, from its option and its
            /// key in `study.toml`.
            pub(crate) fn check(
                &self,
                name: impl Fn(&'static str, &'static str) -> String,
            ) -> Result<(), String> {
                $(check_values(&name(<$kind>::FLAG, <$kind>::KEY), &self.$axis)?;)*
                Ok(())
            }
        }
    };
}

/// Refuses values of an axis that no study can have.
fn check_values<A: Axis>(name: &str, values: &[A]) -> Result<(), String> {
    expect_distinct(name, &values.iter().map(A::text).collect::<Vec<_>>())?;
    for value in values {
        value
            .check()
            .map_err(|expected| format!("{name}: found {}, expected {expected}", value.text()))?;
    }
    Ok(())
}

/// Refuses an empty list and one with a value twice. The error begins with `name`.
pub(crate) fn expect_distinct<T: PartialEq + std::fmt::Display>(
    name: &str,
    values: &[T],
) -> Result<(), String> {
    if values.is_empty() {
        return Err(format!("{name}: found none, expected at least one"));
    }
    match values.iter().enumerate().find(|(index, value)| values[..*index].contains(value)) {
        Some((_, value)) => Err(format!("{name}: found {value} twice, expected each once")),
        None => Ok(()),
    }
}

/// `study.toml`, flat: its keys in order.
macro_rules! study_file {
    ({$($(#[$doc:meta])* $axis:ident in $key:ident: $kind:ty,)*}
     {$($(#[$other_doc:meta])* $other:ident in $other_key:ident: $other_kind:ty,)*}) => {
        /// The file `study.toml`: a key per axis, and what all runs have in common.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct StudyFile {
            pub(crate) data_set: DataSet,
            pub(crate) quick: bool,
            $($key: Values<$kind>,)*
            pub(crate) seeds: Vec<u64>,
            $(#[serde(default, skip_serializing_if = "Values::are_implied")]
            $other_key: Values<$other_kind>,)*
            pub(crate) training_images: u64,
            pub(crate) validation_images: u64,
            pub(crate) test_images: u64,
            pub(crate) steps_per_epoch: u64,
        }

        impl From<StudyFile> for Grid {
            fn from(file: StudyFile) -> Self {
                Self { $($axis: file.$key,)* $($other: file.$other_key,)* }
            }
        }

        impl StudyFile {
            pub(crate) fn new(
                data_set: DataSet,
                quick: bool,
                grid: Grid,
                seeds: Vec<u64>,
                [training_images, validation_images, test_images]: [u64; 3],
                steps_per_epoch: u64,
            ) -> Self {
                Self {
                    data_set,
                    quick,
                    $($key: grid.$axis,)*
                    seeds,
                    $($other_key: grid.$other,)*
                    training_images,
                    validation_images,
                    test_images,
                    steps_per_epoch,
                }
            }
        }
    };
}

macro_rules! listed {
    ($shown:literal: $($(#[$doc:meta])* $axis:ident in $key:ident: $kind:ty,)*) => {
        $(impl Listed for $kind {
            const NAME: &'static str = stringify!($axis);
            const KEY: &'static str = stringify!($key);
            const ALWAYS_SHOWN: bool = $shown;
        })*
    };
}

macro_rules! list {
    (always shown: {$($shown:tt)*} shown where several are compared: {$($other:tt)*}) => {
        listed! { true: $($shown)* }
        listed! { false: $($other)* }
        axes! { $($shown)* $($other)* }
        study_file! { {$($shown)*} {$($other)*} }
    };
}

// The list. The name of an axis is its field and its column; the name after `in` is its key in
// `study.toml`. The order is that of keys, columns, sentences and options.
list! {
    always shown: {
        /// What is trained.
        network in networks: NetworkConfig,
        /// Whether the linear head is trained too.
        head in heads: Head,
    }
    shown where several are compared: {
        /// Passes over the training images.
        epochs in epochs: Epochs,
        /// Images of a batch.
        batch_size in batch_size: BatchSize,
        /// The optimiser's learning rate.
        learning_rate in learning_rate: LearningRate,
    }
}

impl Arm {
    /// The run of this arm with this seed: the notebook's, changed by each axis.
    pub(crate) fn run(
        &self,
        seed: u64,
        data_set: DataSetContents,
        observations_per_epoch: u64,
    ) -> Result<RunConfig, TrainError> {
        let mut run = RunConfig {
            network: preset::SIMPLE_NETWORK.config.clone(),
            trains: Trains::HeadFrozen,
            seeds: Seeds::both(seed),
            epochs: Epochs::NOTEBOOK.0,
            batch_size: BatchSize::NOTEBOOK.0 as usize,
            optimizer: AdamConfig::new(LearningRate::NOTEBOOK.0)?.into(),
            observations_per_epoch,
            data_set,
        };
        self.apply(&mut run)?;
        Ok(run)
    }

    /// The optimiser of this arm's runs.
    pub(crate) fn optimizer(&self) -> Result<OptimizerConfig, TrainError> {
        self.run(0, DataSetContents::known_by_name_alone(""), 0).map(|run| run.optimizer)
    }

    /// Whether the two differ in the network at most: runs that one panel of a figure compares.
    pub fn differs_in_network_only(&self, other: &Self) -> bool {
        let same = Self { network: self.network.clone(), ..other.clone() };
        *self == same
    }
}
